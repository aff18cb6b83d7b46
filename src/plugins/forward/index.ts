// `forward`: passes questions on to other servers, by UDP, TCP, TLS or HTTPS, and their replies back.
import { receiveMessageOnPort } from 'node:worker_threads'
import { originOf, type Query } from '../../dns/query.ts'
import type { Plugin } from '../../plugin.ts'
import type { Destination } from './destination.ts'
import { askInTurn, Forwarder } from './forwarder.ts'
import { resolveNames } from './hostname.ts'
import { suspectUpstreams } from './self.ts'
import { parseStanza, type Stanza } from './stanza.ts'

/** Which upstream a question was answered by, for logs; by the question's origin. */
const answeredBy = new WeakMap<Query, string>()

const hasNames = ({ to }: Stanza): boolean => to.some(({ isName }) => isName)

export const forward: Plugin<readonly Stanza[]> = {
  name: 'forward',
  otherClasses: true,

  /** Reads the files of name servers and of TLS that the directives name: as they now are. */
  parse(directives) {
    return directives.map(parseStanza)
  },

  async background(stanzas, { keys, log }) {
    const { networkInterfaces } = await import('node:os')
    const own = new Set(
      Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
    )
    const resolved = await Promise.all(stanzas.map(resolveNames))
    for (const [at, stanza] of stanzas.entries()) {
      for (const warning of [...stanza.warnings, ...suspectUpstreams(resolved[at] ?? [], keys, own)])
        log.warning(warning)
    }
    if (!stanzas.some(hasNames)) return {}
    // A reload that finds other addresses is another feed.
    return { feed: { key: `forward ${JSON.stringify(resolved)}`, open: (port) => port.postMessage(resolved) } }
  },

  handler(stanzas, { feed, workers, signal }) {
    // Posted before this worker was told of the configuration, so it is here.
    const resolved = stanzas.some(hasNames)
      ? feed((port) => receiveMessageOnPort(port)?.message as readonly (readonly Destination[])[])
      : stanzas.map(({ to }) => to)
    const forwarders = stanzas.map((stanza, at) => new Forwarder(stanza, resolved[at] ?? [], workers))
    const end = () => {
      for (const forwarder of forwarders) forwarder.end()
    }
    signal.addEventListener('abort', end, { once: true })
    return askInTurn(forwarders, (query, upstream) => answeredBy.set(originOf(query), upstream))
  },

  offers() {
    return { metadata: (query, key) => (key === 'forward/upstream' ? answeredBy.get(originOf(query)) : undefined) }
  },
}
