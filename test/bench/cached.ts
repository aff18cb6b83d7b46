// What a query costs that is answered out of the cache, names of an upstream server: `npm run bench -- cached [--names 1000]`
import { costRatios, measureCosts, toldOf } from './rig/cost.ts'
import { Report, readFlags } from './rig/report.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args, { names: '1000' })
  const report = new Report('cached', args)
  const count = Number(flags.more.names)
  const questions = Array.from({ length: count }, (_, n) => `name-${n}.example.org A`)
  await measureCosts({ flags, report, clusterOnly: true, questions })
  const told = `${toldOf(flags)} The questions are for A records of ${count} names of an upstream server, which all are in the cache.`
  report.end({ told, write: flags.write, notes: costRatios(report) })
}
