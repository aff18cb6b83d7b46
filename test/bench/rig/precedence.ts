// Gives those who are measured, and those who measure, precedence over whatever else this machine does.
import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A process (0: this one), by its nice value; false where that is not allowed. */
export function precede(pid: number, nice: number): boolean {
  try {
    setPriority(pid, nice)
    return true
  } catch {
    return false
  }
}

/**
 * This session: where Linux makes a group of each (sched(7), "The autogroup feature"), all of them have the same share of
 * every CPU, and nice values count within one alone. Returns what puts it back.
 */
export function precedeSession(nice: number): () => void {
  const file = '/proc/self/autogroup'
  try {
    const [, before] = /nice (-?\d+)/.exec(readFileSync(file, 'utf8')) ?? []
    if (before === undefined) return () => {}
    writeFileSync(file, String(nice))
    return () => writeFileSync(file, before)
  } catch {
    // There are no such groups here, or it is not allowed.
    return () => {}
  }
}
