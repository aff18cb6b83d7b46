// A report as text for people: each name in order with what was said of it, then the outcome and why.
import type { Insight } from './insight.ts'
import type { ReplyReport, Report, StepReport } from './report.ts'

/** How to stress words: escape sequences on a terminal, nothing elsewhere. */
export interface Style {
  good(text: string): string
  bad(text: string): string
  faint(text: string): string
}

export const plain: Style = { good: (text) => text, bad: (text) => text, faint: (text) => text }

const sequence = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`

export const colour: Style = { good: sequence(32), bad: sequence(31), faint: sequence(2) }

export function printReport(raw: Report, style: Style): string {
  const report = withoutControls(raw)
  const lines = [headline(report)]
  if (report.search.length > 0 || report.options.length > 0) {
    lines.push(
      style.faint(`search ${report.search.join(' ') || '(none)'}; options ${report.options.join(' ') || '(none)'}`),
    )
  }
  lines.push('')
  for (const [at, step] of report.steps.entries()) lines.push(...stepLines(at + 1, step, style))
  if (report.steps.length > 0) lines.push('')
  lines.push(...outcomeLines(report, style))
  return lines.map((line) => `${line}\n`).join('')
}

/** What servers and objects say may hold control characters, which no terminal is to see. */
function withoutControls(report: Report): Report {
  const clean = (_: string, value: unknown): unknown =>
    typeof value === 'string' ? value.replace(/\p{Cc}/gu, '?') : value
  return JSON.parse(JSON.stringify(report, clean)) as Report
}

function headline({ asked, types, resolver, namespace, servers }: Report): string {
  const from = namespace === '' ? '' : ` in a pod of namespace ${namespace}`
  return `${asked} ${types.join(' and ')}, as ${resolver} asks for it${from}, of ${servers.join(', ') || 'nobody'}`
}

function stepLines(number: number, { name, replies, taken, insights }: StepReport, style: Style): string[] {
  const mark = taken ? style.good('  <- taken') : ''
  const lines = [`${String(number).padStart(3)}. ${name}${mark}`]
  for (const reply of replies) lines.push(`       ${replyLine(reply, style)}`)
  for (const insight of insights) lines.push(style.faint(`       ${insight.text}`))
  return lines
}

function replyLine(reply: ReplyReport, style: Style): string {
  const time = style.faint(`${reply.milliseconds.toFixed(1)} ms${reply.transport === 'tcp' ? ', TCP' : ''}`)
  const said = reply.outcome === 'answer' ? style.good(shorten(reply)) : style.bad(shorten(reply))
  const errors = reply.errors.length > 0 && reply.rcode !== '' ? ` (${reply.errors.join('; ')})` : ''
  return `${reply.type.padEnd(5)} ${said}${errors}  ${time}`
}

const mostRecords = 8

function shorten({ outcome, rcode, data, records, errors }: ReplyReport): string {
  if (outcome === 'nodata') return 'NODATA'
  if (outcome === 'alias') return `NODATA, after ${records.join('; ')}`
  if (outcome !== 'answer') return rcode === '' ? errors.join('; ') || outcome : rcode
  const shown = data.slice(0, mostRecords).join(' ')
  const aliases = records
    .filter((record) => / [0-9]+ CNAME /.test(record))
    .map((record) => record.replace(/^.* CNAME /, ''))
  const by = aliases.length > 0 ? ` by way of ${aliases.join(' ')}` : ''
  return `${shown}${data.length > mostRecords ? ` and ${data.length - mostRecords} more` : ''}${by}`
}

function outcomeLines(report: Report, style: Style): string[] {
  const lines: string[] = []
  const { end, result, told, because, findings } = report
  if (end === 'found') lines.push(style.good(`Resolved: ${result.slice(0, mostRecords).join(' ')}`))
  else lines.push(style.bad(`Not resolved${told === '' ? '' : `: ${told}`}`))
  if (end === 'found' && told !== '') lines.push(`The program also says: ${told}`)
  if (because !== '') lines.push(style.faint(`The resolver's rule: ${because}`))
  for (const insight of findings) lines.push(...findingLines(insight))
  return lines
}

function findingLines({ kind, text, advice }: Insight): string[] {
  const title = kind === 'note' ? 'Note' : 'Why'
  return [`${title}: ${text}`, ...(advice === '' ? [] : [`      ${advice}`])]
}
