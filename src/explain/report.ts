// What `explain` has found out: plain data, which is printed for people or as JSON for programs.
import type { End, Outcome } from '../resolver/walk.ts'
import type { Insight } from './insight.ts'

/** One question and how it came out. */
export interface ReplyReport {
  readonly type: string
  readonly outcome: Outcome
  /** By name; '' where no reply came. */
  readonly rcode: string
  /** Presentation form, `OWNER TTL TYPE DATA`. */
  readonly records: readonly string[]
  /** Only of the type that was asked for: the data. */
  readonly data: readonly string[]
  /** Extended errors, and why no reply came. */
  readonly errors: readonly string[]
  readonly server: string
  readonly transport: 'udp' | 'tcp'
  readonly authoritative: boolean
  readonly milliseconds: number
}

/** One name of the walk. */
export interface StepReport {
  readonly name: string
  readonly replies: readonly ReplyReport[]
  /** The program gets what was answered. */
  readonly taken: boolean
  /** What the cluster has to say of the name; empty without a cluster. */
  readonly insights: readonly Insight[]
}

export interface Report {
  readonly asked: string
  readonly types: readonly string[]
  readonly resolver: string
  readonly servers: readonly string[]
  readonly search: readonly string[]
  readonly options: readonly string[]
  /** Of the pod that asks; '' where it isn't known. */
  readonly namespace: string
  /** Without a dot at its end. */
  readonly clusterDomain: string
  readonly steps: readonly StepReport[]
  readonly end: End | 'unreachable'
  /** Data of the records that the program gets. */
  readonly result: readonly string[]
  /** What the program is told where it gets nothing, or beside what it gets. */
  readonly told: string
  /** The resolver's rule that ended the walk. */
  readonly because: string
  /** The cause of a failure, or what made the answer, first; notes after it. */
  readonly findings: readonly Insight[]
  /** Questions that were asked; those that find out more about a failure don't count. */
  readonly questions: number
}

/** Of the process: 0 resolved, 1 not, 3 no server is there. */
export function exitCode({ end }: Report): number {
  return end === 'found' ? 0 : end === 'unreachable' ? 3 : 1
}
