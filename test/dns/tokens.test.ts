import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseName } from '../../src/dns/name.ts'
import { Fields, parseOctets, printOctets, tokenize } from '../../src/dns/tokens.ts'

const word = (text: string) => ({ text, quoted: false })
const string = (text: string) => ({ text, quoted: true })

for (const [text, tokens] of [
  ['', []],
  ['  a\tb \n c ', [word('a'), word('b'), word('c')]],
  ['a ; b "c', [word('a')]],
  ['a ; b\nc', [word('a'), word('c')]],
  ['( a\n b )c', [word('a'), word('b'), word('c')]],
  ['"a b" "" "c"', [string('a b'), string(''), string('c')]],
  ['"a""b"', [string('a'), string('b')]],
  ['"; ( )"', [string('; ( )')]],
  ['a\\ b\\;c\\"d', [word('a\\ b\\;c\\"d')]],
  ['"a\\"b\\\\" c', [string('a\\"b\\\\'), word('c')]],
  ['alpn="h2, h3" port=1', [word('alpn=h2, h3'), word('port=1')]],
  ['\\# 0', [word('\\#'), word('0')]],
] as const) {
  test(`${JSON.stringify(text)} has ${tokens.length} tokens`, () => assert.deepEqual(tokenize(text), tokens))
}

for (const text of ['"a', 'a "b\\"', 'a="b', 'a\\']) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => tokenize(text), { name: 'RecordError', message: /stray/ })
  })
}

test('printing and reading octets inside quotes gives these octets', () => {
  const octets = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1'))
  fc.assert(
    fc.property(octets, (value) => {
      const text = printOctets(value)
      assert.match(text, /^[ -~]*$/)
      const [token, ...more] = tokenize(`"${text}"`)
      assert.deepEqual(more, [])
      assert.equal(parseOctets(token?.text ?? assert.fail()), value)
    }),
  )
  assert.equal(parseOctets('\\195\\188ü'), '\xc3\xbc\xc3\xbc')
  assert.throws(() => parseOctets('\\256'), { name: 'RecordError', message: /bad escape/ })
})

test('fields are what they should be, or refused with what is wrong', () => {
  const fields = (text: string) => new Fields(tokenize(text), parseName('example.'))
  const all = fields('www @ 10 "a\\098c" x y')
  assert.equal(all.name('owner'), parseName('www.example.'))
  assert.equal(all.name('owner'), parseName('example.'))
  assert.equal(all.number('port', 10), 10)
  assert.equal(all.string('text', 3), 'abc')
  assert.equal(all.skip('y'), false)
  assert.equal(all.skip('x'), true)
  assert.throws(() => all.end(), /unexpected "y"/)
  assert.equal(all.rest().length, 1)
  all.end()
  assert.throws(() => all.token('more'), /more is missing/)
  assert.throws(() => fields('11').number('port', 10), /bad port: "11"/)
  assert.throws(() => fields('-1').number('port', 10), /bad port: "-1"/)
  assert.throws(() => fields('abcd').string('text', 3), /text longer than 3 octets/)
  assert.throws(() => fields('a..b').name('owner'), /bad owner: empty label/)
})
