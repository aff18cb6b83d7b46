// The time, asked of the system as seldom as will do: on virtual machines one look costs as much as finding a name.
// The global `performance` is a getter, which a look would ask every time.
import { performance } from 'node:perf_hooks'

let time = 0
/** Was it looked at within this callback of the event loop? */
let isRecent = false

const forget = (): void => {
  isRecent = false
}

/** Milliseconds since a fixed moment, as `performance.now`, whose zero is the process's start. */
// hot
export function now(): number {
  time = performance.now()
  return time
}

/**
 * What `now` said last if that was within this callback of the event loop, as for the other datagrams of a batch: then the
 * end of one answer is the beginning of the next. Else what it says now.
 */
// hot
export function lately(): number {
  if (isRecent) return time
  isRecent = true
  // Microtasks run when the callback is over.
  queueMicrotask(forget)
  return now()
}
