// What is particular to a kind when one of its objects is written: defaults, rules, and things that exist once per cluster.
import type { NameRule } from '../names.ts'
import type { KubeObject } from '../object.ts'
import type { Cause } from '../status.ts'

export interface Strategy<T extends KubeObject = KubeObject> {
  readonly nameRule: NameRule
  /** Every change of anything but metadata and status raises metadata.generation. */
  readonly generation?: boolean
  /** The status of a new object, for kinds with a status. */
  newStatus?(object: T): object
  /** The object with what its author left out; `old` is what it replaces. */
  complete?(object: T, old?: T): T
  /** Why it can't be stored. */
  faults?(object: T, old?: T): Cause[]
  /** Such faults are looked for when the status is written by itself, too. */
  readonly checksStatus?: boolean
  /** Takes what exists once per cluster (addresses, ports), with a way back; throws ApiError. */
  acquire?(object: T, old?: T): { readonly object: T; undo(): void }
  /** Gives it back when the object is gone. */
  release?(object: T): void
  /** Seconds between a deletion and the end of the object when the caller doesn't say; absent: none. */
  gracePeriod?(object: T): number
}
