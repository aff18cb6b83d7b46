// Random Corefiles, well-formed and broken: nothing comes out but server blocks or a CorefileError with its place.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CorefileError, type Directive, type ServerBlock } from '../../src/corefile/directive.ts'
import { parseCorefile } from '../../src/corefile/parse.ts'
import { printName } from '../../src/dns/name.ts'
import { memorySource } from '../corefile/memory-source.ts'
import { isPrintable, printCorefile } from '../corefile/print.ts'

const files: Readonly<Record<string, string>> = {
  '/etc/coredns/a.conf': 'log\nerrors',
  '/etc/coredns/props.conf': 'ttl 5\n pods "insecure"',
  '/etc/coredns/block.server': 'a.org {\n import a.conf\n}',
  '/etc/coredns/snippet.conf': '(s) {\n log {\n class error\n }\n}',
  '/etc/coredns/deep.conf': 'import s\nimport a.conf\nimport deeper.conf',
  '/etc/coredns/deeper.conf': '"unfinished',
}
const env = { ZONE: 'example.org', TWO: 'a b', OPEN: '{', LINES: 'x\ny', IMPORT: 'import', SELF: '{$SELF}' }

const plain = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/)
const key = fc.oneof(
  plain,
  fc.constantFrom('.', '.:53', '10.0.0.0/23', '2001:db8::/31', 'dns://a.org', 'tls://b.org:853', '{$ZONE}:54', 'A.org'),
)
const odd = fc.constantFrom('{$ZONE}', '{$TWO}', '{%LINES%}', '{$OPEN}', '"q w"', '"\\"', '""', '"a\nb"', '#c', 'w#c d')
const word = fc.oneof({ weight: 6, arbitrary: plain }, { weight: 1, arbitrary: odd })
const words = fc.array(word, { maxLength: 3 }).map((list) => list.join(' '))
const imported = fc.constantFrom(
  'a.conf',
  'props.conf',
  '*.server',
  'snippet.conf',
  'deep.conf',
  's',
  't',
  'none',
  'no*',
)
const importLine = imported.map((what) => `import ${what}`)

const property = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(plain, words).map((parts) => parts.join(' ')) },
  { weight: 1, arbitrary: importLine },
)
const block = fc.array(property, { maxLength: 3 }).map((lines) => ` {\n${lines.map((line) => `${line}\n`).join('')}}`)
const directive = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(plain, words, fc.option(block, { nil: '' })).map(([a, b, c]) => `${a} ${b}${c}`) },
  { weight: 1, arbitrary: importLine },
)
const serverBlock = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: fc.array(key, { minLength: 1, maxLength: 3 }) },
      fc.constantFrom(['(s)'], ['(t)']),
    ),
    fc.constantFrom(' ', ', ', ',\n'),
    fc.array(directive, { maxLength: 4 }),
  )
  .map(([keys, separator, lines]) => `${keys.join(separator)} {\n${lines.join('\n')}\n}\n`)
const corefile = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: serverBlock },
      importLine.map((line) => `${line}\n`),
    ),
    {
      maxLength: 3,
    },
  )
  .map((parts) => parts.join(''))

/** What breaks a text: put in, left out, copied. */
const splinter = fc.constantFrom(
  ...[
    '{',
    '}',
    '"',
    '#',
    '\n',
    ' ',
    '\\',
    '\r',
    ',',
    '\u0085',
    '\ufeff',
    '(',
    ')',
    ':',
    '/',
    '{$',
    '%}',
    'import ',
    '\ud800',
  ],
  ...['{$SELF}', 'import x y', '\n}\n{\n', '*', '[', '0', '://'],
)
const mutation = fc.record({
  at: fc.nat(),
  cut: fc.nat(6),
  from: fc.nat(),
  put: fc.option(splinter, { nil: undefined }),
})
const mutated = fc.tuple(corefile, fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([text, mutations]) =>
  mutations.reduce((broken, { at, cut, from, put }) => {
    const place = at % (broken.length + 1)
    const copied = put ?? broken.slice(from % (broken.length + 1)).slice(0, 12)
    return broken.slice(0, place) + copied + broken.slice(place + cut)
  }, text),
)
const noise = fc.string({ unit: 'binary', maxLength: 60 })

/** The blocks; undefined where the text is none, which must be told with file, line and sentence. */
function parse(text: string): readonly ServerBlock[] | undefined {
  try {
    return parseCorefile(text, memorySource(files, { env }))
  } catch (error) {
    assert(error instanceof CorefileError, `${String(error)} for ${JSON.stringify(text)}`)
    assert.match(
      error.message,
      /^(?:plugin\/.+: )?\/etc\/coredns\/[a-zA-Z.]+:[1-9][0-9]* - (?:Error during parsing|Syntax error): ./s,
    )
    assert(error.problem.length > 0)
    return undefined
  }
}

const wordsOf = ({ name, args, block: inner }: Directive): string[] => [name, ...args, ...inner.flatMap(wordsOf)]
const withoutPlaces = ({ name, args, block: inner }: Directive): object => ({
  name,
  args,
  block: inner.map(withoutPlaces),
})
const comparable = (blocks: readonly ServerBlock[]) =>
  blocks.map(({ keys, directives }) => ({ keys, directives: directives.map(withoutPlaces) }))

function checkRoundTrip(blocks: readonly ServerBlock[]): void {
  const all = blocks.flatMap((one) => one.directives.flatMap(wordsOf))
  const keys = blocks.flatMap((one) => one.keys.map(({ zone }) => printName(zone)))
  if (!keys.every((name) => isPrintable(name) && !/\{[$%]/.test(name))) return
  // Braces, imports and variables that came out of variables would be read again.
  if (!all.every((one) => isPrintable(one) && !/^[{}]$|^import$|\{[$%]/.test(one))) return
  assert.deepEqual(comparable(parse(printCorefile(blocks)) ?? []), comparable(blocks))
}

for (const [what, texts] of Object.entries({ 'well-formed': corefile, mutated, noise })) {
  test(`5000 Corefiles, ${what}`, () => {
    let good = 0
    fc.assert(
      fc.property(texts, (text) => {
        const blocks = parse(text)
        if (blocks === undefined) return
        good++
        checkRoundTrip(blocks)
      }),
      { numRuns: 5000 },
    )
    assert(good > 100, `only ${good} of them could be read`)
  })
}
