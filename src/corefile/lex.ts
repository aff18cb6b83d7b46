// Splits the text of a Corefile into words that know where they stand.

export interface Token {
  /** Without its quotes; a quoted brace is a brace all the same. */
  readonly text: string
  readonly file: string
  /** Of its first character, from 1. */
  readonly line: number
}

/** What separates words: white space as Unicode has it (Go's unicode.IsSpace), which differs from JavaScript's `\s`. */
const space = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/**
 * Words end at white space. One that begins with `"` goes on to the next `"`, newlines included; inside, `\"` is a quote
 * and every other backslash stands for itself. `#` begins a comment up to the end of the line, inside a word too; there
 * the comment ends at the next white space already, an oddity of CoreDNS's that is kept: `a#b c` is `a` and `c`. A byte
 * order mark at the start and carriage returns outside quotes are nothing. Never fails: a quote that isn't closed goes
 * on to the end.
 */
export function lex(text: string, file: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  let word = ''
  let start = 0
  let comment = false
  const push = () => {
    tokens.push({ text: word, file, line: start })
    word = ''
    comment = false
  }
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; at++) {
    const char = text[at] as string
    if (space.test(char)) {
      if (char === '\r') continue
      if (char === '\n') {
        line++
        comment = false
      }
      if (word !== '') push()
      continue
    }
    if (char === '#') comment = true
    if (comment) continue
    if (word !== '') {
      word += char
      continue
    }
    start = line
    if (char !== '"') {
      word = char
      continue
    }
    const end = closingQuote(text, at + 1)
    const inside = text.slice(at + 1, end)
    word = inside.replace(/\\(["\\]|$)/g, (pair) => (pair === '\\"' ? '"' : pair === '\\' ? '' : pair))
    line += inside.split('\n').length - 1
    at = end
    if (end < text.length || word !== '') push()
  }
  if (word !== '') push()
  return tokens
}

/** The place of the next quote without a backslash before it, or the end of the text. */
function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return text.length
}
