// The words of a Go template (Go's text/template): the text outside of `{{ }}`, and what stands inside.

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'keyword'
  | 'identifier'
  | 'field'
  | 'variable'
  | 'dot'
  | 'bool'
  | 'number'
  | 'string'
  | 'raw string'
  | 'character'
  | 'mark'
  | 'error'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As it is written, with quotes, dots and dollars; of an error the message. */
  readonly text: string
  /** From 1. */
  readonly line: number
}

/** `break` and `continue` are words like any other outside of `range`. */
const keywords = ['block', 'define', 'else', 'end', 'if', 'nil', 'range', 'template', 'with']

/** What a word inside may be, in the order of trial. */
const words: readonly (readonly [kind: TokenKind, pattern: RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"/y],
  ['raw string', /`[^`]*`/y],
  ['character', /'(?:[^'\\\n]|\\[^\n])*'/y],
  ['number', /[-+]?\.?[0-9][\p{L}\p{Nd}_.]*/uy],
  ['field', /\.[\p{L}\p{Nd}_]+/uy],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['identifier', /[\p{L}\p{Nd}_]+/uy],
  ['mark', /:=|[!-~]/y],
]

/** ` -}}` takes away the white space behind it, and `{{- ` that before. */
const close = /[ \t\r\n]-\}\}[ \t\r\n]*|\}\}/y
const open = /\{\{(?:-(?=[ \t\r\n]))?/y
const comment = /(?:[ \t\r\n])?\/\*[\s\S]*?(?:\*\/|$)/y
/** What may stand behind a name. */
const terminator = /[ \t\r\n.,|:)(]|\}\}|$/y

const problems: Readonly<Record<string, string>> = {
  '"': 'unterminated quoted string',
  '`': 'unterminated raw quoted string',
  "'": 'unterminated character constant',
  ':': 'expected :=',
}

/** The tokens up to the end, or up to the first error, which then is the last of them. */
export function tokenize(source: string): readonly Token[] {
  return new Tokenizer(source).tokens
}

class Tokenizer {
  readonly tokens: Token[] = []
  readonly #source: string
  #at = 0
  #line = 1

  constructor(source: string) {
    this.#source = source
    while (this.#readText() && this.#readAction());
  }

  /** What matches at this place; it is not passed. */
  #peek(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#source)?.[0]
  }

  #pass(text: string): void {
    this.#at += text.length
    this.#line += text.split('\n').length - 1
  }

  #push(kind: TokenKind, text: string): void {
    this.tokens.push({ kind, text, line: this.#line })
    this.#pass(text)
  }

  #fail(problem: string): false {
    this.tokens.push({ kind: 'error', text: problem, line: this.#line })
    return false
  }

  /** Up to the next action; false where there is none. */
  #readText(): boolean {
    const next = this.#source.indexOf('{{', this.#at)
    const all = this.#source.slice(this.#at, next < 0 ? undefined : next)
    const text = /^-[ \t\r\n]/.test(this.#source.slice(next + 2, next + 4)) ? all.replace(/[ \t\r\n]+$/, '') : all
    if (text !== '') this.#push('text', text)
    this.#pass(all.slice(text.length))
    if (next >= 0) return true
    this.tokens.push({ kind: 'end', text: 'EOF', line: this.#line })
    return false
  }

  /** Up to and with `}}`; false after an error. */
  #readAction(): boolean {
    const start = this.#peek(open) ?? ''
    this.#pass(start)
    const remark = start.length === 3 || this.#source[this.#at] === '/' ? this.#peek(comment) : undefined
    if (remark !== undefined) return this.#passComment(remark)
    this.tokens.push({ kind: 'open', text: '{{', line: this.#line })
    for (let depth = 0; ; ) {
      const end = this.#peek(close)
      if (end !== undefined) {
        if (depth > 0) return this.#fail('unclosed left paren')
        this.tokens.push({ kind: 'close', text: '}}', line: this.#line })
        this.#pass(end)
        return true
      }
      if (this.#source[this.#at] === '(') depth++
      if (this.#source[this.#at] === ')' && --depth < 0) return this.#fail('unexpected right paren')
      if (!this.#readWord()) return false
    }
  }

  #passComment(remark: string): boolean {
    if (!remark.endsWith('*/') || /^\s?\/\*\/$/.test(remark)) return this.#fail('unclosed comment')
    this.#pass(remark)
    const end = this.#peek(close)
    if (end === undefined) return this.#fail('comment ends before closing delimiter')
    this.#pass(end)
    return true
  }

  #readWord(): boolean {
    if (this.#at >= this.#source.length) return this.#fail('unclosed action')
    for (const [kind, pattern] of words) {
      const text = this.#peek(pattern)
      if (text === undefined) continue
      const end = this.#at + text.length
      // The last character of the white space belongs to ` -}}`.
      if (kind === 'space') this.#push(kind, this.#source.startsWith('-}}', end) ? text.slice(0, -1) || text : text)
      else if (kind === 'identifier' || kind === 'field' || kind === 'variable') return this.#readName(kind, text)
      else if (kind === 'mark' && Object.hasOwn(problems, text)) return this.#fail(problems[text] as string)
      else this.#push(kind, text)
      return true
    }
    return this.#fail(`unrecognized character in action: ${this.#printCharacter(this.#at)}`)
  }

  #readName(kind: TokenKind, text: string): boolean {
    terminator.lastIndex = this.#at + text.length
    if (!terminator.test(this.#source)) {
      return this.#fail(`bad character ${this.#printCharacter(this.#at + text.length)}`)
    }
    const word = text === 'true' || text === 'false' ? 'bool' : keywords.includes(text) ? 'keyword' : kind
    this.#push(kind === 'identifier' ? word : kind, text)
    return true
  }

  #printCharacter(at: number): string {
    const point = this.#source.codePointAt(at) ?? 0
    const character = String.fromCodePoint(point)
    const number = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
    return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character) ? `${number} '${character}'` : number
  }
}

/** A token as Go's messages quote it. */
export function printToken({ kind, text }: Token): string {
  if (kind === 'end') return 'EOF'
  if (kind === 'error') return text
  if (kind === 'keyword' || kind === 'dot') return `<${text}>`
  return text.length > 10 ? `${JSON.stringify(text.slice(0, 10))}...` : JSON.stringify(text)
}
