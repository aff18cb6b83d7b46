// `cache`: keeps replies, each record for its own TTL within bounds, and gives them to those who ask the same.
import { lately } from '../../clock.ts'
import type { Plugin } from '../../plugin.ts'
import { Cache } from './cache.ts'
import { type CacheConfig, parseStanza } from './stanza.ts'

export const cache: Plugin<CacheConfig> = {
  name: 'cache',

  parse: parseStanza,

  handler(config, { log, workers }) {
    const kept = new Cache(config, { log, workers, clock: () => lately() + 1 })
    // hot
    return (query, next) => kept.answer(query, next)
  },
}
