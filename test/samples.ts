// What has been counted in this process, for tests of those who count.
import { collectMetrics } from '../src/metrics.ts'

/**
 * The samples of a metric by their labels, `server="dns://:53",type="success"`; '' without labels. Of a histogram: how
 * many values were observed.
 */
export function samplesOf(name: string): Readonly<Record<string, number>> {
  const metric = collectMetrics().find(({ definition }) => definition.name === name)
  return Object.fromEntries(
    (metric?.series ?? []).map(({ definition, values, cells }) => [
      definition.labels.map((label, at) => `${label}="${values[at]}"`).join(),
      definition.kind === 'histogram'
        ? cells.subarray(0, -1).reduce((total, cell) => total + cell, 0)
        : (cells[0] as number),
    ]),
  )
}
