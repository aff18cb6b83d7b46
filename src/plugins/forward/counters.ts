// What is counted of forwarding, under CoreDNS's names.
import { type Counter, counter, durationBuckets, histogram } from '../../metrics.ts'

/** What CoreDNS calls the ways to an upstream. */
export type ProtocolLabel = 'udp' | 'tcp' | 'tcp-tls' | 'https'

/** CoreDNS's label `proxy_name`. */
const proxy = 'forward'

const families = {
  broken: counter(
    'coredns_forward_healthcheck_broken_total',
    'Counter of the number of complete failures of the healthchecks.',
    [],
  ),
  rejects: counter(
    'coredns_forward_max_concurrent_rejects_total',
    'Counter of the number of queries rejected because the concurrent queries were at maximum.',
    [],
  ),
  durations: histogram(
    'coredns_proxy_request_duration_seconds',
    'Histogram of the time each request took.',
    ['proxy_name', 'to', 'rcode'],
    durationBuckets,
  ),
  probes: counter('coredns_proxy_healthcheck_failures_total', 'Counter of the number of failed healthchecks.', [
    'proxy_name',
    'to',
  ]),
  hits: counter('coredns_proxy_conn_cache_hits_total', 'Counter of connection cache hits per upstream and protocol.', [
    'proxy_name',
    'to',
    'proto',
  ]),
  misses: counter(
    'coredns_proxy_conn_cache_misses_total',
    'Counter of connection cache misses per upstream and protocol.',
    ['proxy_name', 'to', 'proto'],
  ),
}

/** Questions for which no upstream was up. */
export const countBroken = (): void => families.broken.with().inc()
/** Questions refused because too many were being forwarded. */
export const countReject = (): void => families.rejects.with().inc()

/** Of one upstream, `to` being its address and port. */
export interface UpstreamCounters {
  /** Seconds from a question to its reply. */
  observe(rcode: string, seconds: number): void
  probeFailed(): void
  /** Was there a socket or connection for the question, or had one to be opened? */
  taken(protocol: ProtocolLabel, isReused: boolean): void
}

export function countersOf(to: string): UpstreamCounters {
  const taken = new Map<string, Counter>()
  return {
    observe: (rcode, seconds) => families.durations.with(proxy, to, rcode).observe(seconds),
    probeFailed: () => families.probes.with(proxy, to).inc(),
    taken: (protocol, isReused) => {
      const key = `${protocol} ${isReused}`
      let found = taken.get(key)
      if (found === undefined) {
        found = (isReused ? families.hits : families.misses).with(proxy, to, protocol)
        taken.set(key, found)
      }
      found.inc()
    },
  }
}
