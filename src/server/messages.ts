// What the main thread and a worker say to each other.
import type { MessagePort } from 'node:worker_threads'
import type { Series } from '../metrics.ts'
import type { Place } from './listeners.ts'
import type { BlockSetup } from './setup.ts'

/** A configuration as a worker needs it; everything in it survives structuredClone. */
export interface WorkerSetup {
  readonly blocks: readonly BlockSetup[]
  readonly places: readonly Place[]
  readonly localAddresses: readonly string[]
  /** How many there are, this one included. */
  readonly workers: number
  readonly debug: boolean
}

export type ToWorker =
  /** Build the chains of this; `feeds` are the ports of those feeds it doesn't have yet. Answered by done or failed. */
  | {
      readonly say: 'prepare'
      readonly id: number
      readonly setup: WorkerSetup
      readonly feeds: readonly { readonly key: string; readonly port: MessagePort }[]
    }
  /** Serve by what was prepared. Answered by done or failed. */
  | { readonly say: 'commit'; readonly id: number }
  /** Listen as these places say, which differ in their certificates only. Answered by done or failed. */
  | { readonly say: 'secure'; readonly id: number; readonly places: readonly Place[] }
  /** A sign of life. Answered by done. */
  | { readonly say: 'ping'; readonly id: number }
  /** Answer what was asked, take nothing more. Answered by done; the thread then ends. */
  | { readonly say: 'stop'; readonly id: number }

export type FromWorker =
  | { readonly say: 'done'; readonly id: number }
  | { readonly say: 'failed'; readonly id: number; readonly message: string; readonly code: string | undefined }
  /** What it counts from now on, in memory that both see. */
  | { readonly say: 'counting'; readonly series: Series }
  /** For the operator, once, however many workers and sockets say it. */
  | { readonly say: 'note'; readonly text: string }
