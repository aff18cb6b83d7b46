// The words of an expression: numbers, strings, names, operators and brackets, each with the place it stands at.

export type TokenKind = 'Number' | 'String' | 'Identifier' | 'Operator' | 'Bracket' | 'EOF'

export interface Token {
  readonly kind: TokenKind
  /** Of a string what it stands for, without quotes and escapes. */
  readonly text: string
  /** Characters before it. */
  readonly at: number
}

/** An expression that can't be used. The message is expr-lang's, with line and column but without its excerpt. */
export class ExpressionError extends Error {
  override name = 'ExpressionError'

  /** `at` is in characters; left out where there is nothing to point at. */
  constructor(problem: string, at?: number) {
    super(at === undefined ? problem : `${problem} (1:${at + 1})`)
  }
}

const blank = /\s+/y
const word = /[\p{L}\p{Nd}_$]+/uy
const wordOperators = new Set([
  'not',
  'in',
  'or',
  'and',
  'matches',
  'contains',
  'startsWith',
  'endsWith',
  'let',
  'if',
  'else',
])
const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}
const symbols = /(?:\|\|?|::?|\?[.?]?|\.\.?|[&!=*<>][&=*]?|[,;%+\-^/#])/y
const number = /(?:0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.(?!\.)[0-9_]*)?(?:[eE][-+]?[0-9_]*)?)/y

/** The last is EOF, which stands at the last character. Throws ExpressionError. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  const push = (kind: TokenKind, end: number, value = text.slice(at, end)) => {
    tokens.push({ kind, text: value, at })
    at = end
  }
  /** The end of what the pattern matches here; undefined where it doesn't. */
  const endOf = (pattern: RegExp, from: number = at): number | undefined => {
    pattern.lastIndex = from
    return pattern.test(text) ? pattern.lastIndex : undefined
  }
  while (at < text.length) {
    const char = text[at] as string
    const end = endOf(blank)
    if (end !== undefined) at = end
    else if (char === "'" || char === '"' || char === '`') {
      const { value, end } = readString(text, at, char)
      push('String', end, value)
    } else if (/^\.?[0-9]/.test(text.slice(at, at + 2))) {
      const end = endOf(number) ?? at
      if (endOf(word, end) !== undefined) {
        throw new ExpressionError(`bad number syntax: ${JSON.stringify(text.slice(at, end + 1))}`, end)
      }
      push('Number', end)
    } else if ('()[]{}'.includes(char)) push('Bracket', at + 1)
    else {
      const wordEnd = endOf(word)
      const end = wordEnd ?? endOf(symbols)
      if (end === undefined) throw new ExpressionError(`unrecognized character: ${printCharacter(text, at)}`, at)
      const isOperator = wordEnd === undefined || wordOperators.has(text.slice(at, end))
      push(isOperator ? 'Operator' : 'Identifier', end)
    }
  }
  tokens.push({ kind: 'EOF', text: '', at: Math.max(0, text.length - 1) })
  return tokens
}

function printCharacter(text: string, at: number): string {
  const point = text.codePointAt(at) ?? 0
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(point)}'`
}

/** Between backticks every character stands for itself. */
function readString(text: string, start: number, quote: string): { value: string; end: number } {
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] as string
    if (char === quote) return { value, end: at + 1 }
    if (quote === '`' || (char !== '\\' && char !== '\n')) value += char
    else if (char === '\n') throw new ExpressionError('literal not terminated', at)
    else {
      at++
      const escaped = text[at] ?? ''
      const meant = escaped === quote ? quote : escapes[escaped]
      if (meant === undefined) {
        const isNumeric = /[0-7xuU]/.test(escaped)
        throw new ExpressionError(isNumeric ? `'\\${escaped}' is not supported here` : 'invalid char escape', at)
      }
      value += meant
    }
  }
  throw new ExpressionError('literal not terminated', text.length)
}

/** As it stands in messages. */
export function printToken({ kind, text }: Token): string {
  return kind === 'EOF' ? kind : `${kind}(${JSON.stringify(text)})`
}
