// What a query costs with one question outstanding at a time: every one of them wakes the server. `npm run bench -- single`
import { costRatios, measureCosts, toldOf } from './rig/cost.ts'
import { Report, readFlags } from './rig/report.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args)
  const report = new Report('single', args)
  await measureCosts({ flags, report, load: { outstanding: 1, clients: 1 } })
  report.end({
    told: `${toldOf(flags)} One question is outstanding at a time.`,
    write: flags.write,
    notes: costRatios(report),
  })
}
