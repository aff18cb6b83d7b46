// From the start of the process to the first answer about a service, and the CPU time of a second in which nobody asks: `npm run bench -- start`
import { toldOf } from './rig/cost.ts'
import { cpuOf, memoryOf } from './rig/process-cpu.ts'
import { Report, ratio, readFlags } from './rig/report.ts'
import { chains, prepare, start } from './rig/subjects.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args, {}, { seconds: '0.5' })
  const report = new Report('start', args)
  const field = await prepare({
    size: { services: flags.services, endpoints: flags.endpoints, namespaces: Math.min(20, flags.services) },
    chain: chains.stock as string,
    only: flags.only,
    program: flags.smoke ? 'source' : 'bundle',
  })
  try {
    for (let round = 1; round <= flags.rounds; round++) {
      for (const subject of field.subjects) {
        const running = await start(subject, field.size)
        // What the start has left to be done is not idleness.
        await new Promise((resolve) => setTimeout(resolve, flags.seconds * 400))
        const before = cpuOf(running.pids())
        await new Promise((resolve) => setTimeout(resolve, flags.seconds * 1000))
        const idle = ((cpuOf(running.pids()) - before) / flags.seconds) * 1000
        const { now } = memoryOf(running.pids())
        report.add({
          subject: subject.name,
          round,
          'first answer ms': Math.round(running.started),
          'idle CPU ms a second': Number(idle.toFixed(1)),
          rss: now,
        })
        await running.stop()
      }
    }
  } finally {
    await field.close()
  }
  report.end({
    told: `${toldOf(flags)} Here nobody asks.`,
    write: flags.write,
    notes: ratio(report.rows, 'first answer ms', 'ours', 'coredns'),
  })
}
