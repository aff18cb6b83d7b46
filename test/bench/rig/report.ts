// What a benchmark found: a line of JSON for each row as it is found, a table at the end, and a section of docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'

export type Row = Readonly<Record<string, string | number>>

const page = new URL('../../../docs/performance.md', import.meta.url)

/** Titles of columns; the others are called as they are. */
const titles: Readonly<Record<string, string>> = {
  cpu: 'CPU µs per query',
  qps: 'q/s',
  rss: 'RSS MiB',
  peak: 'peak MiB',
  rcodes: 'answers',
}

export class Report {
  readonly #bench: string
  readonly #args: readonly string[]
  readonly #rows: Row[] = []

  constructor(bench: string, args: readonly string[]) {
    this.#bench = bench
    this.#args = args
  }

  add(row: Row): void {
    this.#rows.push(row)
    process.stdout.write(`${JSON.stringify({ bench: this.#bench, ...row })}\n`)
  }

  get rows(): readonly Row[] {
    return this.#rows
  }

  /** Prints the table, with what there is to say below it; `write` puts both into docs/performance.md. */
  end({
    told,
    write,
    notes = [],
  }: {
    readonly told: string
    readonly write: boolean
    readonly notes?: readonly string[]
  }): void {
    const table = tableOf(this.#rows)
    const below = notes.map((note) => `\n${note}\n`).join('')
    process.stdout.write(`\n${table}${below}`)
    if (write) this.#write(`${told}\n\n${table}${below}`)
  }

  #write(body: string): void {
    const [processor] = cpus()
    const where = `${processor?.model.trim()}, ${cpus().length} CPUs, Linux ${release()}, Node ${process.version}`
    const command = ['npm run bench --', this.#bench, ...this.#args].join(' ')
    const date = new Date().toISOString().slice(0, 10)
    const section = `## ${this.#bench}\n\nWritten by \`${command}\` on ${date}: ${where}.\n\n${body}`
    const before = readFileSync(page, 'utf8')
    writeFileSync(page, withSection(before, this.#bench, section))
  }
}

/** The page with a section, which ends at the next title, in the place of what it was, or at its end. */
export function withSection(text: string, title: string, section: string): string {
  const start = text.indexOf(`## ${title}\n`)
  if (start < 0) return `${text.trimEnd()}\n\n${section.trimEnd()}\n`
  const next = text.indexOf('\n## ', start + 1)
  return `${text.slice(0, start)}${section.trimEnd()}\n${next < 0 ? '' : text.slice(next)}`
}

function tableOf(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap(Object.keys))]
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |\n`
  const head =
    line(columns.map((column) => titles[column] ?? column)) + line(columns.map(() => '---')).replaceAll(' ', '')
  return head + rows.map((row) => line(columns.map((column) => row[column] ?? ''))).join('')
}

/** The flags that all benchmarks have; sizes are small with --smoke, to see in about a second that it runs. */
export interface Flags {
  readonly services: number
  readonly endpoints: number
  readonly seconds: number
  readonly rounds: number
  readonly only: string
  readonly write: boolean
  readonly smoke: boolean
  readonly more: Readonly<Record<string, string>>
}

/** `more` are a benchmark's own flags with their defaults; with `smoke`, those in its place. */
export function readFlags(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
  smoke: Readonly<Record<string, string>> = {},
): Flags {
  const common = { services: '1000', endpoints: '5', seconds: '5', rounds: '3', only: '' }
  const small = { services: '20', endpoints: '2', seconds: '0.2', rounds: '1', only: 'ours', ...smoke }
  const defaults: Readonly<Record<string, string>> = { ...common, ...more }
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' as const }])),
      write: { type: 'boolean' },
      smoke: { type: 'boolean' },
    },
  })
  const given = values as Readonly<Record<string, string | boolean | undefined>>
  const chosen: Readonly<Record<string, string>> = given.smoke === true ? { ...defaults, ...small } : defaults
  const value = (name: string) => (given[name] as string | undefined) ?? chosen[name] ?? ''
  return {
    services: Number(value('services')),
    endpoints: Number(value('endpoints')),
    seconds: Number(value('seconds')),
    rounds: Number(value('rounds')),
    only: value('only'),
    write: given.write === true,
    smoke: given.smoke === true,
    more: Object.fromEntries(Object.keys(more).map((name) => [name, value(name)])),
  }
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** `ours / knot: 1.3`: the medians of a column over the rounds, of one subject by another; none where one of them is missing. */
export function ratio(rows: readonly Row[], column: string, of: string, by: string): string[] {
  const middle = (subject: string) =>
    median(rows.filter((row) => row.subject === subject).map((row) => Number(row[column])))
  const value = middle(of) / middle(by)
  return Number.isNaN(value) ? [] : [`${of} / ${by}, ${titles[column] ?? column}: ${value.toFixed(2)}`]
}
