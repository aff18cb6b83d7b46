import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Query } from '../../../src/dns/query.ts'
import { compileExpression } from '../../../src/plugins/view/compile.ts'
import { ExpressionError } from '../../../src/plugins/view/tokens.ts'
import { queryOf } from '../../context.ts'

const metadata: Readonly<Record<string, string>> = {
  'kubernetes/client-namespace': 'shop',
  'a/address': '10.1.2.3',
  'a/cidr': '10.0.0.0/8',
}
const facts = { metadata: (_query: Query, key: string) => metadata[key] ?? '' }
const isTrue = (text: string, query: Query) => compileExpression(text, facts)(query)

const edns = { udpSize: 4096, version: 0, dnssecOk: true, options: [] }
const query = queryOf('WWW.Example.org. A', { edns, client: { address: '10.0.0.9', localAddress: '10.0.0.53' } })

suite('of www.example.org. A by UDP from 10.0.0.9', () => {
  const truths: Readonly<Record<string, boolean>> = {
    // Facts.
    "name() == 'www.example.org.'": true,
    "type() == 'A' && class() == 'IN' && proto() == 'udp'": true,
    "client_ip() == '10.0.0.9' && port() == '40000'": true,
    "server_ip() == '10.0.0.53' && server_port() == '53'": true,
    'id() == 4711 and opcode() == 0 and do() and bufsize() == 4096 and size() == 33': true,
    "metadata('kubernetes/client-namespace') == 'shop'": true,
    "metadata('kubernetes/nothing') == ''": true,
    // Addresses.
    "incidr(client_ip(), '10.0.0.0/8')": true,
    "incidr(client_ip(), '11.0.0.0/8')": false,
    "incidr(client_ip(), '::/0')": false,
    "incidr(client_ip(), '::ffff:10.0.0.0/104')": true,
    "incidr('::ffff:10.0.0.1', '10.0.0.0/8')": true,
    "incidr('fe80::1%eth0', 'fe80::/10')": true,
    "incidr(metadata('a/address'), metadata('a/cidr'))": true,
    // What has no value is not true, and nothing around it is either, unless it isn't looked at.
    "incidr('x', '10.0.0.0/8')": false,
    "!incidr('x', '10.0.0.0/8')": false,
    "incidr(client_ip(), metadata('a/nothing'))": false,
    "true || incidr('x', '10.0.0.0/8')": true,
    "incidr('x', '10.0.0.0/8') || true": false,
    "name() == 'no.' && incidr('x', '10.0.0.0/8')": false,
    'size() % 0 == 0': false,
    // Operators.
    "type() in ['A', 'AAAA']": true,
    "type() not in ['A', 'AAAA']": false,
    "not (type() in ['AAAA'])": true,
    "type() in ['AAAA', type()]": true,
    "type() in ['AAAA', 7]": false,
    'type() in []': false,
    'id() in [4711]': true,
    "name() startsWith 'www.' and name() endsWith '.org.' and name() contains 'ple'": true,
    "name() not contains 'ple'": false,
    "name() matches '^www[.]'": true,
    "name() matches '^w+\\\\.example\\\\.org\\\\.$'": true,
    "name() not matches '^www[.]'": false,
    "name() matches '(?i)EXAMPLE'": true,
    'true || false && false': true,
    '(true || false) && false': false,
    '!false == true': true,
    '1 < size() < 100': true,
    '1 < size() < 10': false,
    'size() - 1 == 2 * 16 && 2 + 3 * 4 == 14 && 7 % 4 == 3 && 1 / 2 == 0.5 && -1 + +2 == 1': true,
    '0x1F == 31 && 0b11 == 3 && 0o17 == 15 && 1_000 == 1e3 && .5 == 0.50': true,
    "'a' + 'b' == 'ab' && 'a' < 'b' && 'b' >= 'a'": true,
    "lower('AbC') == 'abc' && upper('AbC') == 'ABC' && len('äöü') == 3": true,
    'do() ? size() > 1 : false': true,
    "(type() == 'AAAA' ? 1 : id() == 4711 ? 2 : 3) == 2": true,
    'true ?: false': true,
    // Words.
    '"a" == \'a\' && `a\\b` == \'a\\\\b\' && "\\t\\"" == `\t"`': true,
    "name()=='www.example.org.'&&true": true,
  }
  for (const [text, expected] of Object.entries(truths)) {
    test(text, () => assert.equal(isTrue(text, query), expected))
  }
})

test('without EDNS, by TCP, and from far away', () => {
  const plain = queryOf('a.b. TYPE65280', { client: { address: '2001:db8::1' } })
  assert(isTrue("bufsize() == 512 && !do() && type() == 'TYPE65280' && client_ip() == '2001:db8::1'", plain))
  const tcp = queryOf('a. A', { client: { transport: 'tls' } })
  assert(isTrue("proto() == 'tcp' && bufsize() == 65535", tcp))
})

test('names are as they are written in zone files', () => {
  assert(isTrue("name() == 'a\\\\.b.example.'", queryOf('a\\.b.example. A')))
  assert(isTrue("name() == '.'", queryOf('. NS')))
})

suite('what is wrong', () => {
  const problems: Readonly<Record<string, string>> = {
    '': 'unexpected token EOF',
    '   ': 'unexpected token EOF',
    'true true': 'unexpected token Identifier("true") (1:6)',
    '(true': 'unexpected token EOF (1:5)',
    '[1': 'unexpected token EOF (1:2)',
    'true ? 1': 'unexpected token EOF (1:8)',
    '0x == 1': 'bad number syntax: "0x" (1:4)',
    '9223372036854775808 == 1':
      'invalid integer literal: strconv.ParseInt: parsing "9223372036854775808": value out of range (1:21)',
    "'\\x41' == 'A'": "'\\x' is not supported here (1:3)",
    "do() ? 1 : 'a'": 'a choice between int and string is not supported here (1:6)',
    '[1] == [1]': "'==' of arrays is not supported here (1:5)",
    '[1] in [[1]]': 'cannot use []int as type []int in array (1:5)',
    "1 + 'a' == 1": 'invalid operation: + (mismatched types int and string) (1:3)',
    '1.5 % 2 == 1': 'invalid operation: % (mismatched types float64 and int) (1:5)',
    '#': "'#' is not supported here (1:1)",
    $env: "'$env' is not supported here (1:1)",
    'if true { true } else { false }': "'if' is not supported here (1:1)",
    'constructor()': 'unknown name constructor (1:1)',
    'name().length()': "'.' is not supported here (1:7)",
  }
  for (const [text, message] of Object.entries(problems)) {
    test(text, () => assert.throws(() => compileExpression(text, facts), { name: 'ExpressionError', message }))
  }
})

test('nesting has an end', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}true${')'.repeat(depth)}`
  assert(isTrue(nested(90), query))
  assert.throws(() => compileExpression(nested(100_000), facts), /nested too deep/)
  assert.throws(() => compileExpression(`${'!'.repeat(100_000)}true`, facts), /nested too deep/)
})

test('whatever is written, it compiles or is refused', () => {
  const words = [
    'name()',
    "'a'",
    '1',
    '.',
    '(',
    ')',
    '[',
    ']',
    ',',
    '!',
    '==',
    'in',
    'not',
    '&&',
    '?',
    ':',
    '-',
    'true',
  ]
  const texts = fc.oneof(
    fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((some) => some.join(' ')),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      try {
        assert.equal(typeof isTrue(text, query), 'boolean')
      } catch (error) {
        assert(error instanceof ExpressionError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('patterns take time in proportion to the name, however they are written', () => {
  const evil = compileExpression("name() matches '^(([a-z])+.)+[A-Z]([a-z])+$'", facts)
  const long = queryOf(`${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}. A`)
  for (let i = 0; i < 200; i++) assert.equal(evil(long), false)
})
