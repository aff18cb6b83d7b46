// What a query costs with the query log on. `npm run bench -- logged`
import { costRatios, measureCosts, toldOf } from './rig/cost.ts'
import { Report, readFlags } from './rig/report.ts'
import { chains } from './rig/subjects.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args)
  const report = new Report('logged', args)
  await measureCosts({ flags, report, chain: `    log\n${chains.stock}`, clusterOnly: true })
  const told = `${toldOf(flags)} The plugin log writes a line for each query to /dev/null.`
  report.end({ told, write: flags.write, notes: costRatios(report) })
}
