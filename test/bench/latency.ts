// How long answers take at a fixed rate, and the memory it takes, with a relist of everything too: `npm run bench -- latency [--qps 8000]`
import { toldOf } from './rig/cost.ts'
import { ask, quantile, type Told } from './rig/load.ts'
import { memoryOf } from './rig/process-cpu.ts'
import { median, Report, ratio, readFlags } from './rig/report.ts'
import { chains, type Field, prepare, type Subject, start } from './rig/subjects.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args, { qps: '8000' })
  const qps = Number(flags.more.qps)
  const report = new Report('latency', args)
  const field = await prepare({
    size: { services: flags.services, endpoints: flags.endpoints, namespaces: Math.min(20, flags.services) },
    chain: chains.stock as string,
    only: flags.only,
    program: flags.smoke ? 'source' : 'bundle',
  })
  const lengths = { warm: flags.smoke ? 0.1 : 3, window: flags.smoke ? 0.1 : 1, windows: Math.ceil(flags.seconds) }
  try {
    for (let round = 1; round <= flags.rounds; round++) {
      for (const subject of field.subjects) {
        report.add({ subject: subject.name, round, ...(await latencyOf(subject, field, { ...lengths, qps })) })
      }
    }
  } finally {
    await field.close()
  }
  const told = `${toldOf(flags)} ${qps} questions a second are asked, whatever the answers do, as hard as can be for ${lengths.warm} seconds before and at this
rate for as long; times are dnsperf's, µs. p50, p99 and p99.9 are the medians of those of ${lengths.windows} windows of a second each, for the host of this virtual machine
stalls it every few seconds; \`whole\` are those of all windows together. The peak is that of VmHWM after everything was listed again (a watch that
has expired) under this load.`
  const notes = ['p99', 'p99.9'].flatMap((column) => [
    ...ratio(report.rows, column, 'ours', 'knot'),
    ...ratio(report.rows, column, 'ours', 'coredns'),
  ])
  report.end({
    told,
    write: flags.write,
    notes: [...notes, ...['rss', 'peak'].flatMap((column) => ratio(report.rows, column, 'ours', 'coredns'))],
  })
}

interface Lengths {
  /** Seconds, of each. */
  readonly warm: number
  readonly window: number
  readonly windows: number
  readonly qps: number
}

async function latencyOf(subject: Subject, field: Field, { warm, window, windows, qps }: Lengths) {
  const running = await start(subject, field.size)
  try {
    const load = { port: subject.port, questions: field.questions, qps, outstanding: 1000 }
    // So that everything is compiled, for many at a time and for one by one.
    await ask({ ...load, seconds: warm, qps: 0, outstanding: 200 })
    await ask({ ...load, seconds: warm })
    const told: Told[] = []
    while (told.length < windows) told.push(await ask({ ...load, seconds: window, timed: true }))
    const { now } = memoryOf(running.pids())
    if (subject.kind === 'cluster') {
      const relisted = ask({ ...load, seconds: window * windows })
      field.sandbox.trouble.expire()
      await relisted
    }
    const { peak } = memoryOf(running.pids())
    const whole = Float64Array.from(told.flatMap(({ times }) => [...times])).sort()
    const typical = (part: number) => median(told.map(({ times }) => quantile(times, part)))
    return {
      p50: typical(0.5),
      p99: typical(0.99),
      'p99.9': typical(0.999),
      'whole p99': quantile(whole, 0.99),
      'whole p99.9': quantile(whole, 0.999),
      max: quantile(whole, 1),
      lost: told.reduce((sum, { lost }) => sum + lost, 0),
      rss: now,
      peak,
    }
  } finally {
    await running.stop()
  }
}
