// What others still get while one client asks for half as much again as there is time for, on a part of a CPU:
// `npm run bench -- overload [--part 0.3] [--excess 1.5] [--others 4] [--rate 500]`
import { toldOf } from './rig/cost.ts'
import { limitCpu, limitHindrance } from './rig/cpu-limit.ts'
import { ask, quantile } from './rig/load.ts'
import { cpuOf, memoryOf } from './rig/process-cpu.ts'
import { Report, readFlags } from './rig/report.ts'
import { chains, type Field, prepare, type Subject, start } from './rig/subjects.ts'

interface Sizes {
  readonly part: number
  readonly excess: number
  /** Clients beside the noisy one, and what each asks, q/s. */
  readonly others: number
  readonly rate: number
  readonly seconds: number
  readonly warm: number
}

export async function run(args: readonly string[]): Promise<void> {
  const hindrance = limitHindrance()
  if (hindrance !== undefined) {
    process.stderr.write(`skipped: ${hindrance}\n`)
    return
  }
  const flags = readFlags(args, { part: '0.3', excess: '1.5', others: '4', rate: '500' }, { part: '0.9', rate: '100' })
  const { part, excess, others, rate } = flags.more
  const sizes: Sizes = {
    part: Number(part),
    excess: Number(excess),
    others: Number(others),
    rate: Number(rate),
    seconds: flags.seconds,
    warm: flags.smoke ? 0.2 : 3,
  }
  const report = new Report('overload', args)
  const field = await prepare({
    size: { services: flags.services, endpoints: flags.endpoints, namespaces: Math.min(20, flags.services) },
    chain: chains.stock as string,
    only: flags.only,
    program: flags.smoke ? 'source' : 'bundle',
  })
  try {
    for (let round = 1; round <= flags.rounds; round++) {
      for (const subject of field.subjects) {
        report.add({ subject: subject.name, round, ...(await overloadOf(subject, field, sizes)) })
      }
    }
  } finally {
    await field.close()
  }
  const told = `${toldOf(flags)} What a query costs with 200 outstanding says how many there is time for in ${part} of a CPU. The server
is limited to that, by a quota; then one client asks ${excess} times as much, and ${others} others ${rate} questions a second each, each client from an address of its own.
An answer that takes more than a second is none. RSS in MiB before and at the end.`
  report.end({ told, write: flags.write })
}

async function overloadOf(subject: Subject, field: Field, sizes: Sizes) {
  const running = await start(subject, field.size)
  const ends: (() => Promise<void>)[] = []
  try {
    const load = { port: subject.port, questions: field.questions }
    await ask({ ...load, seconds: sizes.warm })
    const used = cpuOf(running.pids())
    const { completed } = await ask({ ...load, seconds: sizes.warm })
    const capacity = Math.round((sizes.part * completed) / (cpuOf(running.pids()) - used))
    const endLimit = limitCpu(running.pids(), sizes.part)
    ends.push(endLimit)
    const before = memoryOf(running.pids()).now
    const length = sizes.seconds
    const noisy = ask({
      ...load,
      address: '127.0.0.2',
      seconds: length * 1.4,
      qps: Math.round(sizes.excess * capacity),
      outstanding: 60_000,
      timeout: 0.3,
    })
    // It is there first.
    await new Promise((resolve) => setTimeout(resolve, length * 200))
    const told = await Promise.all(
      Array.from({ length: sizes.others }, (_, n) =>
        ask({
          ...load,
          address: `127.0.0.${n + 3}`,
          seconds: length,
          qps: sizes.rate,
          outstanding: 10_000,
          clients: 1,
          timeout: 1,
          timed: true,
        }),
      ),
    )
    const end = memoryOf(running.pids()).now
    const { qps: noisyQps } = await noisy
    const kept = told.map(({ completed, sent }) => (sent === 0 ? 0 : (100 * completed) / sent))
    const times = Float64Array.from(told.flatMap((one) => [...one.times])).sort()
    return {
      'capacity q/s': capacity,
      'others answered %': Number((kept.reduce((sum, one) => sum + one, 0) / kept.length).toFixed(2)),
      'least %': Number(Math.min(...kept).toFixed(2)),
      'p50 ms': Number((quantile(times, 0.5) / 1000).toFixed(1)),
      'p99 ms': Number((quantile(times, 0.99) / 1000).toFixed(1)),
      'noisy q/s answered': noisyQps,
      'RSS before': before,
      'RSS at the end': end,
    }
  } finally {
    await running.stop()
    for (const end of ends) await end()
  }
}
