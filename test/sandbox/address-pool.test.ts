import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  AddressPool,
  addressAt,
  canonicalAddress,
  contains,
  parseCidr,
  parseCidrs,
  partOf,
} from '../../src/sandbox/address-pool.ts'

test('ranges: their addresses, their parts, what is inside', () => {
  const range = parseCidr('10.96.0.0/12')
  assert.equal(addressAt(range, 1n), '10.96.0.1')
  assert.equal(addressAt(range, range.size - 1n), '10.111.255.255')
  assert.ok(contains(range, '10.111.137.18'))
  assert.ok(!contains(range, '10.112.0.0'))
  assert.ok(!contains(range, '::1'))
  assert.equal(partOf(parseCidr('10.244.0.0/16'), 2, 24)?.text, '10.244.2.0/24')
  assert.equal(partOf(parseCidr('fd00:10:244::/56'), 1, 64)?.text, 'fd00:10:244:1::/64')
  assert.equal(partOf(parseCidr('10.244.0.0/16'), 256, 24), undefined)
  assert.equal(parseCidrs('10.0.0.0/8, fd00::/8').length, 2)
  for (const text of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'x/8', '10.0.0.0/x']) {
    assert.throws(() => parseCidr(text), RangeError, text)
  }
})

test('IPv6 addresses are written as RFC 5952 says', () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const long = groups.map((each) => each.toString(16).padStart(4, '0')).join(':')
      const canonical = canonicalAddress(long.toUpperCase())
      // The URL standard writes them the same way.
      assert.equal(`[${canonical}]`, new URL(`http://[${long}]`).hostname)
      assert.equal(canonicalAddress(canonical), canonical)
    }),
  )
})

test('an address given back is not given again before the rest of its range was', () => {
  const range = parseCidr('10.0.0.0/29')
  const pool = new AddressPool([range], 10n)
  const all = Array.from({ length: 6 }, () => pool.take('IPv4'))
  assert.deepEqual(all.slice(0, 2), ['10.0.0.1', '10.0.0.2'])
  assert.equal(new Set(all).size, 6)
  assert.equal(pool.take('IPv4'), undefined)
  assert.equal(pool.take('IPv6'), undefined)
  pool.release('10.0.0.2')
  pool.release('10.0.0.1')
  assert.equal(pool.claim('10.0.0.3'), false)
  assert.deepEqual([pool.take('IPv4'), pool.take('IPv4'), pool.take('IPv4')], ['10.0.0.1', '10.0.0.2', undefined])
})

test('a preferred range that is full gives way to the others', () => {
  const pool = new AddressPool([parseCidr('10.0.0.0/16')], 10n)
  const home = parseCidr('10.0.1.0/30')
  assert.deepEqual([pool.take('IPv4', home), pool.take('IPv4', home)], ['10.0.1.1', '10.0.1.2'])
  assert.equal(pool.take('IPv4', home), '10.0.0.10')
})
