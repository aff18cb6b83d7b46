// What is counted of following the cluster: CoreDNS's metrics, and ours.
import { counter, gauge, histogram } from '../metrics.ts'
import { kindNames } from './kinds.ts'
import type { Service } from './service.ts'
import type { Kind } from './store.ts'

/** The buckets that Prometheus's client for Go has by default, seconds. */
const restBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Seconds, 1 ms to 17 minutes. */
const programmingBuckets = Array.from({ length: 20 }, (_, power) => 0.001 * 2 ** power)

const programming = histogram(
  'coredns_kubernetes_dns_programming_duration_seconds',
  'Histogram of the time (in seconds) it took to program a dns instance.',
  ['service_kind'],
  programmingBuckets,
)
const restDurations = histogram(
  'coredns_kubernetes_rest_client_request_duration_seconds',
  'Request latency in seconds. Broken down by verb and host.',
  ['verb', 'host'],
  restBuckets,
)
const restWaits = histogram(
  'coredns_kubernetes_rest_client_rate_limiter_duration_seconds',
  'Client side rate limiter latency in seconds. Broken down by verb and host.',
  ['verb', 'host'],
  restBuckets,
)
const restRequests = counter(
  'coredns_kubernetes_rest_client_requests_total',
  'Number of HTTP requests, partitioned by status code, method, and host.',
  ['code', 'method', 'host'],
)

const events = counter('clusterdns_kubernetes_events_total', 'Counter of events of watches, after the list.', [
  'kind',
  'type',
])
const relists = counter('clusterdns_kubernetes_relists_total', 'Counter of lists that became necessary again.', [
  'kind',
  'reason',
])
const objects = gauge('clusterdns_kubernetes_objects', 'The number of objects that are known.', ['kind'])
const staleness = gauge(
  'clusterdns_kubernetes_staleness_seconds',
  'Time since the API server was in touch, 0 while it is.',
  ['kind'],
)
const watchAge = gauge(
  'clusterdns_kubernetes_watch_age_seconds',
  'Time for which the watch has stood, 0 without one.',
  ['kind'],
)
const silence = gauge('clusterdns_kubernetes_silence_seconds', 'Time since the watch last said anything.', ['kind'])

/** Why everything was listed again: see docs/plugins/kubernetes.md. */
export type RelistReason = 'expired' | 'rewound' | 'gap' | 'malformed' | 'barren' | 'periodic'

const eventTypes: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'])

/** `type` as the API has it; any other counts as `other`. */
export function countEvent(kind: Kind, type: unknown): void {
  events.with(kind, eventTypes.has(type as string) ? (type as string).toLowerCase() : 'other').inc()
}

export function countRelist(kind: Kind, reason: RelistReason): void {
  relists.with(kind, reason).inc()
}

/** Milliseconds from the change that brought an endpoint slice about to the moment its service's name knows of it. */
export function countProgramming(service: Service, milliseconds: number): void {
  const kind = service.headless
    ? service.selects
      ? 'headless_with_selector'
      : 'headless_without_selector'
    : 'cluster_ip'
  programming.with(kind).observe(Math.max(0, milliseconds) / 1000)
}

/** A request has been answered with a status, or with none: undefined. */
export function countRequest(host: string, status: number | undefined): void {
  restRequests.with(status === undefined ? '<error>' : String(status), 'GET', host).inc()
}

/** The answer to a request that isn't a watch was whole after so many milliseconds. Nothing here limits rates: none waited for its turn. */
export function countRequestTime(host: string, milliseconds: number): void {
  restWaits.with('GET', host).observe(0)
  restDurations.with('GET', host).observe(milliseconds / 1000)
}

/** How it stands with one kind; times in ms. */
export interface KindState {
  readonly objects: number
  readonly staleness: number
  readonly watchAge: number
  readonly silence: number
}

/** Something that follows kinds; of several that follow one, the worst is shown, and the sum of their objects. */
export type Follower = () => ReadonlyMap<Kind, KindState>

const followers = new Set<Follower>()
let timer: NodeJS.Timeout | undefined
const everyMs = 1000

/** Shows what the follower says, from now on until the signal is aborted. */
export function showFollower(follower: Follower, signal: AbortSignal): void {
  if (signal.aborted) return
  followers.add(follower)
  timer ??= setInterval(show, everyMs).unref()
  signal.addEventListener('abort', () => {
    followers.delete(follower)
    show()
    if (followers.size > 0) return
    clearInterval(timer)
    timer = undefined
  })
  show()
}

function show(): void {
  const states = [...followers].map((follower) => follower())
  for (const kind of kindNames) {
    const those = states.flatMap((state) => state.get(kind) ?? [])
    if (those.length === 0) {
      for (const metric of [objects, staleness, watchAge, silence]) metric.remove(kind)
      continue
    }
    objects.with(kind).set(those.reduce((sum, state) => sum + state.objects, 0))
    staleness.with(kind).set(Math.max(...those.map((state) => state.staleness)) / 1000)
    watchAge.with(kind).set(Math.min(...those.map((state) => state.watchAge)) / 1000)
    silence.with(kind).set(Math.max(...those.map((state) => state.silence)) / 1000)
  }
}
