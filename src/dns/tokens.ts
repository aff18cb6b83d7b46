// The tokens of a line of record text (RFC 1035 5.1): words, "strings", ( ) over several lines, ; comments.
import { type Name, NameError, parseName, readChar } from './name.ts'
import { RecordError } from './record-error.ts'

/** A word or string. Escapes still stand in its text, quotes don't: a string may also be the end of a word, as in `alpn="h2"`. */
export interface Token {
  readonly text: string
  /** Did it begin with a quote? */
  readonly quoted: boolean
}

const token = /\s+|[()]|;[^\n]*|"((?:[^"\\]|\\[\s\S])*)"|((?:[^\s"();\\]|\\[\s\S])+)(?:"((?:[^"\\]|\\[\s\S])*)")?/y

/** Throws RecordError for a quote that isn't closed and a backslash at the end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const match = token.exec(text)
    if (match === null) throw new RecordError(`stray ${JSON.stringify(text[at])} in ${JSON.stringify(text)}`)
    const [, string, word, wordEnd = ''] = match
    if (string !== undefined) tokens.push({ text: string, quoted: true })
    else if (word !== undefined) tokens.push({ text: word + wordEnd, quoted: false })
  }
  return tokens
}

/** The octets a text with escapes stands for; what is not ASCII is its UTF-8. Throws RecordError for a bad escape. */
export function parseOctets(text: string): string {
  let octets = ''
  for (let at = 0; at < text.length; ) {
    const read = readChar(text, at)
    if (read === undefined) throw new RecordError(`bad escape in ${JSON.stringify(text)}`)
    octets += read.octets
    at = read.end
  }
  return octets
}

/** The text that stands for these octets inside quotes. Inverse of parseOctets. */
export function printOctets(octets: string): string {
  return octets.replace(/[^ !#-[\]-~]/g, (char) =>
    char === '"' || char === '\\' ? `\\${char}` : `\\${String(char.charCodeAt(0)).padStart(3, '0')}`,
  )
}

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Seconds of `3600`, `1h` or `1d12h`, as zone files have them since BIND 8; undefined for what is no such time. */
export function parseSeconds(text: string): number | undefined {
  if (!/^(?:[0-9]{1,10}[smhdw])*[0-9]{0,10}$/i.test(text) || text === '') return undefined
  let sum = 0
  for (const [, digits, unit = 's'] of text.toLowerCase().matchAll(/([0-9]+)([smhdw]?)/g)) {
    sum += Number(digits) * (secondsIn[unit || 's'] ?? Number.NaN)
  }
  return sum
}

/** Takes the tokens of rdata one after the other, as what they should be. Throws RecordError where they aren't. */
export class Fields {
  readonly #tokens: readonly Token[]
  readonly #origin: Name | undefined
  #next = 0

  constructor(tokens: readonly Token[], origin: Name | undefined) {
    this.#tokens = tokens
    this.#origin = origin
  }

  /** The next token; `what` says what it should be, for the error. */
  token(what: string): Token {
    const token = this.#tokens[this.#next++]
    if (token === undefined) throw new RecordError(`${what} is missing`)
    return token
  }

  /** A name, relative ones to the origin; `@` is the origin itself. */
  name(what: string): Name {
    const { text } = this.token(what)
    if (text === '@' && this.#origin !== undefined) return this.#origin
    try {
      return parseName(text, this.#origin)
    } catch (error) {
      if (!(error instanceof NameError)) throw error
      throw new RecordError(`bad ${what}: ${error.message}`, { cause: error })
    }
  }

  /** A decimal number up to `max`. */
  number(what: string, max: number): number {
    const { text } = this.token(what)
    const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN
    if (!(value <= max)) throw new RecordError(`bad ${what}: ${JSON.stringify(text)}`)
    return value
  }

  /** A time, as parseSeconds reads it. */
  seconds(what: string, max: number): number {
    const { text } = this.token(what)
    const value = parseSeconds(text)
    if (value === undefined || value > max) throw new RecordError(`bad ${what}: ${JSON.stringify(text)}`)
    return value
  }

  /** Octets, up to `max` of them. */
  string(what: string, max: number): string {
    const octets = parseOctets(this.token(what).text)
    if (octets.length > max) throw new RecordError(`${what} longer than ${max} octets`)
    return octets
  }

  /** How many tokens are left. */
  get left(): number {
    return this.#tokens.length - this.#next
  }

  /** All that is left. */
  rest(): readonly Token[] {
    const rest = this.#tokens.slice(this.#next)
    this.#next = this.#tokens.length
    return rest
  }

  /** Is the next one this word? Then it is taken. */
  skip(word: string): boolean {
    const next = this.#tokens[this.#next]
    if (next === undefined || next.quoted || next.text !== word) return false
    this.#next++
    return true
  }

  end(): void {
    const left = this.#tokens[this.#next]
    if (left !== undefined) throw new RecordError(`unexpected ${JSON.stringify(left.text)}`)
  }
}
