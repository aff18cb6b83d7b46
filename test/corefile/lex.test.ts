import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lex } from '../../src/corefile/lex.ts'

/** Text, and its words, each after its line. */
const cases: readonly { readonly text: string; readonly words: readonly string[] }[] = [
  { text: '', words: [] },
  { text: ' \n\t\n', words: [] },
  { text: 'a b\nc', words: ['1 a', '1 b', '2 c'] },
  { text: '.:53 {\n  log\n}', words: ['1 .:53', '1 {', '2 log', '3 }'] },
  { text: 'a{b}', words: ['1 a{b}'] },
  // White space is Unicode's, but a byte order mark is none.
  { text: 'a\u00a0b\u2003c\u0085d\u3000e', words: ['1 a', '1 b', '1 c', '1 d', '1 e'] },
  { text: '\ufeffa b', words: ['1 a', '1 b'] },
  { text: 'a \ufeffb', words: ['1 a', '1 \ufeffb'] },
  // Carriage returns are nothing, wherever they stand outside quotes.
  { text: 'a\r\nb\r\n', words: ['1 a', '2 b'] },
  { text: 'a\rb', words: ['1 ab'] },
  { text: '"a\r\nb" c', words: ['1 a\r\nb', '2 c'] },
  // Comments.
  { text: '# a\nb # c\n#d\n#\ne', words: ['2 b', '5 e'] },
  { text: '#a b\rc\nd', words: ['2 d'] },
  { text: 'a#b\nc', words: ['1 a', '2 c'] },
  // Inside a word a comment ends at white space: CoreDNS's oddity.
  { text: 'a#b c\nd', words: ['1 a', '1 c', '2 d'] },
  { text: '"a # b"', words: ['1 a # b'] },
  // Quotes.
  { text: '"a b" c', words: ['1 a b', '1 c'] },
  { text: '"a""b"c', words: ['1 a', '1 b', '1 c'] },
  { text: 'a"b c"', words: ['1 a"b', '1 c"'] },
  { text: '"" a', words: ['1 ', '1 a'] },
  { text: '"a\nb\n" c\nd', words: ['1 a\nb\n', '3 c', '4 d'] },
  { text: '"a \\"b\\" c"', words: ['1 a "b" c'] },
  { text: '"a\\n \\\\ \\d"', words: ['1 a\\n \\\\ \\d'] },
  { text: '"a\\\\" b', words: ['1 a\\\\', '1 b'] },
  { text: 'a\\ b\\', words: ['1 a\\', '1 b\\'] },
  { text: "'a b' `c`", words: ["1 'a", "1 b'", '1 `c`'] },
  // A quote that isn't closed goes on to the end; one with nothing after it is nothing.
  { text: 'a "b\nc', words: ['1 a', '1 b\nc'] },
  { text: 'a "b\\', words: ['1 a', '1 b'] },
  { text: 'a "', words: ['1 a'] },
]

for (const { text, words } of cases) {
  test(JSON.stringify(text), () => {
    const tokens = lex(text, 'Corefile')
    assert.deepEqual(
      tokens.map((token) => `${token.line} ${token.text}`),
      words,
    )
    assert(tokens.every((token) => token.file === 'Corefile'))
  })
}
