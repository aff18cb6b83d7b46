// How the cost of a query grows with the cluster: `npm run bench -- growth [--sizes 1000,100000]`
import { measureCosts, toldOf } from './rig/cost.ts'
import { median, Report, readFlags } from './rig/report.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args, { sizes: '1000,100000' }, { sizes: '10,20' })
  const report = new Report('growth', args)
  const sizes = (flags.more.sizes ?? '').split(',').map(Number)
  for (const services of sizes) await measureCosts({ flags: { ...flags, services }, report, row: { services } })
  const subjects = [...new Set(report.rows.map(({ subject }) => subject as string))]
  const cost = (subject: string, services: number | undefined) =>
    median(
      report.rows.filter((row) => row.subject === subject && row.services === services).map((row) => Number(row.cpu)),
    )
  const notes = subjects.map((subject) => {
    const [smallest, largest] = [sizes[0], sizes.at(-1)]
    return `${subject}, ${largest} services / ${smallest}: ${(cost(subject, largest) / cost(subject, smallest)).toFixed(2)}`
  })
  report.end({ told: toldOf({ ...flags, services: sizes.join(' or ') as never }), write: flags.write, notes })
}
