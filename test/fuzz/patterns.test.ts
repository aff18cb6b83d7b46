// Operators write regular expressions, strangers choose what they are matched with: whatever the two are, a match costs no more
// than the length of the text, and a name says nothing in a log, a record or a reply but itself.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { printRcode, Rcode } from '../../src/dns/codes.ts'
import { lowerName, type Name, printName } from '../../src/dns/name.ts'
import type { Reply } from '../../src/dns/reply.ts'
import { printRecords } from '../../src/dns/text.ts'
import { compilePattern, type Pattern, PatternError } from '../../src/regexp.ts'
import { serverFor } from '../ask.ts'
import { queryOf, recordLog } from '../context.ts'

/** What engines that backtrack need years for, on text such as the names below. */
const hostilePatterns: readonly string[] = [
  ...[
    '^(a+)+$',
    '^(a|aa)+$',
    '^(a|a)*$',
    '^(a*)*$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '^(.*a){12}[.]b$',
    '(?:a?){40}a{40}!',
  ],
  ...[
    '^([^.]+[.]?)*!$',
    '(x+x+)+y',
    'a*a*a*a*a*a*b',
    '.*.*.*=.*',
    '(?i)^(?:A|aa|aaa)+$',
    '([a-z0-9]+)*@',
    '(a|b)*a(a|b){9}$',
  ],
  ...['^(?:(?:a|[.])+)+\\d$', '(?:.|\\\\[0-9]{3})*[^.a0-9\\\\]$', '(?s)(?:.*)*\\z!', '((((((a*)*)*)*)*)*)*$b'],
]

/** A text that counts how often one of its characters is looked at. */
class CountedText extends String {
  reads = 0
  override codePointAt(at: number): number | undefined {
    this.reads++
    return super.codePointAt(at)
  }
  override charCodeAt(at: number): number {
    this.reads++
    return super.charCodeAt(at)
  }
}

/** From where on they are longer than the patterns. */
const lengths = [256, 1024, 4096]
const texts: readonly ((length: number) => string)[] = [
  (length) => `${'a'.repeat(length - 1)}!`,
  (length) => 'ab'.repeat(length / 2),
  (length) => `${'a'.repeat(63)}.`.repeat(length / 64),
  (length) => '\\000'.repeat(length / 4),
]

/** Throws where a text of four times the length is read more than four times as often, give and take a factor of two. */
function checkReads(pattern: Pattern, make: (length: number) => string): number {
  let before = Number.POSITIVE_INFINITY
  let sum = 0
  for (const length of lengths) {
    const text = new CountedText(make(length))
    pattern.test(text as unknown as string)
    pattern.match(text as unknown as string)
    const perCharacter = text.reads / length
    assert.ok(perCharacter <= 2 * before + 8, `${pattern.source}: ${text.reads} reads of ${length} characters`)
    before = perCharacter
    sum += text.reads
  }
  return sum
}

suite('a longer text is read in proportion', () => {
  let reads = 0
  for (const source of hostilePatterns) {
    test(source, () => {
      const pattern = compilePattern(source)
      for (const make of texts) reads += checkReads(pattern, make)
    })
  }
  test('of patterns made by chance', () => {
    const pieces = 'a b . [ab] [^.] \\w | a| (?: ( ) )* )+ * + ? {3} ^ $'.split(' ')
    const run = fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 16 }),
      fc.constantFrom(...texts),
      (list, make) => {
        let pattern: Pattern
        try {
          pattern = compilePattern(list.join(''))
        } catch (error) {
          assert(error instanceof PatternError, `${list.join('')}: ${error}`)
          return
        }
        reads += checkReads(pattern, make)
      },
    )
    fc.assert(run, { numRuns: 2000 })
  })
  // An engine that took the text as a string would have read none of it here.
  test('and reads were counted', () => assert.ok(reads > 1_000_000, `${reads} reads`))
})

/** Names of at most 255 octets, of whatever is something to a log, a Corefile, a template, a zone file or a terminal. */
const label = fc.oneof(
  fc.constantFrom(
    ...['{1}', '{remote}', '{/kubernetes/service}', '{{ .Name }}', '{$HOME}', '%s%n', '$1', '\\1', '\\000'],
  ),
  fc.constantFrom(
    ...['\r\n[ERROR] x', '\x1b[2J', '\0', '\xff\xfe', '\xe2\x80\xae', '" 0 IN A 10.0.0.1', ' ', '.', ';'],
  ),
  fc.constantFrom(...['*', '_', '@', 'A', '(a+)+$', '[', '\\']),
  fc.constantFrom('a'.repeat(63), 'ab'.repeat(31), '\0'.repeat(63), '.'.repeat(63)),
  fc.uint8Array({ minLength: 1, maxLength: 63 }).map((octets) => Buffer.from(octets).toString('latin1')),
)
const hostileName = fc.array(label, { minLength: 1, maxLength: 127 }).map((labels): Name => {
  let name = ''
  for (const each of labels) if (name.length + 1 + each.length < 255) name += String.fromCharCode(each.length) + each
  return `${name}\0` as Name
})

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const each = (words: (source: string) => string) => hostilePatterns.map(words).join('\n')

/** All that matches names, in one server. Whatever matches, the answer is the same, under the name that was asked for. */
const corefile = `. {
    view all {
        ${each((source) => `expr name() matches ${quoted(source)} || true`)}
    }
    errors {
        ${each((source) => `consolidate 1h ${source}`)}
    }
    log . "({name}) {type} {rcode}"
    ${each((source) => `rewrite continue name regex ${source} never. answer auto answer value ${source} never.`)}
    ${each((source) => `rewrite continue ttl regex ${source} 60`)}
    rewrite name regex ^(.*)[.]$ {1}.x answer auto
    ${each((source) => `template IN A {\nmatch ${source}\nanswer "{{ .Name }} 60 IN A 192.0.2.1"\nfallthrough\n}`)}
    template IN A {
        answer "{{ .Name }} 60 IN A 192.0.2.1"
    }
}`

const { log, lines } = recordLog()
const serve = serverFor(corefile, { log })
const ask = async (name: Name): Promise<Reply> => serve(queryOf(`${printName(name)} A`))

test('rewrite, template, view, log and errors make of 1,000 hostile names nothing but the names', async () => {
  const rcodes = new Set<number>()
  const run = fc.asyncProperty(hostileName, async (name) => {
    lines.length = 0
    const { rcode, answer } = await ask(name)
    const asked = printName(lowerName(name))
    rcodes.add(rcode)
    // Two octets more are too many for some of them.
    if (rcode === Rcode.SERVFAIL) assert.ok(name === '\0' || name.length > 253, asked)
    else assert.deepEqual(answer.flatMap(printRecords), [`${asked} 60 IN A 192.0.2.1`])
    assert.equal(lines.filter((line) => line === `[INFO] (${asked}) A ${printRcode(rcode)}`).length, 1)
    assert.ok(lines.length <= (rcode === Rcode.SERVFAIL ? 2 : 1), lines.join('\n'))
    for (const line of lines) assert.match(line, /^[ -~]+$/)
  })
  const longest = `${`\x3f${'A'.repeat(63)}`.repeat(3)}\x3d${'{'.repeat(61)}\0` as Name
  await fc.assert(run, { numRuns: 1000, examples: [['\0' as Name], [longest]] })
  assert.deepEqual([...rcodes].sort(), [Rcode.NOERROR, Rcode.SERVFAIL])
})

/** Names of so many octets, of labels as engines that backtrack dread them. */
const named: readonly ((length: number) => Name)[] = ['a', 'ab', '\0', '.'].map((letters) => (length) => {
  const octets = letters.repeat(length)
  let name = ''
  while (name.length < length) {
    const size = Math.min(59, length - name.length - 1)
    name += String.fromCharCode(size) + octets.slice(0, size)
  }
  return `${name}\0` as Name
})

/** The least milliseconds that a question for the name took, of ten. */
async function leastTime(name: Name): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 10; i++) {
    const start = performance.now()
    await ask(name)
    least = Math.min(least, performance.now() - start)
  }
  return least
}

/** Four would be in proportion, sixteen its square. */
const bound = 12

test('a question for a name of four times the length costs no square of that', async () => {
  for (const make of named) {
    const [short, long] = [make(60), make(240)]
    const ratios: number[] = []
    // A busy machine is given twenty chances. What backtracks would not come back from the first.
    while (ratios.length < 20 && (ratios.at(-1) ?? bound) >= bound)
      ratios.push((await leastTime(long)) / (await leastTime(short)))
    assert.ok(Math.min(...ratios) < bound, `${printName(short)}: ${ratios.join(', ')}`)
  }
})
