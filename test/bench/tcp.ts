// What it costs to hand out the addresses of a headless service with many endpoints, by TCP. `npm run bench -- tcp [--endpoints 1000]`
import { costRatios, measureCosts, toldOf } from './rig/cost.ts'
import { Report, readFlags } from './rig/report.ts'

export async function run(args: readonly string[]): Promise<void> {
  const given = args.some((arg) => arg.startsWith('--endpoints')) ? args : [...args, '--endpoints', '1000']
  const flags = { ...readFlags(given), services: 10 }
  const report = new Report('tcp', args)
  await measureCosts({
    flags,
    report,
    // The last service is the headless one.
    questions: ['svc-9.ns-9.svc.cluster.local A'],
    load: { transport: 'tcp', outstanding: 20 },
  })
  const told = `${toldOf(flags)} All questions are by TCP, 20 outstanding, for the addresses of the headless service.`
  report.end({ told, write: flags.write, notes: costRatios(report) })
}
