// What two workers cost that one doesn't: `npm run bench -- workers`
import { measureCosts, toldOf } from './rig/cost.ts'
import { median, Report, readFlags } from './rig/report.ts'
import { chains } from './rig/subjects.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(['--only', 'ours', ...args])
  const report = new Report('workers', args)
  const counts = [1, 2]
  for (let round = 1; round <= flags.rounds; round++) {
    for (const workers of counts) {
      await measureCosts({
        flags: { ...flags, rounds: 1 },
        report,
        chain: `    multisocket ${workers}\n${chains.stock}`,
        // Both beside the load: with one CPU for two workers nothing would be found out.
        cpus: '0,1',
        load: { clients: 16 },
        row: { round, workers },
      })
    }
  }
  const cost = (workers: number) =>
    median(report.rows.filter((row) => row.workers === workers).map(({ cpu }) => Number(cpu)))
  const notes = [`two workers / one, CPU µs per query: ${(cost(2) / cost(1)).toFixed(2)}`]
  const told = `${toldOf(flags)} Here server and load share both CPUs.`
  report.end({ told, write: flags.write, notes })
}
