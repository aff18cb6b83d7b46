// A part of a CPU for a process, by a control group as Kubernetes' limits have it. Needs root, and Linux with the cpu controller.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'

const v1 = '/sys/fs/cgroup/cpu'
const v2 = '/sys/fs/cgroup'

/** µs, as Kubernetes has it. */
const period = 100_000

/** Why there can't be a limit here; undefined where there can. */
export function limitHindrance(): string | undefined {
  if (process.getuid?.() !== 0) return 'limits of CPU time need root'
  if (!existsSync(`${v1}/cpu.cfs_quota_us`) && !existsSync(`${v2}/cgroup.subtree_control`))
    return 'no control groups here'
  return undefined
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
