// How long answers take at a fixed rate, and the memory it takes, with a relist of everything too: `npm run bench -- latency [--qps 8000]`
import { toldOf } from './rig/cost.ts'
import { ask, quantile } from './rig/load.ts'
import { memoryOf } from './rig/process-cpu.ts'
import { Report, ratio, readFlags } from './rig/report.ts'
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
  const lengths = { warm: flags.smoke ? 0.1 : 2, seconds: flags.seconds }
  try {
    for (let round = 1; round <= flags.rounds; round++) {
      for (const subject of field.subjects) {
        report.add({ subject: subject.name, round, ...(await latencyOf(subject, field, { ...lengths, qps })) })
      }
    }
  } finally {
    await field.close()
  }
  const told = `${toldOf(flags)} ${qps} questions a second are asked, whatever the answers do; times are dnsperf's, µs. The peak is that of VmHWM after
everything was listed again (a watch that has expired) under this load.`
  const notes = ['p99', 'p99.9'].flatMap((column) => [
    ...ratio(report.rows, column, 'ours', 'knot'),
    ...ratio(report.rows, column, 'ours', 'coredns'),
  ])
  report.end({ told, write: flags.write, notes: [...notes, ...ratio(report.rows, 'rss', 'ours', 'coredns')] })
}

interface Lengths {
  readonly warm: number
  readonly seconds: number
  readonly qps: number
}

async function latencyOf(subject: Subject, field: Field, { warm, seconds, qps }: Lengths) {
  const running = await start(subject, field.size)
  try {
    const load = { port: subject.port, questions: field.questions, qps, outstanding: 1000 }
    // As hard as can be, so that everything is compiled.
    await ask({ ...load, seconds: warm, qps: 0, outstanding: 200 })
    const { times, lost } = await ask({ ...load, seconds, timed: true })
    const { now } = memoryOf(running.pids())
    if (subject.kind === 'cluster') {
      const relisted = ask({ ...load, seconds })
      field.sandbox.trouble.expire()
      await relisted
    }
    const { peak } = memoryOf(running.pids())
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((part) => quantile(times, part))
    return { p50: p50 ?? 0, p99: p99 ?? 0, 'p99.9': p999 ?? 0, max: quantile(times, 1), lost, rss: now, peak }
  } finally {
    await running.stop()
  }
}
