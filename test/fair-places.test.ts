import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairPlaces } from '../src/fair-places.ts'

/** How many places a client gets when it asks until it gets none. */
function takeAll(places: FairPlaces, client: string): number {
  let count = 0
  while (places.take(client)) count++
  return count
}

for (const [limit, greedy, next] of [
  [0, 0, 0],
  [1, 1, 0],
  [2, 2, 0],
  [8, 8, 0],
  [9, 8, 1],
  [900, 800, 89],
  [Number.POSITIVE_INFINITY, undefined, undefined],
] as const) {
  test(`of ${limit} places one client gets ${greedy ?? 'any number'}, and another after it ${next ?? 'as many'}`, () => {
    const places = new FairPlaces(limit)
    if (greedy === undefined) {
      for (let n = 0; n < 1000; n++) assert.ok(places.take('a'))
      return
    }
    assert.equal(takeAll(places, 'a'), greedy)
    assert.equal(takeAll(places, 'b'), next)
  })
}

test('what is given back is there again, and only what was taken can be', () => {
  const places = new FairPlaces(2)
  assert.ok(places.take('a') && places.take('b') && !places.take('c'))
  places.leave('a')
  assert.throws(() => places.leave('a'), /a has no place/)
  assert.ok(places.take('c'))
})

test('never more than there are, and somebody who has none gets one while nobody is close to having them all', () => {
  const steps = fc.array(fc.record({ client: fc.constantFrom('a', 'b', 'c', 'd'), leave: fc.boolean() }), {
    maxLength: 400,
  })
  fc.assert(
    fc.property(fc.integer({ min: 40, max: 100 }), steps, (limit, taken) => {
      const places = new FairPlaces(limit)
      const held = new Map<string, number>()
      const total = () => [...held.values()].reduce((sum, count) => sum + count, 0)
      for (const { client, leave } of taken) {
        const before = held.get(client) ?? 0
        if (leave && before > 0) {
          places.leave(client)
          held.set(client, before - 1)
        } else if (places.take(client)) held.set(client, before + 1)
        assert.ok(total() <= limit)
      }
      // Of these four, whatever they did.
      if (total() < limit) assert.ok(places.take('newcomer'))
    }),
  )
})
