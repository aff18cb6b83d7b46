// `whoami`: answers with the client's own address, port and transport.
import { readNothing } from '../corefile/read-block.ts'
import { Type } from '../dns/codes.ts'
import { maxName, prepend, root } from '../dns/name.ts'
import type { Query } from '../dns/query.ts'
import { addressType, encodeAddress, encodeSrv } from '../dns/rdata.ts'
import { reply } from '../dns/reply.ts'
import type { Rrset } from '../dns/rrset.ts'
import type { Plugin } from '../plugin.ts'

export const whoami: Plugin<null> = {
  name: 'whoami',

  /** Of several directives only the first is read, as in CoreDNS. */
  parse([directive]) {
    if (directive !== undefined) readNothing(directive)
    return null
  },

  handler() {
    return (query) => {
      const additional = [addressOf(query), ...portOf(query)]
      return reply({ authoritative: true, additional, plugin: 'whoami' })
    }
  },
}

function addressOf({ asked, class: klass, client }: Query): Rrset {
  const { address } = client
  return { owner: asked, type: addressType(address), class: klass, ttl: 0, rdatas: [encodeAddress(address)] }
}

/** An SRV record under `_udp.` or `_tcp.`; none where the name is too long to be put under it. */
function portOf({ asked, class: klass, client }: Query): Rrset[] {
  const label = client.transport === 'udp' ? '_udp' : '_tcp'
  if (asked.length + label.length + 1 > maxName) return []
  const rdata = encodeSrv({ priority: 0, weight: 0, port: client.port, target: root })
  return [{ owner: prepend([label], asked), type: Type.SRV, class: klass, ttl: 0, rdatas: [rdata] }]
}
