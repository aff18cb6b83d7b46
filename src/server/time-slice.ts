// A short time slice for the thread that answers, so that it need not wait for another's to end.
//
// Since 6.6 the kernel lets who runs finish a slice of some milliseconds, whoever wakes up meanwhile: on a CPU that a worker
// shares with the threads that compile and collect, queries wait as long. A thread may ask for shorter slices (6.12), which
// come the sooner: it gets no more time, but gets it when there is something to do. sched(7), sched_setattr(2).
import { libc } from './libc.ts'

/** The kernel's least, ns. */
const shortest = 100_000n
/** struct sched_attr: its size and the policy are 32 bits each, the slice is 64 at octet 24. */
const length = 48
const policyAt = 4
const sliceAt = 24
/** Policies of threads that share the CPU's time: SCHED_OTHER, SCHED_BATCH. */
const sharing = [0, 3]

/**
 * For the calling thread. False where the kernel refused; a kernel that knows no slices takes no notice, and a thread that
 * somebody gave another policy keeps it.
 */
export function shortenTimeSlice(): boolean {
  const system = libc()
  if (system === undefined) return true
  const attributes = Buffer.alloc(length)
  if (system.sched_getattr(0, attributes, length, 0) !== 0) return false
  if (!sharing.includes(attributes.readUInt32LE(policyAt))) return true
  attributes.writeBigUInt64LE(shortest, sliceAt)
  return system.sched_setattr(0, attributes, 0) === 0
}
