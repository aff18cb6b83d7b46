// The text that Prometheus reads: all metrics of all threads and of the process. Only importer of prom-client.
import type { Registry as ClientRegistry, Metric as RegisteredMetric } from 'prom-client'
// @ts-expect-error This part has no types of its own; the whole would cost several MiB more.
import untypedRegistry from 'prom-client/lib/registry.js'
import { collectMetrics, type MetricDefinition, type Series } from './metrics.ts'
import { processMetrics } from './process-metrics.ts'

const Registry = untypedRegistry as typeof ClientRegistry

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/** All there is now, in Prometheus's text format. */
export async function exposeMetrics(): Promise<string> {
  const registry = new Registry()
  for (const { definition, series } of collectMetrics()) {
    const { name, help, kind } = definition
    add(registry, { name, help, type: kind, values: series.flatMap(samplesOf) })
  }
  for (const { name, help, kind, value } of processMetrics()) {
    add(registry, { name, help, type: kind, values: [{ value, labels: {} }] })
  }
  return (await registry.metrics()) + (runtime === undefined ? '' : `\n${await (await runtime).metrics()}`)
}

interface Sample {
  /** Where it is not the metric's own. */
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What prom-client's registry asks of a metric is to `get` these. */
interface Exposed {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly Sample[]
}

function add(registry: ClientRegistry, metric: Exposed): void {
  registry.registerMetric({ name: metric.name, get: async () => metric } as unknown as RegisteredMetric)
}

function samplesOf({ definition, values, cells }: Series): Sample[] {
  const labels = labelsOf(definition, values)
  if (definition.kind !== 'histogram') return [{ labels, value: cells[0] as number }]
  const { name, buckets } = definition
  let count = 0
  const samples = [...buckets, Number.POSITIVE_INFINITY].map((bound, at): Sample => {
    count += cells[at] as number
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : `${bound}`
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  })
  samples.push({ metricName: `${name}_sum`, labels, value: cells[buckets.length + 1] as number })
  samples.push({ metricName: `${name}_count`, labels, value: count })
  return samples
}

/** In the order of their names, as Go's client has them. */
function labelsOf({ labels }: MetricDefinition, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, at) => [label, values[at] as string]).sort())
}

/** What is measured of the JavaScript engine, once it was asked for. */
let runtime: Promise<ClientRegistry> | undefined

/** From now on, `nodejs_*` of the main thread too: event loop, heap, garbage collection. It costs a timer every 10 ms. */
export async function exposeRuntime(): Promise<void> {
  runtime ??= registerRuntime()
  await runtime
}

async function registerRuntime(): Promise<ClientRegistry> {
  const { collectDefaultMetrics } = await import('prom-client')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray() as unknown as readonly { readonly name: string }[]) {
    // Those are ours.
    if (name.startsWith('process_')) registry.removeSingleMetric(name)
  }
  return registry
}
