import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode16, decode32, encode16, encode32 } from '../../src/dns/octets.ts'

test('numbers are octets, the most significant first', () => {
  assert.equal(encode16(0x0102), '\x01\x02')
  assert.equal(encode32(0xfffefdfc), '\xff\xfe\xfd\xfc')
  fc.assert(fc.property(fc.nat(0xffff), (value) => assert.equal(decode16(`x${encode16(value)}`, 1), value)))
  fc.assert(fc.property(fc.nat(0xffff_ffff), (value) => assert.equal(decode32(`x${encode32(value)}`, 1), value)))
})

test('a number that does not fit is refused', () => {
  for (const value of [-1, 0x1_0000, 1.5, Number.NaN]) assert.throws(() => encode16(value), RangeError)
  for (const value of [-1, 0x1_0000_0000, 1.5, Number.NaN]) assert.throws(() => encode32(value), RangeError)
})
