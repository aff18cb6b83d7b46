// Whatever a master file holds, it is read or refused, in words and in time linear in its length.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { MasterFileError, readMasterFile } from '../../src/dns/master-file.ts'
import { parseName } from '../../src/dns/name.ts'
import { parseRecord, printRecords } from '../../src/dns/text.ts'

const origin = parseName('example.org.')

/** The records that come before the mistake, if there is one. */
function read(text: string): string[] {
  const lines: string[] = []
  try {
    const included = (path: string) => (path === 'self' ? text : '; nothing\n')
    for (const { rrset } of readMasterFile(text, { file: 'db', origin, read: included })) {
      lines.push(...printRecords(rrset))
      if (lines.length > 2000) break
    }
  } catch (error) {
    if (!(error instanceof MasterFileError)) throw error
    assert.match(error.message, /^(db|self|other):[0-9]+: ./s)
  }
  return lines
}

const pieces = [
  ...[
    '\n',
    '\n',
    '\n',
    ' ',
    '\t',
    '(',
    ')',
    '"',
    ';',
    '\\',
    '\\#',
    '$',
    '@',
    '*',
    '.',
    '..',
    '\r\n',
    '\ufeff',
    '\ufffd',
  ],
  ...['$TTL 5\n', '$ORIGIN a\n', '$INCLUDE other\n', '$INCLUDE self b\n', '$GENERATE 1-9 ', `\${0,3,x}`, '$FOO'],
  ...['a', 'b.c', 'example.org.', '5', '1h', 'IN', 'CH', 'TYPE731', 'CLASS1', '10.0.0.1', '::1', '\\032', '\\300', 'é'],
  ...['A', 'AAAA', 'NS', 'SOA', 'MX', 'TXT', 'SRV', 'CAA', 'NAPTR', 'SVCB', 'DS', 'RRSIG', 'NSEC', 'TLSA', 'LOC'],
  ...['a 5 A 10.0.0.1\n', '@ SOA a b 1 2 3 4 5\n', ' 5 TXT "x"\n', 'abcd', '20260101000000', 'alpn="h2"', 'port=1'],
]

const source = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((list) => list.join(' ')) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((list) => list.join('')) },
  fc.string({ unit: 'binary', maxLength: 60 }),
)

test('anything is read or refused', () => {
  fc.assert(
    fc.property(source, (text) => {
      read(text)
    }),
    { numRuns: 5000 },
  )
})

test('what is printed is read as the same', () => {
  fc.assert(
    fc.property(source, (text) => {
      const lines = read(text)
      assert.deepEqual(read(lines.join('\n')), lines)
      for (const line of lines) assert.deepEqual(printRecords(parseRecord(line)), [line])
    }),
    { numRuns: 3000 },
  )
})

suite('time is linear in the length', () => {
  const long = 400_000
  for (const [what, text] of [
    ['records', 'a 5 A 10.0.0.1\n'.repeat(long / 15)],
    ['newlines', '\n'.repeat(long)],
    ['spaces', ' '.repeat(long)],
    ['opening parentheses', '('.repeat(long)],
    ['parentheses', '()'.repeat(long / 2)],
    ['quotes', '"'.repeat(long)],
    ['quotes and spaces', '" '.repeat(long / 2)],
    ['a word and quotes', 'a"'.repeat(long / 2)],
    ['backslashes', '\\'.repeat(long + 1)],
    ['semicolons', `(${';\n'.repeat(long / 2)}`],
    ['a comment', `;${'x'.repeat(long)}`],
    ['a word', 'x'.repeat(long)],
    ['a name', `a 5 CNAME ${'a.'.repeat(long / 2)}`],
    ['a name of escapes', `a 5 CNAME ${'\\001.'.repeat(long / 5)}`],
    ['digits', `a ${'1'.repeat(long)} A 10.0.0.1`],
    ['times', `a ${'1h'.repeat(long / 2)} A 10.0.0.1`],
    ['strings', `a 5 TXT ${'"x" '.repeat(long / 4)}`],
    ['a string', `a 5 TXT "${'x'.repeat(long)}"`],
    ['a string of escapes', `a 5 TXT "${'\\120'.repeat(long / 4)}"`],
    ['hexadecimal', `a 5 TYPE731 \\# 65535 ${'ab '.repeat(long / 3)}`],
    ['base64', `a 5 DNSKEY 1 2 3 ${'abcd '.repeat(long / 5)}`],
    ['types', `a 5 NSEC a. ${'A '.repeat(long / 2)}`],
    ['an address', `a 5 AAAA ${':'.repeat(long)}`],
    ['parameters', `a 5 SVCB 1 . ${'key9=x '.repeat(long / 7)}`],
    ['origins', '$ORIGIN a\n'.repeat(long / 10)],
    ['counters', `$GENERATE 0-65535 a 5 TXT ${'$'.repeat(4000)}`],
    ['counters without an end', `$GENERATE 0-9 a 5 TXT ${'${'.repeat(2000)}`],
  ] as const) {
    test(what, () => {
      const started = process.cpuUsage()
      read(text)
      const { user, system } = process.cpuUsage(started)
      // Some 100 ms on a slow host; what is quadratic takes minutes.
      assert.ok(user + system < 5e6, `${user + system} µs`)
    })
  }
})
