// Gives those who are measured, and those who measure, precedence over whatever else this machine does.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

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

/** Waits until no other benchmark that asks for this runs on this machine: with the same precedence, they would measure each other. Returns what ends it. */
export async function takeMachine(): Promise<() => void> {
  // A name that is free again as soon as its process has ended, however it has (unix(7), "Abstract sockets").
  if (process.platform !== 'linux') return () => {}
  for (let told = false; ; told = true) {
    const server = createServer()
    try {
      await once(server.listen('\0clusterdns-bench'), 'listening')
      return () => server.close()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (!told) process.stderr.write('waiting for another benchmark to end\n')
      await sleep(1000)
    }
  }
}
