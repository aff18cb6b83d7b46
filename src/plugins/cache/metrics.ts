// What the cache counts, by CoreDNS's names.
import { type Counter, counter, type Gauge, gauge } from '../../metrics.ts'
import type { PartName } from './store.ts'

const labels = ['server', 'zones', 'view'] as const
const typedLabels = ['server', 'type', 'zones', 'view'] as const

const requests = counter('coredns_cache_requests_total', 'The count of cache requests.', labels)
const misses = counter(
  'coredns_cache_misses_total',
  'The count of cache misses. Deprecated, derive misses from cache hits/requests counters.',
  labels,
)
const hits = counter('coredns_cache_hits_total', 'The count of cache hits.', typedLabels)
const entries = gauge('coredns_cache_entries', 'The number of elements in the cache.', typedLabels)
const evictions = counter('coredns_cache_evictions_total', 'The count of cache evictions.', typedLabels)
const prefetches = counter(
  'coredns_cache_prefetch_total',
  'The number of times the cache has prefetched a cached item.',
  labels,
)
const drops = counter(
  'coredns_cache_drops_total',
  'The number responses that are not cached, because the reply is malformed.',
  labels,
)
const servedStale = counter(
  'coredns_cache_served_stale_total',
  'The number of requests served from stale cache entries.',
  labels,
)

/** The counters of one listener. */
export interface CacheMetrics {
  readonly requests: Counter
  readonly misses: Counter
  readonly prefetches: Counter
  readonly servedStale: Counter
  readonly hits: Readonly<Record<PartName, Counter>>
  readonly entries: Readonly<Record<PartName, Gauge>>
  readonly evictions: Readonly<Record<PartName, Counter>>
}

/** `zones`: as a list with commas; `view`: that of the cache's server block, '' where it is none. */
export function cacheMetrics(server: string, zones: string, view: string): CacheMetrics {
  const ofBoth = <Metric>(family: { with(...values: [string, string, string, string]): Metric }) => ({
    success: family.with(server, 'success', zones, view),
    denial: family.with(server, 'denial', zones, view),
  })
  // Shown, and always 0: what doesn't answer its question doesn't get this far.
  drops.with(server, zones, view)
  return {
    requests: requests.with(server, zones, view),
    misses: misses.with(server, zones, view),
    prefetches: prefetches.with(server, zones, view),
    servedStale: servedStale.with(server, zones, view),
    hits: ofBoth(hits),
    entries: ofBoth(entries),
    evictions: ofBoth(evictions),
  }
}
