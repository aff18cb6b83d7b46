import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from '../../src/dns/codes.ts'
import { isWellFormed, nameEnd } from '../../src/dns/layout.ts'

const octets255 = `${'\x01a'.repeat(127)}\0`

for (const [type, rdata, expected] of [
  [Type.A, 'abcd', true],
  [Type.A, 'abc', false],
  [Type.AAAA, 'x'.repeat(16), true],
  [Type.AAAA, 'x'.repeat(17), false],
  [Type.NS, '\0', true],
  [Type.NS, octets255, true],
  [Type.NS, `\x01a${octets255}`, false],
  [Type.NS, `\x40${'a'.repeat(64)}\0`, false],
  [Type.NS, '\x01a', false],
  [Type.NS, '\x01a\0\0', false],
  [Type.NS, '', false],
  [Type.SOA, `\x01a\0\0${'x'.repeat(20)}`, true],
  [Type.SOA, `\x01a\0\0${'x'.repeat(19)}`, false],
  [Type.SOA, 'x', false],
  [Type.MX, 'xx\0', true],
  [Type.MX, 'xx', false],
  [Type.TXT, '\0', true],
  [Type.TXT, '\x01a\x02bc', true],
  [Type.TXT, '\x01a\x02b', false],
  [Type.TXT, '', false],
  [Type.HINFO, '\x01a\0', true],
  [Type.HINFO, '\x01a', false],
  [Type.HINFO, '\x01a\0\0', false],
  [Type.CAA, 'x\x01a', true],
  [Type.CAA, 'x\x01a and more', true],
  [Type.CAA, 'x\x02a', false],
  [Type.NAPTR, 'abcd\0\0\0\0', true],
  [Type.NAPTR, 'abcd\0\0\0', false],
  [Type.DS, '', true],
  [65_280, 'anything', true],
] as const) {
  test(`${JSON.stringify(rdata).slice(0, 30)} is ${expected ? 'well-formed' : 'malformed'} rdata of type ${type}`, () => {
    assert.equal(isWellFormed(type, rdata), expected)
  })
}

test('a name ends behind its root label', () => {
  assert.equal(nameEnd('x\x01a\0x', 1), 4)
  assert.equal(nameEnd(octets255, 0), 255)
  assert.ok(Number.isNaN(nameEnd('\x01a', 0)))
  assert.ok(Number.isNaN(nameEnd('\0', 7)))
})
