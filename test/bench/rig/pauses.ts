// When nobody on this machine could do anything: the host of a virtual machine has other things to do now and then. No
// answer is to be blamed for that. Times are milliseconds on a clock that all processes have in common.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type Span = readonly [start: number, end: number]

export function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** How much of the time from start to end there was without these, which may overlap. */
export function timeWithout(pauses: readonly Span[], start: number, end: number): number {
  let time = end - start
  let from = start
  const within = pauses.filter((pause) => pause[1] > start && pause[0] < end)
  for (const pause of within.toSorted((a, b) => a[0] - b[0])) {
    const begins = Math.max(from, pause[0])
    const ends = Math.min(end, pause[1])
    if (ends <= begins) continue
    time -= ends - begins
    from = ends
  }
  return time
}

/** Whoever watches looks at the clock so often, and has come so much too late where that was a pause. */
const everyMs = 2
const lateMs = 3

/** Notes the pauses of one CPU by a process there that does nothing else, and goes before all that isn't of the kernel. */
export class CpuWatch {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Undefined where that is not allowed: it takes root, taskset and chrt. */
  static async start(cpu: number): Promise<CpuWatch | undefined> {
    const first = ['-c', String(cpu), 'chrt', '-f', '1']
    if (spawnSync('taskset', [...first, process.execPath, '-e', '']).status !== 0) return undefined
    const child = spawn('taskset', [...first, process.execPath, fileURLToPath(import.meta.url)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await once(child, 'message')
    return new CpuWatch(child)
  }

  /** Those since it was last asked. */
  async take(): Promise<readonly Span[]> {
    this.#child.send('take')
    const [pauses] = (await once(this.#child, 'message')) as [readonly Span[]]
    return pauses
  }

  end(): void {
    this.#child.disconnect()
  }
}

if (import.meta.main) {
  let pauses: Span[] = []
  let last = clock()
  const look = (): void => {
    const now = clock()
    if (now - last > everyMs + lateMs) pauses.push([last + everyMs, now])
    last = now
  }
  setInterval(look, everyMs)
  process.on('message', () => {
    look()
    process.send?.(pauses)
    pauses = []
  })
  process.on('disconnect', () => process.exit())
  process.send?.([])
}
