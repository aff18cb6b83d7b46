import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { orderBy, policies } from '../../../src/plugins/forward/policy.ts'

test('sequential: as in the Corefile', () => {
  const order = orderBy('sequential')
  for (let i = 0; i < 3; i++) assert.deepEqual(order(['a', 'b', 'c']), ['a', 'b', 'c'])
})

test('round_robin: another one is first each time, beginning with the second', () => {
  const order = orderBy('round_robin')
  assert.deepEqual(
    Array.from({ length: 4 }, () => order(['a', 'b', 'c']).join('')),
    ['bac', 'cab', 'abc', 'bac'],
  )
  assert.deepEqual(orderBy('round_robin')(['a']), ['a'])
})

test('random: every order comes, and each as often', () => {
  const order = orderBy('random')
  const times = new Map<string, number>()
  for (let i = 0; i < 6000; i++) {
    const got = order(['a', 'b', 'c']).join('')
    times.set(got, (times.get(got) ?? 0) + 1)
  }
  assert.equal(times.size, 6)
  for (const count of times.values()) assert(count > 700 && count < 1300, `${count} of 1000`)
})

test('nobody is lost, and the list stays as it was', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...policies),
      fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 15 }),
      (policy, items) => {
        const order = orderBy(policy)
        const before = [...items]
        for (let i = 0; i < 3; i++) assert.deepEqual([...order(items)].sort(), [...before].sort())
        assert.deepEqual(items, before)
      },
    ),
  )
})
