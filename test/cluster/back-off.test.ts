import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackOff, reflectorBackOff } from '../../src/cluster/back-off.ts'

/** What the nth wait after a reset lies between, milliseconds. */
const bounds = [
  [0, 200],
  [800, 1600],
  [1600, 3200],
  [3200, 6400],
  [6400, 12_800],
  [12_800, 25_600],
  [15_000, 30_000],
  [15_000, 30_000],
] as const

test('back-off: grows to its maximum, is never twice the same, and begins anew after a reset', () => {
  const backOff = new BackOff(reflectorBackOff)
  const seen = new Set<number>()
  for (let round = 0; round < 20; round++) {
    for (const [least, most] of bounds) {
      const wait = backOff.next()
      assert.ok(wait >= least && wait <= most, `${wait} is not within ${least} and ${most}`)
      seen.add(wait)
    }
    assert.equal(backOff.failures, bounds.length)
    backOff.reset()
    assert.equal(backOff.failures, 0)
  }
  assert.ok(seen.size > 150)
})

test('back-off: stays at its maximum for ever', () => {
  const backOff = new BackOff(reflectorBackOff)
  for (let i = 0; i < 5000; i++) backOff.next()
  const wait = backOff.next()
  assert.ok(wait >= 15_000 && wait <= 30_000)
})

test('back-off: a little waiting where nothing went wrong counts for nothing', () => {
  const backOff = new BackOff({ minMs: 800, maxMs: 30_000 })
  for (let i = 0; i < 100; i++) {
    const milliseconds = backOff.soon()
    assert.ok(milliseconds >= 0 && milliseconds <= 200)
  }
  assert.equal(backOff.failures, 0)
})
