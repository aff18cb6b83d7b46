import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MasterFileError, readMasterFile } from '../../src/dns/master-file.ts'
import { parseName } from '../../src/dns/name.ts'
import { printRecords } from '../../src/dns/text.ts'

const origin = parseName('example.org.')

function recordsOf(text: string, files: Readonly<Record<string, string>> = {}, file = 'db'): string[] {
  const read = (path: string) => files[path] ?? assert.fail(`no file ${path}`)
  return [...readMasterFile(text, { file, origin, read })].flatMap(({ rrset }) => printRecords(rrset))
}

/** What is in a file, and the records of it. */
const files: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  nothing: ['', []],
  'comments and empty lines': ['; one\n\n   ; two\n\t\n( ; three\n)\n', []],
  'a record without a newline': ['a 5 A 192.0.2.1', ['a.example.org. 5 IN A 192.0.2.1']],
  'owners that are relative, absolute, the origin and the one before': [
    'a 5 A 192.0.2.1\na.test. 5 A 192.0.2.2\n@ 5 A 192.0.2.3\n  5 AAAA 2001:db8::3\n\t5 TXT x\n. 5 A 192.0.2.4',
    [
      'a.example.org. 5 IN A 192.0.2.1',
      'a.test. 5 IN A 192.0.2.2',
      'example.org. 5 IN A 192.0.2.3',
      'example.org. 5 IN AAAA 2001:db8::3',
      'example.org. 5 IN TXT "x"',
      '. 5 IN A 192.0.2.4',
    ],
  ],
  'TTL and class in either order': [
    'a 5 IN A 192.0.2.1\na IN 6 A 192.0.2.2\na IN A 192.0.2.3\na A 192.0.2.4\na 1h30m A 192.0.2.5',
    [
      'a.example.org. 5 IN A 192.0.2.1',
      'a.example.org. 6 IN A 192.0.2.2',
      'a.example.org. 6 IN A 192.0.2.3',
      'a.example.org. 6 IN A 192.0.2.4',
      'a.example.org. 5400 IN A 192.0.2.5',
    ],
  ],
  '$TTL, which holds for all that follow without a TTL': [
    '$TTL 1d\na A 192.0.2.1\nb 5 A 192.0.2.2\nc A 192.0.2.3\n$ttl 7 ; again\nd A 192.0.2.4',
    [
      'a.example.org. 86400 IN A 192.0.2.1',
      'b.example.org. 5 IN A 192.0.2.2',
      'c.example.org. 86400 IN A 192.0.2.3',
      'd.example.org. 7 IN A 192.0.2.4',
    ],
  ],
  'a SOA record that says the TTL': [
    '@ SOA ns admin 1 2h 30m 1w 300\n  NS ns',
    [
      'example.org. 300 IN SOA ns.example.org. admin.example.org. 1 7200 1800 604800 300',
      'example.org. 300 IN NS ns.example.org.',
    ],
  ],
  'a record over several lines': [
    '@ 5 IN SOA ns.test. admin.test. ( ; a ( comment\n  1 ; serial )\n  2 3\n  4 5 )\nb 5 A 192.0.2.1',
    ['example.org. 5 IN SOA ns.test. admin.test. 1 2 3 4 5', 'b.example.org. 5 IN A 192.0.2.1'],
  ],
  'parentheses anywhere': ['a ( 5 IN ) A (\n) 192.0.2.1', ['a.example.org. 5 IN A 192.0.2.1']],
  strings: [
    'a 5 TXT "one; (two)" three "" "fo\\"ur" "fi\nve"\na 5 TXT six\\;\\032seven',
    ['a.example.org. 5 IN TXT "one; (two)" "three" "" "fo\\"ur" "fi\\010ve"', 'a.example.org. 5 IN TXT "six; seven"'],
  ],
  'escapes in names': [
    'a\\.b 5 A 192.0.2.1\n\\097 5 A 192.0.2.2\n\\$a 5 A 192.0.2.3\n\\@ 5 A 192.0.2.4',
    [
      'a\\.b.example.org. 5 IN A 192.0.2.1',
      'a.example.org. 5 IN A 192.0.2.2',
      '\\$a.example.org. 5 IN A 192.0.2.3',
      '\\@.example.org. 5 IN A 192.0.2.4',
    ],
  ],
  'types that nobody knows (RFC 3597)': [
    'a 5 TYPE731 \\# 3 abc ( def\n) \na 5 IN TYPE1 \\# 4 c0000201\na 5 A \\# 4 c0000202',
    ['a.example.org. 5 IN TYPE731 \\# 3 abcdef', 'a.example.org. 5 IN A 192.0.2.1', 'a.example.org. 5 IN A 192.0.2.2'],
  ],
  '$ORIGIN, absolute and relative': [
    '$ORIGIN a\nb 5 A 192.0.2.1\n$origin test.\nc 5 CNAME d\n$ORIGIN .\ne 5 A 192.0.2.2\n',
    ['b.a.example.org. 5 IN A 192.0.2.1', 'c.test. 5 IN CNAME d.test.', 'e. 5 IN A 192.0.2.2'],
  ],
  'ends of lines of another world, and a byte order mark': [
    '\ufeffa 5 A 192.0.2.1\r\n  5 TXT (\r\n x )\r\n',
    ['a.example.org. 5 IN A 192.0.2.1', 'a.example.org. 5 IN TXT "x"'],
  ],
  'a comment that is not in UTF-8': ['a 5 A 192.0.2.1 ; f\ufffdr', ['a.example.org. 5 IN A 192.0.2.1']],
  $GENERATE: [
    `$TTL 5\n$GENERATE 1-3 host-$ A 192.0.2.$\n$GENERATE 0-16/8 \${1,3,d}.\${0,2,x}.\\$ IN 7 TXT "$$ \${-0,4,X}" ; more`,
    [
      'host-1.example.org. 5 IN A 192.0.2.1',
      'host-2.example.org. 5 IN A 192.0.2.2',
      'host-3.example.org. 5 IN A 192.0.2.3',
      '001.00.\\$.example.org. 7 IN TXT "$ 0000"',
      '009.08.\\$.example.org. 7 IN TXT "$ 0008"',
      '017.10.\\$.example.org. 7 IN TXT "$ 0010"',
    ],
  ],
}

suite('records', () => {
  for (const [what, [text, expected]] of Object.entries(files)) {
    test(what, () => assert.deepEqual(recordsOf(text), expected))
  }
})

test('a file may include others, which begin where it is and leave no trace', () => {
  const text = '$TTL 5\n$INCLUDE sub/one\na A 192.0.2.1\n$INCLUDE "/two" b\n  A 192.0.2.2\n$INCLUDE sub/one c.test.'
  const others = {
    'zones/sub/one': '$TTL 9\n$ORIGIN one\n@ A 192.0.2.9\n$INCLUDE three',
    'zones/sub/three': 'three A 192.0.2.3',
    '/two': 'x A 192.0.2.8\n',
  }
  assert.deepEqual(recordsOf(text, others, 'zones/db'), [
    'one.example.org. 9 IN A 192.0.2.9',
    'three.one.example.org. 9 IN A 192.0.2.3',
    'a.example.org. 5 IN A 192.0.2.1',
    'x.b.example.org. 5 IN A 192.0.2.8',
    'a.example.org. 5 IN A 192.0.2.2',
    'one.c.test. 9 IN A 192.0.2.9',
    'three.one.c.test. 9 IN A 192.0.2.3',
  ])
})

suite('what is wrong is told with its place', () => {
  for (const [text, message] of [
    ['\n\nfoo', 'db:3: type is missing'],
    ['a 5 A 192.0.2', 'db:1: "192.0.2" is no address'],
    ['a 5 A 192.0.2.1 192.0.2.2', 'db:1: unexpected "192.0.2.2"'],
    ['; x\na 5 FOO x', 'db:2: unknown type "FOO"'],
    ['a A 192.0.2.1', 'db:1: TTL is missing'],
    ['a 5x A 192.0.2.1', 'db:1: unknown type "5x"'],
    ['  5 A 192.0.2.1', 'db:1: the first record has no owner'],
    ['a..b 5 A 192.0.2.1', 'db:1: bad owner: empty label in name "a..b"'],
    ['a 5 CH TXT x', 'db:1: record of class CH'],
    ['a 5 LOC 1 2 3', 'db:1: rdata of type LOC can only be given as \\# LENGTH HEX'],
    ['a 5 SOA ( a b\n 1\n 2\n x', 'db:1: opening parenthesis without a closing one'],
    ['a 5 A 192.0.2.1\nb 5 A (\n192.0.2.1 ) )', 'db:3: closing parenthesis without an opening one'],
    ['a 5 A 192.0.2.1\nb 5 TXT "x\n\n', 'db:2: string without an end'],
    ['a 5 A 192.0.2.1\\', 'db:1: stray "\\\\" in "a 5 A 192.0.2.1\\\\"'],
    ['a 5 TXT f\ufffdr', 'db:1: not in UTF-8'],
    ['$TTL', 'db:1: TTL is missing'],
    ['$TTL x', 'db:1: bad TTL: "x"'],
    ['$TTL 5 6', 'db:1: unexpected "6"'],
    ['$TTL 2147483648', 'db:1: bad TTL: "2147483648"'],
    ['$ORIGIN a..b', 'db:1: bad origin: empty label in name "a..b"'],
    ['$ORIGIN', 'db:1: origin is missing'],
    ['$FOO x', 'db:1: unknown directive "$FOO"'],
    ['$INCLUDE', 'db:1: file is missing'],
    ['$INCLUDE other', "db:1: can't include: no file other"],
    ['$INCLUDE bad', 'bad:2: type is missing'],
    ['$INCLUDE self', 'self:1: files included more than 7 deep'],
    ['$INCLUDE bad a b', 'db:1: unexpected "b"'],
    ['$GENERATE', 'db:1: range is missing'],
    ['$GENERATE 1 a 5 A 192.0.2.1', 'db:1: bad range "1"'],
    ['$GENERATE 2-1 a 5 A 192.0.2.1', 'db:1: bad range "2-1"'],
    ['$GENERATE 1-2/0 a 5 A 192.0.2.1', 'db:1: bad range "1-2/0"'],
    ['$GENERATE 0-65536 a 5 A 192.0.2.1', 'db:1: bad range "0-65536"'],
    [`$GENERATE 0-1 \${-1} 5 A 192.0.2.1`, `db:1: bad counter "\${-1}"`],
    [`$GENERATE 0-1 \${0,1,z} 5 A 192.0.2.1`, `db:1: bad counter "\${0,1,z}"`],
    [`$GENERATE 0-1 \${0 5 A 192.0.2.1`, `db:1: counter without an end in "\${0"`],
    ['$GENERATE 0-1 a 5 A 192.0.$', 'db:1: "192.0.0" is no address'],
    [`$GENERATE 0-1 a 5 TXT ${'x'.repeat(5000)}`, 'db:1: a line of more than 4096 characters to repeat'],
    [`a 5 TXT ${'x'.repeat(1 << 20)}`, 'db:1: entry of more than 1048576 characters'],
  ] as const) {
    test(JSON.stringify(text).slice(0, 50), () => {
      const others = { bad: '\na', self: '$INCLUDE self' }
      assert.throws(
        () => recordsOf(text, others),
        (error) => {
          assert.ok(error instanceof MasterFileError)
          assert.equal(error.message, message)
          return true
        },
      )
    })
  }
})

test('records come as they are asked for, those before a mistake too', () => {
  const records = readMasterFile('a 5 A 192.0.2.1\nb 5 A x', { file: 'db', origin, read: () => assert.fail() })
  assert.equal(records.next().value?.line, 1)
  assert.throws(() => records.next(), { message: 'db:2: "x" is no address' })
})
