// The CPU time that a query costs each subject, in alternating rounds.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, type Load } from './load.ts'
import { cpuOf, memoryOf } from './process-cpu.ts'
import { type Flags, type Report, ratio } from './report.ts'
import { chains, type Field, prepare, type Subject, start } from './subjects.ts'

export interface CostOptions {
  readonly flags: Flags
  readonly report: Report
  /** One of `chains`, or a server block's body of their form; kubeadm's where it is left out. */
  readonly chain?: string
  readonly clusterOnly?: boolean
  /** Questions other than those about the whole cluster. */
  readonly questions?: readonly string[]
  /** How they are asked, if not by UDP with 200 outstanding. */
  readonly load?: Partial<Load>
  /** Where subjects run, as taskset says it; on the first CPU, the load being on the second. */
  readonly cpus?: string
  /** Said in each row, before what was found. */
  readonly row?: Readonly<Record<string, string | number>>
}

/** Adds a row for each round and subject. */
export async function measureCosts(options: CostOptions): Promise<void> {
  const { flags, report } = options
  const field = await prepare({
    size: { services: flags.services, endpoints: flags.endpoints, namespaces: Math.min(20, flags.services) },
    chain: options.chain ?? (chains.stock as string),
    only: flags.only,
    program: flags.smoke ? 'source' : 'bundle',
    ...(options.clusterOnly === undefined ? {} : { clusterOnly: options.clusterOnly }),
  })
  try {
    for (let round = 1; round <= flags.rounds; round++) {
      for (const subject of field.subjects) {
        report.add({ subject: subject.name, round, ...options.row, ...(await costOf(subject, field, options)) })
      }
    }
  } finally {
    await field.close()
  }
}

async function costOf(subject: Subject, field: Field, { flags, questions, load, cpus }: CostOptions) {
  const file = questions === undefined ? field.questions : join(field.folder, 'own-questions')
  if (questions !== undefined) writeFileSync(file, questions.join('\n'))
  const running = await start(subject, field.size, cpus)
  try {
    const common = { port: subject.port, questions: file, ...load }
    await ask({ ...common, seconds: flags.smoke ? 0.1 : 2 })
    const before = cpuOf(running.pids())
    const { completed, qps, lost, rcodes } = await ask({ ...common, seconds: flags.seconds })
    const used = cpuOf(running.pids()) - before
    const { now, peak } = memoryOf(running.pids())
    return { cpu: Number(((used / completed) * 1e6).toFixed(2)), qps, lost, rss: now, peak, rcodes }
  } finally {
    await running.stop()
  }
}

/** What is to be reached of a cost, by the subjects that are there. */
export function costRatios(report: Report): string[] {
  return ['ours', 'ours, dgram'].flatMap((of) =>
    ['coredns', 'knot', 'nsd'].flatMap((by) => ratio(report.rows, 'cpu', of, by)),
  )
}

/** For the page: how all of these are measured. */
export function toldOf({ services, endpoints }: Flags): string {
  return `Each subject runs on one CPU, the load (dnsperf) on the other; rounds alternate. CPU time is the kernel's account of all of its processes.
The cluster has ${services} services, one in ten headless, with ${endpoints} endpoints each. Ours is the bundled program with the flags of \`npm start\`; ours and
CoreDNS have kubeadm's whole chain.`
}
