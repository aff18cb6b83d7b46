import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GroupTable } from '../../src/cluster/group-table.ts'

test('group table: every value is found by its hash, as long as it was added more often than removed', () => {
  const step = fc.record({
    remove: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    hash: fc.constantFrom(0, 1, -1, 0x8000_0000),
    value: fc.integer({ min: 1, max: 200 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const table = new GroupTable()
      const model = new Map<number, number[]>()
      for (const { remove, hash, value } of steps) {
        const values = model.get(hash) ?? []
        model.set(hash, values)
        if (!remove) {
          table.add(hash, value)
          values.push(value)
        } else if (values.includes(value)) {
          table.remove(hash, value)
          values.splice(values.indexOf(value), 1)
        }
      }
      const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b)
      for (const [hash, values] of model) assert.deepEqual(sorted(table.values(hash)), sorted(new Set(values)))
    }),
    { numRuns: 300 },
  )
})

test('group table: a hash that very many have comes and goes, beside others', () => {
  const table = new GroupTable()
  for (let i = 1; i <= 1000; i++) table.add(i * 0x9e3779, i)
  for (let i = 1; i <= 20_000; i++) table.add(7, i)
  assert.equal(table.values(7).length, 20_000)
  for (let i = 1; i <= 1000; i++) assert.deepEqual(table.values(i * 0x9e3779), [i])
  for (let i = 1; i <= 20_000; i++) table.remove(7, i)
  table.remove(7, 1)
  assert.deepEqual(table.values(7), [])
  table.add(7, 3)
  assert.deepEqual(table.values(7), [3])
})
