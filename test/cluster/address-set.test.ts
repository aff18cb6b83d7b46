import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AddressSet } from '../../src/cluster/address-set.ts'

test('address set: does what a Set does', () => {
  const step = fc.record({ address: fc.oneof(fc.nat(40), fc.nat(1_000_000)), adds: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const set = new AddressSet()
      const model = new Set<number>()
      for (const { address, adds } of steps) {
        if (adds) {
          set.add(address)
          model.add(address)
        } else {
          set.delete(address)
          model.delete(address)
        }
      }
      for (const { address } of steps) assert.equal(set.has(address), model.has(address))
      for (let address = 0; address < 64; address++) assert.equal(set.has(address), model.has(address))
    }),
  )
})
