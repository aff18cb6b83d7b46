import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fairShare } from '../../src/server/fair-share.ts'

for (const [demands, capacity, share] of [
  [[], 0, Number.POSITIVE_INFINITY],
  [[1, 2, 3], 6, Number.POSITIVE_INFINITY],
  [[150, 10, 10], 100, 80],
  [[50, 50, 50, 50], 100, 25],
  [[5, 40, 60], 65, 30],
] as const) {
  test(`of ${capacity} clients who want ${demands.join(', ')} may have ${share} each`, () => {
    assert.equal(fairShare(demands, capacity), share)
  })
}

const demandsAndCapacity = [fc.array(fc.integer({ min: 0, max: 10_000 })), fc.integer({ min: 0, max: 50_000 })] as const

test('no more is given than there is, and all of it where it is not enough', () => {
  fc.assert(
    fc.property(...demandsAndCapacity, (demands, capacity) => {
      const share = fairShare(demands, capacity)
      const wanted = demands.reduce((sum, demand) => sum + demand, 0)
      const given = demands.reduce((sum, demand) => sum + Math.min(demand, share), 0)
      assert.ok(Math.abs(given - Math.min(wanted, capacity)) < 1e-6 * (capacity + 1), `${given}`)
    }),
  )
})

test('whoever wants no more than an equal part gets it all', () => {
  fc.assert(
    fc.property(...demandsAndCapacity, (demands, capacity) => {
      const share = fairShare(demands, capacity)
      for (const demand of demands) if (demand <= capacity / demands.length) assert.ok(demand <= share + 1e-9)
    }),
  )
})
