// $GENERATE of master files, as BIND has it: a line of tokens repeated with a counter in it.
//
//   RANGE OWNER [TTL] [CLASS] TYPE RDATA, the range as START-STOP or START-STOP/STEP
//   $ is the counter; ${OFFSET,WIDTH,BASE} the counter plus an offset, with leading zeros, in base d, o, x or X; \\$ and $$ are $
import { RecordError } from './record-error.ts'
import type { Token } from './tokens.ts'

/** Lines of one range, and characters of the line, at most. */
const maxLines = 65_536
const maxLength = 4096

/** The tokens of each line. Throws RecordError. */
export function* generate([range, ...tokens]: readonly Token[]): Generator<readonly Token[]> {
  if (range === undefined) throw new RecordError('range is missing')
  const { start, stop, step } = parseRange(range.text)
  if (tokens.reduce((length, { text }) => length + text.length, 0) > maxLength) {
    throw new RecordError(`a line of more than ${maxLength} characters to repeat`)
  }
  for (let count = start; count <= stop; count += step) {
    yield tokens.map(({ text, quoted }) => ({ text: insert(text, count), quoted }))
  }
}

function parseRange(text: string): { readonly start: number; readonly stop: number; readonly step: number } {
  const [, start, stop, step = '1'] = /^([0-9]{1,10})-([0-9]{1,10})(?:\/([0-9]{1,10}))?$/.exec(text) ?? []
  const range = { start: Number(start), stop: Number(stop), step: Number(step) }
  const lines = (range.stop - range.start) / range.step
  if (!(range.step > 0 && lines >= 0 && lines < maxLines)) throw new RecordError(`bad range ${JSON.stringify(text)}`)
  return range
}

function insert(text: string, count: number): string {
  return text.replace(/\\\$|\$\$|\$\{([^}]*)\}?|\\[\s\S]|\$/g, (found, format: string | undefined) => {
    if (found === '\\$' || found === '$$') return '$'
    if (found.startsWith('\\')) return found
    if (format === undefined) return String(count)
    if (!found.endsWith('}')) throw new RecordError(`counter without an end in ${JSON.stringify(text)}`)
    return print(count, format)
  })
}

const bases: Readonly<Record<string, number>> = { d: 10, o: 8, x: 16, X: 16 }

function print(count: number, format: string): string {
  const [, offset, width = '0', base = 'd'] = /^(-?[0-9]{1,10})(?:,([0-9]{1,3})(?:,([doxX]))?)?$/.exec(format) ?? []
  const value = count + Number(offset)
  if (!(value >= 0 && Number(width) <= 255)) throw new RecordError(`bad counter ${JSON.stringify(`\${${format}}`)}`)
  const digits = value.toString(bases[base]).padStart(Number(width), '0')
  return base === 'X' ? digits.toUpperCase() : digits
}
