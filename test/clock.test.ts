import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lately, now } from '../src/clock.ts'

const spin = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('the time stands still within a callback unless somebody looks', () => {
  const first = lately()
  spin(2)
  assert.equal(lately(), first)
  const looked = now()
  assert.ok(looked >= first + 2)
  assert.equal(lately(), looked)
})

test('another callback has another time', async () => {
  const first = lately()
  spin(2)
  await new Promise(setImmediate)
  assert.ok(lately() >= first + 2)
})
