// What a Go template says, as a tree: the part of text/template that makes sense for a record. What is left out is refused
// when the template is read, and never when a query comes.
import { printToken, type Token, type TokenKind, tokenize } from './tokens.ts'

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | { readonly kind: 'if'; readonly pipeline: Pipeline; readonly consequent: Template; readonly alternative: Template }

export type Template = readonly Node[]

export interface Pipeline {
  /** Set to the value, which then is not written: `$x := ...`, or `$x = ...` where it is there already. */
  readonly variable: string | undefined
  readonly assigns: boolean
  /** The value of each is the last argument of the next. */
  readonly commands: readonly Command[]
}

/** A function or method with arguments, or a value alone. */
export type Command = readonly Operand[]

export type Operand =
  /** Undefined is Go's nil. */
  | { readonly kind: 'literal'; readonly value: string | bigint | boolean | undefined }
  | { readonly kind: 'function'; readonly name: string }
  /** `.Group.a`: of what the query and its match are. */
  | { readonly kind: 'field'; readonly path: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly path: readonly string[] }

export const functions = [
  ...(['and', 'or', 'not', 'eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const),
  ...(['index', 'slice', 'len', 'print', 'println', 'printf', 'parseInt'] as const),
]
const refusedFunctions = ['call', 'html', 'js', 'urlquery']
const refusedKeywords = ['block', 'define', 'range', 'template', 'with']
const maxDepth = 100

/** A template that can't be used; the message is Go's for what Go refuses too. */
export class TemplateError extends Error {
  override name = 'TemplateError'
}

/** `name` is what messages call it. Throws TemplateError. */
export function parseTemplate(name: string, source: string): Template {
  return new Parser(name, tokenize(source)).parse()
}

class Parser {
  readonly #name: string
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  /** In scope, the innermost last. */
  #variables: readonly string[] = ['$']

  constructor(name: string, tokens: readonly Token[]) {
    this.#name = name
    this.#tokens = tokens
  }

  parse(): Template {
    const { nodes, end } = this.#list()
    if (end !== 'end of text') throw this.#error(`unexpected {{${end}}}`)
    return nodes
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token
  }

  #take(): Token {
    const token = this.#peek()
    this.#next++
    return token
  }

  #skipSpace(): void {
    if (this.#peek().kind === 'space') this.#next++
  }

  #isNext(kind: TokenKind, text?: string): boolean {
    const next = this.#peek()
    return next.kind === kind && (text === undefined || next.text === text)
  }

  #error(problem: string): TemplateError {
    const { line } = this.#tokens[Math.min(this.#next, this.#tokens.length) - 1] ?? this.#peek()
    return new TemplateError(`template: ${this.#name}:${line}: ${problem}`)
  }

  #unexpected(context: string): TemplateError {
    const token = this.#take()
    return this.#error(token.kind === 'error' ? token.text : `unexpected ${printToken(token)} in ${context}`)
  }

  /** Up to what ends it; `else if` is left to be read. */
  #list(): { readonly nodes: Template; readonly end: 'end' | 'else' | 'end of text' } {
    const nodes: Node[] = []
    for (;;) {
      if (this.#isNext('end')) return { nodes, end: 'end of text' }
      if (this.#isNext('text')) {
        nodes.push({ kind: 'text', text: this.#take().text })
        continue
      }
      if (!this.#isNext('open')) throw this.#unexpected('input')
      this.#take()
      this.#skipSpace()
      const { kind, text } = this.#peek()
      if (kind === 'keyword' && (text === 'end' || text === 'else')) {
        this.#take()
        this.#skipSpace()
        if (text === 'end' || !this.#isNext('keyword', 'if')) this.#close(text)
        return { nodes, end: text }
      }
      nodes.push(this.#action())
    }
  }

  #close(context: string): void {
    this.#skipSpace()
    if (!this.#isNext('close')) throw this.#unexpected(context)
    this.#take()
  }

  #action(): Node {
    const { kind, text } = this.#peek()
    if (kind === 'keyword' && refusedKeywords.includes(text)) {
      this.#take()
      throw this.#error(`{{${text}}} is not supported here`)
    }
    if (kind === 'identifier' && (text === 'break' || text === 'continue')) {
      throw this.#error(`{{${text}}} outside {{range}}`)
    }
    if (kind !== 'keyword' || text !== 'if') return { kind: 'action', pipeline: this.#pipeline('command', 'close') }
    this.#take()
    return this.#if()
  }

  #if(): Node {
    if (++this.#depth > maxDepth) throw this.#error('max expression depth exceeded')
    const outer = this.#variables
    const pipeline = this.#pipeline('if', 'close')
    const first = this.#list()
    const alternative = first.end === 'else' ? this.#alternative() : []
    if (first.end === 'end of text') throw this.#error('unexpected EOF')
    this.#variables = outer
    this.#depth--
    return { kind: 'if', pipeline, consequent: first.nodes, alternative }
  }

  #alternative(): Template {
    if (this.#isNext('keyword', 'if')) {
      this.#take()
      return [this.#if()]
    }
    const { nodes, end } = this.#list()
    if (end === 'end of text') throw this.#error('unexpected EOF')
    if (end === 'else') throw this.#error('expected end; found {{else}}')
    return nodes
  }

  /** Up to and with its end: `}}`, or the parenthesis. */
  #pipeline(context: string, end: 'close' | 'parenthesis'): Pipeline {
    this.#skipSpace()
    const declared = this.#declaration()
    const commands: Command[] = []
    for (;;) {
      this.#skipSpace()
      if (end === 'close' ? this.#isNext('close') : this.#isNext('mark', ')')) break
      const { kind, text } = this.#peek()
      const begins = kind !== 'mark' ? isOperand(this.#peek()) : text === '('
      if (!begins) throw this.#unexpected(context)
      commands.push(this.#command(end))
    }
    this.#take()
    if (commands.length === 0) throw this.#error(`missing value for ${context}`)
    commands.slice(1).forEach(([first], index) => {
      if (first?.kind === 'literal') throw this.#error(`non executable command in pipeline stage ${index + 2}`)
    })
    if (declared.variable !== undefined && !declared.assigns) {
      this.#variables = [...this.#variables, declared.variable]
    }
    return { ...declared, commands }
  }

  #declaration(): Pick<Pipeline, 'variable' | 'assigns'> {
    const none = { variable: undefined, assigns: false }
    if (!this.#isNext('variable')) return none
    const start = this.#next
    const { text } = this.#take()
    this.#skipSpace()
    if (this.#isNext('mark', ':=') || this.#isNext('mark', '=')) {
      const assigns = this.#take().text === '='
      return { variable: text, assigns }
    }
    this.#next = start
    return none
  }

  /** Up to the pipe sign, which is taken, or the end of the pipeline. */
  #command(end: 'close' | 'parenthesis'): Command {
    const operands: Operand[] = []
    for (;;) {
      this.#skipSpace()
      const operand = this.#operand()
      if (operand !== undefined) operands.push(operand)
      if (this.#isNext('space')) continue
      if (this.#isNext('mark', '|')) this.#take()
      else if (!(this.#isNext('close') || (end === 'parenthesis' && this.#isNext('mark', ')')))) {
        throw this.#unexpected('operand')
      }
      break
    }
    if (operands.length === 0) throw this.#error('empty command')
    return operands
  }

  #operand(): Operand | undefined {
    const token = this.#peek()
    if (token.kind === 'mark' && token.text === '(') {
      this.#take()
      if (++this.#depth > maxDepth) throw this.#error('max expression depth exceeded')
      const pipeline = this.#pipeline('parenthesized pipeline', 'parenthesis')
      this.#depth--
      return { kind: 'pipeline', pipeline, path: this.#path() }
    }
    if (!isOperand(token)) return undefined
    this.#take()
    switch (token.kind) {
      case 'identifier':
        return { kind: 'function', name: this.#functionName(token.text) }
      case 'field':
        return { kind: 'field', path: this.#knownPath([token.text.slice(1), ...this.#path()]) }
      case 'variable': {
        if (!this.#variables.includes(token.text)) throw this.#error(`undefined variable ${JSON.stringify(token.text)}`)
        const path = this.#path()
        return token.text === '$'
          ? { kind: 'field', path: this.#knownPath(path) }
          : { kind: 'variable', name: token.text, path }
      }
      case 'dot':
        throw this.#error('. is not supported here but with a field')
      default: {
        const value = this.#literal(token)
        if (this.#isNext('field')) throw this.#error(`unexpected . after term ${JSON.stringify(token.text)}`)
        return { kind: 'literal', value }
      }
    }
  }

  #path(): readonly string[] {
    const path: string[] = []
    while (this.#isNext('field')) path.push(this.#take().text.slice(1))
    return path
  }

  /** Fields that nobody has are found out when a query comes, as in CoreDNS; those that we don't have are not put up with. */
  #knownPath(path: readonly string[]): readonly string[] {
    const [first, second] = path
    if (first === undefined) throw this.#error('$ is not supported here but with a field')
    if (first === 'Message') throw this.#error('.Message is not supported here')
    if (first === 'Question' && !['Name', 'Qtype', 'Qclass'].includes(second ?? '')) {
      throw this.#error('.Question is not supported here but as .Question.Name, .Question.Qtype and .Question.Qclass')
    }
    return path
  }

  #functionName(name: string): string {
    if (refusedFunctions.includes(name)) throw this.#error(`function "${name}" is not supported here`)
    if (!(functions as readonly string[]).includes(name)) throw this.#error(`function "${name}" not defined`)
    return name
  }

  #literal({ kind, text }: Token): string | bigint | boolean | undefined {
    switch (kind) {
      case 'bool':
        return text === 'true'
      case 'number':
        return this.#number(text)
      case 'raw string':
        return text.slice(1, -1).replaceAll('\r', '')
      case 'string':
        return this.#string(text)
      case 'character': {
        const [character = '', ...others] = this.#string(`"${text.slice(1, -1).replaceAll('"', '\\"')}"`)
        if (character === '') throw this.#error('invalid syntax')
        if (others.length > 0) throw this.#error(`malformed character constant: ${text}`)
        return BigInt(character.codePointAt(0) ?? 0)
      }
      default:
        return undefined
    }
  }

  #number(text: string): bigint {
    const digits = text.replace(/(?<=[0-9a-f])_(?=[0-9a-f])/gi, '').replace(/^([-+]?)0_?(?=[0-7]+$)/, '$10o')
    const [, sign, number = ''] = /^([-+]?)(0x[0-9a-f]+|0o[0-7]+|0b[01]+|[0-9]+)$/i.exec(digits) ?? []
    if (/^0[0-9]/.test(number)) throw this.#error(`integer overflow: ${JSON.stringify(text)}`)
    if (number !== '') return sign === '-' ? -BigInt(number) : BigInt(number)
    const isReal = !Number.isNaN(Number.parseFloat(text)) && /^[-+]?[0-9_]*\.?[0-9_]*(e[-+]?[0-9]+)?i?$/i.test(text)
    throw this.#error(isReal ? `the number ${text} is not supported here: no integer` : `bad number syntax: "${text}"`)
  }

  /** Of a string in double quotes, by Go's escapes. */
  #string(text: string): string {
    const escapes = /\\(?:([abfnrtv\\"'])|x([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs
    return text.slice(1, -1).replace(escapes, (_all, letter, byte, octal, short, long) => {
      if (letter !== undefined) return letters[letter] ?? letter
      const digits = byte ?? short ?? long
      const point = digits === undefined ? Number.parseInt(octal ?? 'x', 8) : Number.parseInt(digits, 16)
      if (!(point <= 0x10ffff)) throw this.#error('invalid syntax')
      return String.fromCodePoint(point)
    })
  }
}

const letters: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
}

function isOperand({ kind, text }: Token): boolean {
  if (kind === 'keyword') return text === 'nil'
  return ['identifier', 'field', 'variable', 'dot', 'bool', 'number', 'string', 'raw string', 'character'].includes(
    kind,
  )
}
