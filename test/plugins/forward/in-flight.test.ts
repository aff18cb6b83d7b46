import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InFlight } from '../../../src/plugins/forward/in-flight.ts'

test('asks once for a key, until there is an answer', async () => {
  const inFlight = new InFlight<number>()
  let count = 0
  const ask = () => Promise.resolve(++count)
  assert.deepEqual(
    await Promise.all([inFlight.ask('a', ask), inFlight.ask('a', ask), inFlight.ask('b', ask)]),
    [1, 1, 2],
  )
  assert.equal(await inFlight.ask('a', ask), 3)
})

test('without a key each is asked', async () => {
  const inFlight = new InFlight<number>()
  let count = 0
  const ask = () => Promise.resolve(++count)
  assert.deepEqual(await Promise.all([inFlight.ask(undefined, ask), inFlight.ask(undefined, ask)]), [1, 2])
})

test('a failure is for all who wait, and for nobody after', async () => {
  const inFlight = new InFlight<number>()
  const fail = () => Promise.reject(new Error('no'))
  const results = await Promise.allSettled([inFlight.ask('a', fail), inFlight.ask('a', fail)])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await inFlight.ask('a', async () => 1), 1)
})
