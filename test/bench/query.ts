// What a query costs, with 200 outstanding: half of the questions are A, two in ten AAAA, the rest SRV, PTR, pods by name, and
// names that don't exist. `npm run bench -- query [--chain plain] [--qps 0]`
import { costRatios, measureCosts, toldOf } from './rig/cost.ts'
import { Report, readFlags } from './rig/report.ts'
import { chains } from './rig/subjects.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args, { chain: 'stock', qps: '0' })
  const report = new Report('query', args)
  const { chain = '', qps } = flags.more
  await measureCosts({ flags, report, chain: chains[chain] ?? chain, load: { qps: Number(qps) } })
  report.end({ told: toldOf(flags), write: flags.write, notes: costRatios(report) })
}
