// Since when the API server tells us nothing of a kind, for every thread, on a clock that nobody can set.
import type { MessagePort } from 'node:worker_threads'
import { kindNames } from './kinds.ts'
import { replica } from './replica.ts'
import type { Cluster, Kind } from './store.ts'

/** Milliseconds since some moment, the same one in all threads; setting the wall clock doesn't change it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** How many kinds are out of touch, then for each when we lost it on the monotonic clock, 0 for those we are in touch with. */
export class Freshness {
  #cells = new Float64Array(new SharedArrayBuffer((1 + kindNames.length) * Float64Array.BYTES_PER_ELEMENT))

  /** Says from now on what another one says, as a rule that of the main thread, whose buffer it is. */
  adopt(buffer: SharedArrayBuffer): void {
    this.#cells = new Float64Array(buffer)
  }

  /** For `adopt` in another thread. */
  get buffer(): SharedArrayBuffer {
    return this.#cells.buffer as SharedArrayBuffer
  }

  /** Out of touch with a kind since then; undefined: in touch, or never was. */
  setLost(kind: Kind, since: number | undefined): void {
    this.#cells[cellOf(kind)] = since ?? 0
    this.#cells[0] = this.#cells.subarray(1).reduce((count, cell) => count + (cell === 0 ? 0 : 1), 0)
  }

  /** Is there any kind we are out of touch with? */
  // hot
  isAnyLost(): boolean {
    return this.#cells[0] !== 0
  }

  /** Milliseconds since we last knew what the server has; 0 while we do. */
  ageOf(kind: Kind): number {
    const since = this.#cells[cellOf(kind)] as number
    return since === 0 ? 0 : monotonicMs() - since
  }
}

const cellOf = (kind: Kind): number => 1 + kindNames.indexOf(kind)

/** A message for `replicaWithFreshness`, before all others. */
export interface FreshnessMessage {
  readonly freshness: SharedArrayBuffer
}

const ofClusters = new WeakMap<Cluster, Freshness>()
const always = new Freshness()

/** As `replica`, of a port on which a FreshnessMessage comes too. */
export function replicaWithFreshness(port: MessagePort): Cluster {
  const cluster = replica(port)
  const freshness = new Freshness()
  ofClusters.set(cluster, freshness)
  port.on('message', (message: Partial<FreshnessMessage>) => {
    if (message.freshness !== undefined) freshness.adopt(message.freshness)
  })
  return cluster
}

/** That of a cluster made by `replicaWithFreshness`; others are always fresh. */
export function freshnessOf(cluster: Cluster): Freshness {
  return ofClusters.get(cluster) ?? always
}
