// The grammar of expressions: expr-lang's, as far as questions need it. What it has beyond that is refused by name.
import { ExpressionError, printToken, type Token, tokenize } from './tokens.ts'

export type BinaryOperator =
  | ('||' | '&&' | '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in' | 'matches' | 'contains' | 'startsWith' | 'endsWith')
  | ('+' | '-' | '*' | '/' | '%')

/** `at` is the place, in characters, at which a node is spoken of: of what has an operator, the operator's. */
export type Node =
  | {
      readonly node: 'literal'
      readonly at: number
      readonly value: string | number | boolean
      readonly isInteger: boolean
    }
  | { readonly node: 'array'; readonly at: number; readonly items: readonly Node[] }
  | { readonly node: 'call'; readonly at: number; readonly name: string; readonly args: readonly Node[] }
  | {
      readonly node: 'unary'
      readonly at: number
      readonly operator: '!' | '-' | '+'
      readonly written: string
      readonly of: Node
    }
  | { readonly node: 'name'; readonly at: number; readonly name: string }
  | Binary
  | { readonly node: 'choice'; readonly at: number; readonly condition: Node; readonly yes: Node; readonly no: Node }

export interface Binary {
  readonly node: 'binary'
  readonly at: number
  readonly operator: BinaryOperator
  readonly written: string
  readonly left: Node
  readonly right: Node
}

const precedences: Readonly<Record<string, number>> = {
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '>=': 20,
  '<=': 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
}
const unaryPrecedences: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 }
const negatable = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith'])
const comparisons = new Set(['<', '>', '<=', '>='])
const inWords: Readonly<Record<string, string>> = { or: '||', and: '&&', not: '!' }
/** What the language has and we don't. */
const foreign = new Set(['|', '..', '**', '^', '??', '?.', '.', '#', '##', '::', ';', 'let', 'if', '{', 'nil', '$env'])
const maxDepth = 100

/** Throws ExpressionError. */
export function parseExpression(text: string): Node {
  if (text.trim() === '') throw new ExpressionError('unexpected token EOF')
  return new Parser(tokenize(text)).parse()
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Node {
    const node = this.#expression(0)
    if (this.#token.kind !== 'EOF') throw this.#unexpected()
    return node
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token
  }

  #is(text: string, kind: Token['kind'] = 'Operator'): boolean {
    return this.#token.kind === kind && this.#token.text === text
  }

  #take(): Token {
    const token = this.#token
    this.#next++
    return token
  }

  #expect(text: string, kind: Token['kind']): void {
    if (!this.#is(text, kind)) throw this.#unexpected()
    this.#next++
  }

  #unexpected(token: Token = this.#token): ExpressionError {
    if (token.kind !== 'String' && foreign.has(token.text)) {
      return new ExpressionError(`'${token.text}' is not supported here`, token.at)
    }
    return new ExpressionError(`unexpected token ${printToken(token)}`, token.at)
  }

  #expression(least: number): Node {
    if (++this.#depth > maxDepth) throw new ExpressionError('the expression is nested too deep', this.#token.at)
    let left = this.#primary()
    for (;;) {
      const negation = this.#is('not') ? this.#take() : undefined
      const token = this.#token
      const precedence = token.kind === 'Operator' ? precedences[token.text] : undefined
      if (negation !== undefined && !negatable.has(token.text)) throw this.#unexpected()
      if (precedence === undefined || precedence < least) {
        if (negation !== undefined) this.#next--
        break
      }
      this.#next++
      const binary = this.#binary(token, left, this.#expression(precedence + 1))
      left = comparisons.has(token.text) ? this.#comparisons(binary, precedence) : binary
      if (negation !== undefined) {
        left = { node: 'unary', at: token.at, operator: '!', written: 'not', of: left }
      }
    }
    if (least === 0) left = this.#choices(left)
    this.#depth--
    return left
  }

  #binary(token: Token, left: Node, right: Node): Binary {
    const operator = (inWords[token.text] ?? token.text) as BinaryOperator
    return { node: 'binary', at: token.at, operator, written: token.text, left, right }
  }

  /** `1 < x < 3` is `1 < x && x < 3`. */
  #comparisons(first: Binary, precedence: number): Node {
    let all: Node = first
    for (let last = first; comparisons.has(this.#token.text) && this.#token.kind === 'Operator'; ) {
      const token = this.#take()
      last = this.#binary(token, last.right, this.#expression(precedence + 1))
      all = { node: 'binary', at: token.at, operator: '&&', written: '&&', left: all, right: last }
    }
    return all
  }

  #choices(first: Node): Node {
    let condition = first
    while (this.#is('?')) {
      const { at } = this.#take()
      const yes = this.#is(':') ? condition : this.#expression(0)
      this.#expect(':', 'Operator')
      condition = { node: 'choice', at, condition, yes, no: this.#expression(0) }
    }
    return condition
  }

  #primary(): Node {
    const node = this.#operand()
    // Fields, elements and parts of a value.
    if (this.#is('[', 'Bracket')) throw new ExpressionError("'[' after a value is not supported here", this.#token.at)
    return node
  }

  #operand(): Node {
    const token = this.#take()
    const { kind, text, at } = token
    switch (kind) {
      case 'Operator': {
        const precedence = unaryPrecedences[text]
        if (precedence === undefined) throw this.#unexpected(token)
        const operator = (inWords[text] ?? text) as '!' | '-' | '+'
        return { node: 'unary', at, operator, written: text, of: this.#expression(precedence) }
      }
      case 'String':
        return { node: 'literal', at, value: text, isInteger: false }
      case 'Number':
        return { node: 'literal', at, ...readNumber(text, this.#token.at) }
      case 'Identifier':
        if (text === 'true' || text === 'false')
          return { node: 'literal', at, value: text === 'true', isInteger: false }
        if (foreign.has(text)) throw this.#unexpected(token)
        if (!this.#is('(', 'Bracket')) return { node: 'name', at, name: text }
        return { node: 'call', at, name: text, args: this.#list('(', ')') }
      case 'Bracket':
        if (text === '(') {
          const inner = this.#expression(0)
          this.#expect(')', 'Bracket')
          return inner
        }
        if (text !== '[') throw this.#unexpected(token)
        this.#next--
        return { node: 'array', at, items: this.#list('[', ']') }
      case 'EOF':
        throw this.#unexpected(token)
    }
  }

  /** A comma may follow the last one. */
  #list(open: string, close: string): readonly Node[] {
    this.#expect(open, 'Bracket')
    const items: Node[] = []
    while (!this.#is(close, 'Bracket')) {
      if (items.length > 0) {
        this.#expect(',', 'Operator')
        if (this.#is(close, 'Bracket')) break
      }
      items.push(this.#expression(0))
    }
    this.#expect(close, 'Bracket')
    return items
  }
}

/** `next` is where the word after it stands, of which expr-lang speaks. */
function readNumber(written: string, next: number): { readonly value: number; readonly isInteger: boolean } {
  const text = written.replaceAll('_', '')
  const isFraction = !/^0x/i.test(text) && /[.e]/i.test(text)
  const value = /^[0-9]+$/.test(text) ? Number.parseInt(text, 10) : Number(text)
  if (Number.isNaN(value)) throw new ExpressionError(`bad number syntax: ${JSON.stringify(written)}`, next)
  if (isFraction && !Number.isFinite(value)) {
    const words = `strconv.ParseFloat: parsing ${JSON.stringify(text)}: value out of range`
    throw new ExpressionError(`invalid float literal: ${words}`, next)
  }
  if (!isFraction && value >= 2 ** 63) {
    const words = `strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`
    throw new ExpressionError(`invalid integer literal: ${words}`, next)
  }
  return { value, isInteger: !isFraction }
}
