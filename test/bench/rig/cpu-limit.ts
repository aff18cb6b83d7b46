// A part of a CPU for a process, by a control group as Kubernetes' limits have it. Needs root, and Linux with the cpu controller.
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'

const v1 = '/sys/fs/cgroup/cpu'
const v2 = '/sys/fs/cgroup'

/** µs, as Kubernetes has it. */
const period = 100_000

/** Why there can't be a limit here; undefined where there can. */
export function limitHindrance(): string | undefined {
  if (process.getuid?.() !== 0) return 'limits of CPU time need root'
  const root = existsSync(`${v1}/cgroup.procs`) ? v1 : v2
  const controllers = root === v1 ? 'cpu' : read(`${v2}/cgroup.subtree_control`)
  if (!controllers.split(/\s+/).includes('cpu')) return 'no control groups with the cpu controller here'
  try {
    accessSync(root, constants.W_OK)
    return undefined
  } catch {
    return `${root} can't be written to`
  }
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** Lets processes have this part of a CPU together, 1 being a whole one. Returns what ends the group, once they have ended. */
export function limitCpu(pids: readonly number[], part: number): () => Promise<void> {
  const first = existsSync(`${v1}/cgroup.procs`)
  const group = `${first ? v1 : v2}/clusterdns-bench-${pids[0]}`
  mkdirSync(group)
  const quota = Math.round(part * period)
  if (first) {
    writeFileSync(`${group}/cpu.cfs_period_us`, `${period}`)
    writeFileSync(`${group}/cpu.cfs_quota_us`, `${quota}`)
  } else writeFileSync(`${group}/cpu.max`, `${quota} ${period}`)
  for (const pid of pids) writeFileSync(`${group}/cgroup.procs`, `${pid}`)
  return async () => {
    // Those that were killed take a moment to be gone.
    for (let tries = 0; readFileSync(`${group}/cgroup.procs`, 'utf8') !== '' && tries < 500; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    rmdirSync(group)
  }
}
