// Values of directives as text: numbers, durations and addresses by the rules of Go, in which Corefiles have always been read.

/** A text that is not the value it should be. The message is Go's, without the place in the Corefile. */
export class ValueError extends Error {
  override name = 'ValueError'
}

const maxInt64 = (1n << 63n) - 1n

/** A decimal integer of 64 bits, as Go's strconv.Atoi. Beyond 2^53 the result is the nearest number. Throws ValueError. */
export function parseInteger(text: string): number {
  const fail = (why: string) => new ValueError(`strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`)
  if (!/^[-+]?[0-9]+$/.test(text)) throw fail('invalid syntax')
  const value = BigInt(text.replace('+', ''))
  if (value > maxInt64 || value < -maxInt64 - 1n) throw fail('value out of range')
  return Number(value)
}

const decimal = /^[-+]?(?:[0-9_]+\.?[0-9_]*|\.[0-9_]+)(?:e[-+]?[0-9][0-9_]*)?$/i
const hexadecimal = /^[-+]?0x([0-9a-f_]*)\.?([0-9a-f_]*)p([-+]?[0-9][0-9_]*)$/i
/** An underscore that doesn't stand between two digits, or between a prefix and a digit. */
const strayUnderscore = /(?<![0-9])_|_(?![0-9])/
const strayUnderscoreHexadecimal = /(?<![0-9a-fx])_|_(?![0-9a-f])/i

/** A floating-point number, as Go's strconv.ParseFloat: decimal, hexadecimal, `inf`, `nan`. Throws ValueError. */
export function parseFloatingPoint(text: string): number {
  const fail = (why: string) => new ValueError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: ${why}`)
  const special = /^([-+]?)(inf|infinity)$/i.exec(text)
  if (special !== null) return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^nan$/i.test(text)) return Number.NaN
  const stray = /^[-+]?0x/i.test(text) ? strayUnderscoreHexadecimal : strayUnderscore
  if (stray.test(text)) throw fail('invalid syntax')
  const value = decimal.test(text) ? Number(text.replaceAll('_', '')) : parseHexadecimal(text.replaceAll('_', ''))
  if (Number.isNaN(value)) throw fail('invalid syntax')
  if (!Number.isFinite(value)) throw fail('value out of range')
  return value
}

function parseHexadecimal(text: string): number {
  const [, whole = '', fraction = '', exponent = ''] = hexadecimal.exec(text) ?? []
  if (whole + fraction === '') return Number.NaN
  const size = Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length)
  return text.startsWith('-') ? -size : size
}

/** Nanoseconds. */
const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5
  μs: 1_000n, // U+03BC
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** A duration like `1h15m30.5s`, as Go's time.ParseDuration, in milliseconds, perhaps with a fraction. Throws ValueError. */
export function parseDuration(text: string): number {
  const fail = (why: string) => new ValueError(`time: ${why} in duration ${JSON.stringify(text)}`)
  const invalid = () => new ValueError(`time: invalid duration ${JSON.stringify(text)}`)
  const sign = text.startsWith('-') ? -1 : 1
  let rest = text.replace(/^[-+]/, '')
  if (rest === '0') return 0
  if (rest === '') throw invalid()
  let total = 0n
  while (rest !== '') {
    const [all, whole = '', fraction = ''] = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest) ?? ['']
    if (whole + fraction === '') throw invalid()
    rest = rest.slice(all.length)
    const [unit] = /^[^0-9.]*/.exec(rest) ?? ['']
    if (unit === '') throw fail('missing unit')
    const nanoseconds = Object.hasOwn(units, unit) ? units[unit] : undefined
    if (nanoseconds === undefined) throw fail(`unknown unit ${JSON.stringify(unit)}`)
    rest = rest.slice(unit.length)
    total += BigInt(whole || '0') * nanoseconds
    const digits = fraction.slice(0, 18)
    if (digits !== '') total += BigInt(Math.trunc(Number(digits) * (Number(nanoseconds) / 10 ** digits.length)))
    if (total > (sign < 0 ? maxInt64 + 1n : maxInt64)) throw invalid()
  }
  return (sign * Number(total)) / 1e6
}

/** Milliseconds as Go prints a duration: `1h15m0s`, `1.5s`, `250ms`. */
export function printDuration(milliseconds: number): string {
  const nanoseconds = Math.round(Math.abs(milliseconds) * 1e6)
  const sign = milliseconds < 0 ? '-' : ''
  if (nanoseconds === 0) return '0s'
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}µs`
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`
  const seconds = Math.floor(nanoseconds / 1e9)
  const fraction = String(nanoseconds % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  return [
    sign,
    hours > 0 ? `${hours}h` : '',
    minutes > 0 ? `${minutes % 60}m` : '',
    `${seconds % 60}${fraction === '' ? '' : `.${fraction}`}s`,
  ].join('')
}

/** An address to listen on. */
export interface HostPort {
  /** A name or an address without brackets; empty for all addresses of this host. */
  readonly host: string
  /** 0 where the system is to choose. */
  readonly port: number
}

/** Reads `host:port`, `[2001:db8::1]:port` or `:port`, as Go's net.SplitHostPort. Throws ValueError. */
export function parseHostPort(text: string): HostPort {
  const fail = (why: string) => new ValueError(text === '' ? why : `address ${text}: ${why}`)
  const colon = text.lastIndexOf(':')
  if (colon < 0) throw fail('missing port in address')
  let host = text.slice(0, colon)
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    if (end < 0) throw fail("missing ']' in address")
    if (end + 1 !== colon) throw fail(text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address')
    host = text.slice(1, end)
  } else if (host.includes(':')) throw fail('too many colons in address')
  const rest = text.slice(colon)
  if (host.includes('[') || rest.includes('[')) throw fail("unexpected '[' in address")
  if (host.includes(']') || rest.includes(']')) throw fail("unexpected ']' in address")
  return { host, port: parsePort(text.slice(colon + 1), fail) }
}

function parsePort(text: string, fail: (why: string) => ValueError): number {
  if (text === '') return 0
  if (!/^[0-9]+$/.test(text)) throw fail('unknown port')
  const port = Number(text)
  if (port > 0xffff) throw fail('invalid port')
  return port
}
