// `loop`: finds out whether what is forwarded comes back, and if so forwards no more, instead of going round in circles.
import { once, readNothing } from '../../corefile/read-block.ts'
import { ExtendedErrorCode, Rcode, Type } from '../../dns/codes.ts'
import { isWithin, printName } from '../../dns/name.ts'
import { errorReply, type Reply } from '../../dns/reply.ts'
import type { Plugin, WorkerContext } from '../../plugin.ts'
import { Lookout } from './lookout.ts'
import { hasRoom, Probe } from './probe.ts'

/** Only the zone of the block's first key is looked at, as in CoreDNS, and only where we can ask it by UDP. */
function probedKey(keys: WorkerContext['keys']) {
  const [key] = keys
  return key?.scheme === 'dns' && hasRoom(key.zone) ? key : undefined
}

export const loop: Plugin<null> = {
  name: 'loop',

  parse(directives) {
    readNothing(once(directives))
    return null
  },

  background(_config, { keys, log, signal }) {
    const key = probedKey(keys)
    if (key === undefined) return {}
    const probe = new Probe(key.zone, key.port, log, signal)
    void probe.run()
    return { feed: { key: probe.key, open: (port) => probe.open(port) } }
  },

  handler(_config, { keys, feed, localAddresses }) {
    const key = probedKey(keys)
    if (key === undefined) return (query, next) => next(query)
    const lookout = feed((port) => new Lookout(port, localAddresses))
    const text = `forwarding loop detected for zone ${printName(key.zone)}: questions forwarded from here come back`
    const loops: Reply = { ...errorReply(Rcode.SERVFAIL, { code: ExtendedErrorCode.OTHER, text }), plugin: 'loop' }
    // hot
    return (query, next) => {
      if (query.type === Type.HINFO && lookout.sees(query)) return next(query)
      return lookout.looping && isWithin(query.name, key.zone) ? loops : next(query)
    }
  },
}
