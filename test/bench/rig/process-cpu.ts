// What a process has used, from the kernel's accounting.
import { readdirSync, readFileSync } from 'node:fs'

/** Ticks a second of /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on. */
const ticks = 100

/** CPU time of all threads of these processes, user and system, in seconds. */
export function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuOfOne(pid), 0)
}

function cpuOfOne(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticks
}

/** Resident memory in MiB: now, and at its highest. What processes share is counted for each of them. */
export function memoryOf(pids: readonly number[]): { readonly now: number; readonly peak: number } {
  const each = pids.map(memoryOfOne)
  return {
    now: Math.round(each.reduce((sum, { now }) => sum + now, 0)),
    peak: Math.round(each.reduce((sum, { peak }) => sum + peak, 0)),
  }
}

function memoryOfOne(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024
  return { now: field('VmRSS'), peak: field('VmHWM') }
}

/** All processes that a process started, and those they started. */
export function descendants(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean)
      return children.map(Number).flatMap((child) => [child, ...descendants(child)])
    })
  } catch {
    // It has ended meanwhile.
    return []
  }
}
