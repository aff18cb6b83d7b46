// Counters, gauges and histograms for Prometheus that cost a few nanoseconds in any thread, and add up over threads.
//
// A thread counts in memory that it shares: the main thread reads what it finds there, asks nobody, and still has it when
// the thread is gone. Nothing here is tied to a configuration: counters go on over reloads.

export type MetricKind = 'counter' | 'gauge' | 'histogram'

export interface MetricDefinition {
  readonly kind: MetricKind
  /** In full: `coredns_cache_hits_total`. */
  readonly name: string
  readonly help: string
  /** The names of its labels. */
  readonly labels: readonly string[]
  /** Of a histogram: upper bounds of its buckets, ascending, without +Inf. */
  readonly buckets: readonly number[]
}

/** One metric with one set of label values, in shared memory. */
export interface Series {
  readonly definition: MetricDefinition
  readonly values: readonly string[]
  /** A counter's or gauge's one number; of a histogram the observations per bucket, those above all of them, and their sum. */
  readonly cells: Float64Array
}

/** A value for each label. */
type Values<Labels extends readonly string[]> = { readonly [Label in keyof Labels]: string }

/** A metric by its name; of each set of label values there is one. */
export interface MetricFamily<Labels extends readonly string[], Metric> {
  /** A look-up per label, some 6 ns each: to be kept where the values are known beforehand. Shown from now on, even at 0. */
  with(...values: Values<Labels>): Metric
  /** Not shown any more, and forgotten: the next `with` begins anew. */
  remove(...values: Values<Labels>): void
}

/** CoreDNS's buckets for durations, seconds: 0.00025 to 8.192. */
export const durationBuckets: readonly number[] = Array.from({ length: 16 }, (_, power) => 0.00025 * 2 ** power)

export class Counter {
  readonly #cells: Float64Array

  constructor(cells: Float64Array) {
    this.#cells = cells
  }

  // hot
  inc(by = 1): void {
    this.#cells[0] = (this.#cells[0] as number) + by
  }
}

export class Gauge {
  readonly #cells: Float64Array

  constructor(cells: Float64Array) {
    this.#cells = cells
  }

  set(value: number): void {
    this.#cells[0] = value
  }

  add(by: number): void {
    this.#cells[0] = (this.#cells[0] as number) + by
  }
}

export class Histogram {
  readonly #cells: Float64Array
  readonly #buckets: readonly number[]

  constructor(cells: Float64Array, buckets: readonly number[]) {
    this.#cells = cells
    this.#buckets = buckets
  }

  // hot
  observe(value: number): void {
    const cells = this.#cells
    const buckets = this.#buckets
    const sum = buckets.length + 1
    let at = 0
    while (at < buckets.length && value > (buckets[at] as number)) at++
    cells[at] = (cells[at] as number) + 1
    cells[sum] = (cells[sum] as number) + value
  }
}

/** What only grows. Equal definitions are one; another of the same name is a fault. */
export function counter<const Labels extends readonly string[]>(
  name: string,
  help: string,
  labels: Labels,
): MetricFamily<Labels, Counter> {
  return define({ kind: 'counter', name, help, labels, buckets: [] }, (cells) => new Counter(cells))
}

/** What is set; over several threads their sum. */
export function gauge<const Labels extends readonly string[]>(
  name: string,
  help: string,
  labels: Labels,
): MetricFamily<Labels, Gauge> {
  return define({ kind: 'gauge', name, help, labels, buckets: [] }, (cells) => new Gauge(cells))
}

/** How many observations were at most as large as each of `buckets`, which ascend. */
export function histogram<const Labels extends readonly string[]>(
  name: string,
  help: string,
  labels: Labels,
  buckets: readonly number[],
): MetricFamily<Labels, Histogram> {
  return define({ kind: 'histogram', name, help, labels, buckets }, (cells) => new Histogram(cells, buckets))
}

/** The metrics of this thread by name. */
const families = new Map<string, Family<unknown>>()
/** In the order in which they were made, without those removed. */
const ownSeries = new Set<Series>()
let announce: (series: Series) => void = () => undefined

function define<Metric>(definition: MetricDefinition, make: (cells: Float64Array) => Metric): Family<Metric> {
  const known = families.get(definition.name)
  if (known === undefined) {
    const family = new Family(definition, make)
    families.set(definition.name, family)
    return family
  }
  if (JSON.stringify(known.definition) !== JSON.stringify(definition)) {
    throw new Error(`metric ${definition.name} is defined twice, and differently`)
  }
  // Equal definitions are of one kind.
  return known as Family<Metric>
}

interface Leaf<Metric> {
  readonly metric: Metric
  readonly series: Series
}

interface Branch<Metric> extends Map<string, Branch<Metric> | Leaf<Metric>> {}

class Family<Metric> {
  readonly definition: MetricDefinition
  readonly #make: (cells: Float64Array) => Metric
  /** By the first label's value, then the second's...; without labels by ''. */
  readonly #root: Branch<Metric> = new Map()

  constructor(definition: MetricDefinition, make: (cells: Float64Array) => Metric) {
    this.definition = definition
    this.#make = make
  }

  with(...values: readonly string[]): Metric {
    const branch = this.#branch(values)
    const last = values.at(-1) ?? ''
    let leaf = branch.get(last) as Leaf<Metric> | undefined
    if (leaf === undefined) {
      const series = this.#open(values)
      leaf = { metric: this.#make(series.cells), series }
      branch.set(last, leaf)
    }
    return leaf.metric
  }

  remove(...values: readonly string[]): void {
    const branch = this.#branch(values)
    const last = values.at(-1) ?? ''
    const leaf = branch.get(last) as Leaf<Metric> | undefined
    if (leaf === undefined) return
    branch.delete(last)
    ownSeries.delete(leaf.series)
    // For the main thread, which has it too.
    leaf.series.cells.fill(Number.NaN)
  }

  /** Where the last value is looked up. */
  #branch(values: readonly string[]): Branch<Metric> {
    let branch = this.#root
    for (let at = 0; at < values.length - 1; at++) {
      const value = values[at] as string
      let next = branch.get(value) as Branch<Metric> | undefined
      if (next === undefined) {
        next = new Map()
        branch.set(value, next)
      }
      branch = next
    }
    return branch
  }

  /** Makes room for these values and tells of it. */
  #open(values: readonly string[]): Series {
    const { kind, buckets } = this.definition
    const cells = allocate(kind === 'histogram' ? buckets.length + 2 : 1)
    const series = { definition: this.definition, values: [...values], cells }
    ownSeries.add(series)
    announce(series)
    return series
  }
}

/** Numbers in one piece of shared memory. */
const chunkSize = 512
let chunk: Float64Array = new Float64Array(0)
let used = 0

function allocate(size: number): Float64Array {
  if (used + size > chunk.length) {
    chunk = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT * Math.max(size, chunkSize)))
    used = 0
  }
  used += size
  return chunk.subarray(used - size, used)
}

/** Hands over every series of this thread, those there are and, as they come, those that will be: for the main thread to adopt. */
export function announceSeries(tell: (series: Series) => void): void {
  announce = tell
  ownSeries.forEach(tell)
}

/** What other threads, those that live, have announced to this one. */
const adopted = new Set<readonly Series[]>()

/** What another thread counts, until it ends. */
export class AdoptedSeries {
  readonly #series: Series[] = []

  constructor() {
    adopted.add(this.#series)
  }

  add(series: Series): void {
    this.#series.push(series)
  }

  /** The thread is gone: what it counted stays, its gauges go. */
  retire(): void {
    if (!adopted.delete(this.#series)) return
    for (const { definition, values, cells } of this.#series) {
      if (definition.kind !== 'gauge' && !Number.isNaN(cells[0])) sum(retired, definition, values, cells)
    }
  }
}

/** A metric as it is, all threads together. */
export interface Metric {
  readonly definition: MetricDefinition
  readonly series: readonly Series[]
}

type Totals = Map<string, { readonly definition: MetricDefinition; readonly series: Map<string, Series> }>

/** The sums of threads that are gone. */
const retired: Totals = new Map()

function sum(totals: Totals, definition: MetricDefinition, values: readonly string[], cells: Float64Array): void {
  const total = totals.get(definition.name) ?? { definition, series: new Map<string, Series>() }
  totals.set(definition.name, total)
  const key = JSON.stringify(values)
  const series = total.series.get(key)
  if (series === undefined) total.series.set(key, { definition, values, cells: cells.slice() })
  else for (let at = 0; at < cells.length; at++) series.cells[at] = (series.cells[at] as number) + (cells[at] as number)
}

/** Every metric of all threads with at least one series, by name. Main thread. */
export function collectMetrics(): readonly Metric[] {
  const totals: Totals = new Map()
  const add = ({ definition, values, cells }: Series) => {
    if (!Number.isNaN(cells[0])) sum(totals, definition, values, cells)
  }
  ownSeries.forEach(add)
  for (const list of adopted) list.forEach(add)
  for (const { series } of retired.values()) for (const one of series.values()) add(one)
  return [...totals.values()]
    .map(({ definition, series }) => ({ definition, series: [...series.values()] }))
    .sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1))
}
