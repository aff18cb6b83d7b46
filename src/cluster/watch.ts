// Follows the cluster through its API on the main thread, and feeds every worker what it needs to know of it.
import type { MessagePort } from 'node:worker_threads'
import type { Log } from '../log.ts'
import type { Connection } from './credentials.ts'
import { Feed } from './feed.ts'
import { Freshness, type FreshnessMessage } from './freshness.ts'
import { kindNames } from './kinds.ts'
import { Mirror } from './mirror.ts'
import type { ReflectorTiming } from './reflector.ts'
import type { Kind } from './store.ts'

/** What is watched, and where; plain data. */
export interface ClusterOptions {
  readonly connection: Connection
  /** Others count as synced, and nothing is ever known of them. */
  readonly kinds: readonly Kind[]
  /** For services, endpoint slices and pods, as the API takes it; '' for all. */
  readonly labelSelector: string
  /** For namespaces; '' for all. */
  readonly namespaceSelector: string
  /**
   * Where the whole cluster may not be listed (403), these are watched one by one and taken as existing; none: it is
   * asked for until it may be.
   */
  readonly namespaces?: readonly string[]
  /** Are pods known with their labels, which are longer than all the rest of them? Left out: yes. */
  readonly podLabels?: boolean
  /** A file that keeps what is known for a start while the API server can't be reached; none where it isn't given. */
  readonly snapshot?: string
}

export interface ClusterWatch {
  /** Posts everything that is known and then what changes, in small batches, until the port closes, for `replicaWithFreshness` at its other end. Resolves when that first knows everything known here. */
  feed(port: MessagePort): Promise<void>
  /** Milliseconds since we last knew what the server has of a kind; 0 while we do, and before we ever did. */
  ageOf(kind: Kind): number
  /** The kinds that are not listed yet, or not yet known to every worker that is fed. */
  pending(): readonly Kind[]
  /**
   * Resolves to true once every kind is listed, to false at the time-out; rejects with ConnectionError where the
   * connection can never work.
   */
  started(timeoutMs: number): Promise<boolean>
}

/** Begins at once, and ends with the signal. `timing` is for tests. */
export function watchCluster(
  options: ClusterOptions,
  log: Log,
  signal: AbortSignal,
  timing?: ReflectorTiming,
): ClusterWatch {
  const mirror = new Mirror()
  const feeds = new Set<Feed>()
  const freshness = new Freshness()
  for (const kind of kindNames) if (!options.kinds.includes(kind)) mirror.setSynced(kind)
  // Loaded here, for workers import this file too and need none of it.
  const following = import('./follow.ts').then(({ follow }) =>
    follow(options, { mirror, freshness, log, signal, timing }),
  )
  // Whoever asks whether we have started hears of it.
  following.catch(() => {})
  const end = (): void => {
    for (const feed of feeds) feed.close()
  }
  signal.addEventListener('abort', end, { once: true })
  return {
    feed(port) {
      port.postMessage({ freshness: freshness.buffer } satisfies FreshnessMessage)
      const feed = new Feed(mirror, port)
      feeds.add(feed)
      port.on('close', () => feeds.delete(feed))
      return feed.level
    },
    ageOf: (kind) => freshness.ageOf(kind),
    pending() {
      return options.kinds.filter((kind) => !mirror.synced(kind) || [...feeds].some((feed) => !feed.told(kind)))
    },
    async started(timeoutMs) {
      await following
      return await synced(mirror, timeoutMs, signal)
    },
  }
}

/** Resolves to whether all kinds were synced before the time-out, or before the signal is aborted. */
function synced(mirror: Mirror, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const check = (): void => {
    if (mirror.unsynced().length === 0) resolve(true)
  }
  const unlisten = mirror.listen({ changed() {}, synced: check })
  const timer = setTimeout(() => resolve(false), timeoutMs)
  const stop = (): void => resolve(false)
  signal.addEventListener('abort', stop)
  check()
  return promise.finally(() => {
    unlisten()
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  })
}
