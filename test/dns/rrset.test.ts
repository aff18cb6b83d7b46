import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from '../../src/dns/codes.ts'
import { parseName } from '../../src/dns/name.ts'
import { encodeAddress } from '../../src/dns/rdata.ts'
import { rrset } from '../../src/dns/rrset.ts'
import { printRecords } from '../../src/dns/text.ts'

test('an rrset is of class IN and keeps the order of its records and the case of its owner', () => {
  const set = rrset(parseName('WwW.example.'), Type.A, 30, ['10.0.0.2', '10.0.0.1'].map(encodeAddress))
  assert.deepEqual(printRecords(set), ['WwW.example. 30 IN A 10.0.0.2', 'WwW.example. 30 IN A 10.0.0.1'])
})

test('rdata compares as a value', () => {
  assert.equal(encodeAddress('2001:db8:0::1'), encodeAddress('2001:DB8::1'))
  assert.equal(new Set(['10.0.0.1', '10.0.0.1', '10.0.0.2'].map(encodeAddress)).size, 2)
})
