// The values of a template and its functions: Go's, as far as records need them.

/** Go's string, integer, bool, list of strings, map of strings; nothing at all is nil. */
export type Value = string | bigint | boolean | readonly string[] | ReadonlyMap<string, string> | undefined

/** What goes wrong when a template is executed for a query. */
export class ExecutionError extends Error {
  override name = 'ExecutionError'
}

/** Written into the text: `[a b]`, `map[a:b]`. */
export function printValue(value: Value): string {
  if (value === undefined) return '<no value>'
  if (typeof value !== 'object') return String(value)
  if (isList(value)) return `[${value.join(' ')}]`
  const entries = [...value].sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, held]) => `${key}:${held}`).join(' ')}]`
}

/** Does `if` take it for true? Nothing, zero and what is empty are not. */
export function isTrue(value: Value): boolean {
  if (typeof value === 'object') return (isList(value) ? value.length : value.size) > 0
  return Boolean(value)
}

function isList(value: Value): value is readonly string[] {
  return Array.isArray(value)
}

/** All but `and` and `or`, which don't look at all their arguments. Throws ExecutionError. */
export function callFunction(name: string, args: readonly Value[]): Value {
  const call = functions[name]
  if (call === undefined) throw new ExecutionError(`no function ${name}`)
  return call(...args)
}

const compare = (name: string, holds: (order: number) => boolean) => {
  return (...args: readonly Value[]): boolean => {
    const [a, b] = exactly(name, args, 2)
    return holds(order(a, b))
  }
}

const functions: Readonly<Record<string, (...args: readonly Value[]) => Value>> = {
  not: (...args) => !isTrue(exactly('not', args, 1)[0]),
  eq: (first, ...others) => {
    if (others.length === 0) throw new ExecutionError('error calling eq: missing argument for comparison')
    return others.some((other) => isEqual(first, other))
  },
  ne: (...args) => {
    const [a, b] = exactly('ne', args, 2)
    return !isEqual(a, b)
  },
  lt: compare('lt', (order) => order < 0),
  le: compare('le', (order) => order <= 0),
  gt: compare('gt', (order) => order > 0),
  ge: compare('ge', (order) => order >= 0),
  index: (...args) => {
    const [of, ...keys] = args
    if (args.length === 0) throw new ExecutionError('wrong number of args for index: want at least 1 got 0')
    if (of === undefined) throw new ExecutionError('error calling index: index of untyped nil')
    return keys.reduce(valueAt, of)
  },
  slice: (of, ...bounds) => {
    if (typeof of === 'string') return sliceOf(of, bounds)
    if (isList(of)) return sliceOf(of, bounds)
    throw new ExecutionError(`error calling slice: can't slice ${kindOf(of)}`)
  },
  len: (...args) => {
    const [of] = exactly('len', args, 1)
    if (typeof of === 'string') return BigInt(Buffer.byteLength(of))
    if (typeof of !== 'object') throw new ExecutionError(`error calling len: len of ${kindOf(of)}`)
    return BigInt(isList(of) ? of.length : of.size)
  },
  print: (...args) =>
    args.reduce<string>((text, arg, at) => text + gap(args[at - 1], arg, at) + printArgument(arg), ''),
  println: (...args) => `${args.map(printArgument).join(' ')}\n`,
  printf: (format, ...args) => {
    if (typeof format !== 'string') throw new ExecutionError('error calling printf: the format is no string')
    return printFormatted(format, args)
  },
  parseInt: (...args) => {
    const [text, base, bits] = exactly('parseInt', args, 3)
    if (typeof text !== 'string' || typeof base !== 'bigint' || typeof bits !== 'bigint') {
      throw new ExecutionError('error calling parseInt: a string and two integers are expected')
    }
    return parseUnsigned(text, Number(base), Number(bits))
  },
}

function exactly(name: string, args: readonly Value[], count: number): readonly Value[] {
  if (args.length === count) return args
  throw new ExecutionError(`wrong number of args for ${name}: want ${count} got ${args.length}`)
}

/** A function is told of nothing as a nil. */
const printArgument = (value: Value): string => (value === undefined ? '<nil>' : printValue(value))

/** `print` puts a space between two neighbours of which neither is a string. */
function gap(before: Value, value: Value, at: number): string {
  return at > 0 && typeof before !== 'string' && typeof value !== 'string' ? ' ' : ''
}

function kindOf(value: Value): string {
  if (value === undefined) return 'nil'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  return isList(value) ? 'list' : 'map'
}

function isEqual(a: Value, b: Value): boolean {
  if (typeof a === 'object' || typeof b === 'object') {
    throw new ExecutionError('error calling eq: non-comparable type: list or map')
  }
  if (a !== undefined && b !== undefined && typeof a !== typeof b) {
    throw new ExecutionError('error calling eq: incompatible types for comparison')
  }
  return a === b
}

function order(a: Value, b: Value): number {
  const known = typeof a === typeof b && (typeof a === 'string' || typeof a === 'bigint')
  if (!known) throw new ExecutionError('error calling lt: incompatible types for comparison')
  // Of one of these types both.
  const [first, second] = [a as string | bigint, b as string | bigint]
  return first < second ? -1 : first > second ? 1 : 0
}

function valueAt(of: Value, key: Value): Value {
  if (typeof of === 'object' && !isList(of)) {
    if (typeof key !== 'string') throw new ExecutionError('error calling index: the key of a map is a string')
    return of.get(key) ?? ''
  }
  if (!isList(of) && typeof of !== 'string') throw new ExecutionError(`error calling index: can't index ${kindOf(of)}`)
  if (typeof key !== 'bigint') throw new ExecutionError(`error calling index: cannot index with ${kindOf(key)}`)
  const found = isList(of) ? of[Number(key)] : Buffer.from(of)[Number(key)]
  if (found === undefined) throw new ExecutionError(`error calling index: index out of range: ${key}`)
  return typeof found === 'number' ? BigInt(found) : found
}

function sliceOf<T extends string | readonly string[]>(of: T, bounds: readonly Value[]): T {
  const [from = 0n, to = BigInt(of.length), ...others] = bounds
  if (others.length > 0) throw new ExecutionError('error calling slice: too many slice indexes')
  if (typeof from !== 'bigint' || typeof to !== 'bigint' || bounds.includes(undefined)) {
    throw new ExecutionError('error calling slice: an index is no integer')
  }
  if (from < 0n || to > of.length || from > to)
    throw new ExecutionError(`error calling slice: index out of range: ${from}:${to}`)
  return of.slice(Number(from), Number(to)) as T
}

const digitsOf = (base: number): string => '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, base)

/** As Go's strconv.ParseUint; base 0 goes by the prefix. */
function parseUnsigned(text: string, base: number, bits: number): bigint {
  const fail = (why: string) =>
    new ExecutionError(`error calling parseInt: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`)
  if (base !== 0 && !(base >= 2 && base <= 36)) throw fail(`invalid base ${base}`)
  if (!(bits >= 0 && bits <= 64)) throw fail(`invalid bit size ${bits}`)
  const [, prefix = '', digits = ''] = base === 0 ? (/^(0[xob]?(?=.)|)(.*)$/is.exec(text) ?? []) : [text, '', text]
  const radix = base !== 0 ? base : ({ '0x': 16, '0b': 2, '': 10 }[prefix.toLowerCase()] ?? 8)
  const known = digitsOf(radix)
  let value = 0n
  for (const digit of digits.toLowerCase()) {
    const weight = known.indexOf(digit)
    if (weight < 0) throw fail('invalid syntax')
    value = value * BigInt(radix) + BigInt(weight)
  }
  if (digits === '') throw fail('invalid syntax')
  if (value >= 1n << BigInt(bits || 64)) throw fail('value out of range')
  return value
}

/** Go's fmt.Sprintf: the verbs v, s, q, t, d, b, o, x, X and c, with flags, width and precision. */
export function printFormatted(format: string, args: readonly Value[]): string {
  let next = 0
  const text = format.replace(
    /%([-+# 0]*)([0-9]*)(?:\.([0-9]*))?([\s\S]|$)/gu,
    (_all, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%'
      if (verb === '') return '%!(NOVERB)'
      if (next >= args.length) return `%!${verb}(MISSING)`
      const printed = printVerb(verb, args[next++], flags, precision)
      const room = Math.min(Number(width), 1000)
      if (flags.includes('-')) return printed.padEnd(room)
      if (!flags.includes('0')) return printed.padStart(room)
      const sign = /^[-+ ]?/.exec(printed)?.[0] ?? ''
      return sign + printed.slice(sign.length).padStart(room - sign.length, '0')
    },
  )
  if (next >= args.length) return text
  return `${text}%!(EXTRA ${args
    .slice(next)
    .map((arg) => `${kindOf(arg)}=${printValue(arg)}`)
    .join(', ')})`
}

function printVerb(verb: string, value: Value, flags: string, precision: string | undefined): string {
  const cut = (text: string) => (precision === undefined ? text : [...text].slice(0, Number(precision)).join(''))
  if (verb === 'v' && value === undefined) return '<nil>'
  if (typeof value === 'bigint') {
    const number = printInteger(verb, value, flags)
    if (number !== undefined) return number
  } else if (typeof value === 'boolean') {
    if (verb === 't' || verb === 'v') return String(value)
  } else if (verb === 's' || verb === 'v') {
    if (value !== undefined) return cut(printValue(value))
  } else if (typeof value === 'string') {
    if (verb === 'q') return JSON.stringify(cut(value))
    const hex = Buffer.from(value).toString('hex')
    if (verb === 'x') return hex
    if (verb === 'X') return hex.toUpperCase()
  }
  return `%!${verb}(${kindOf(value)}=${printValue(value)})`
}

const radixes: Readonly<Record<string, readonly [radix: number, prefix: string]>> = {
  ...{ d: [10, ''], v: [10, ''], b: [2, '0b'], o: [8, '0'], x: [16, '0x'], X: [16, '0X'] },
}

function printInteger(verb: string, value: bigint, flags: string): string | undefined {
  if (verb === 'c') return String.fromCodePoint(Number(value))
  const form = Object.hasOwn(radixes, verb) ? radixes[verb] : undefined
  if (form === undefined) return undefined
  const [radix, prefix] = form
  const digits = (value < 0n ? -value : value).toString(radix)
  const sign = value < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return sign + (flags.includes('#') ? prefix : '') + (verb === 'X' ? digits.toUpperCase() : digits)
}
