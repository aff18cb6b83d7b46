import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyHash, HashTable, hashLabels, hashName, hashText, type Slot } from '../../src/cluster/hash-table.ts'

function valuesOf(table: HashTable, hash: number): number[] {
  const values: number[] = []
  for (let slot = table.first(hash); slot !== 0; slot = table.next(slot)) values.push(table.value(slot))
  return values.sort((a, b) => a - b)
}

test('hash table: every value is found by its hash, whatever comes and goes', () => {
  const hash = fc.oneof(fc.constantFrom(0, 1, -1, 0xffff_ffff, 0x8000_0000), fc.integer())
  const step = fc.record({ remove: fc.boolean(), hash, value: fc.integer({ min: 1, max: 0xffff_ffff }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new HashTable()
      const model: { readonly slot: Slot; readonly hash: number; readonly value: number }[] = []
      for (const { remove, hash, value } of steps) {
        const [entry] = remove ? model.splice(value % Math.max(1, model.length), 1) : []
        if (entry !== undefined) table.remove(entry.slot)
        else if (!remove) model.push({ slot: table.add(hash, value), hash, value })
      }
      assert.equal(table.size, model.length)
      for (const { slot, value } of model) assert.equal(table.value(slot), value)
      for (const { hash } of model) {
        const those = model.filter((entry) => entry.hash >>> 0 === hash >>> 0).map(({ value }) => value)
        assert.deepEqual(
          valuesOf(table, hash),
          those.sort((a, b) => a - b),
        )
      }
      assert.deepEqual(
        [...table.slots()],
        model.map(({ slot }) => slot).sort((a, b) => a - b),
      )
    }),
    { numRuns: 300 },
  )
})

test('hash table: many entries', () => {
  const table = new HashTable()
  for (let i = 1; i <= 100_000; i++) table.add(hashText(`10.0.${i >> 8}.${i & 255}`), i)
  for (let i = 1; i <= 100_000; i += 2) table.removeValue(hashText(`10.0.${i >> 8}.${i & 255}`), i)
  assert.equal(table.size, 50_000)
  for (let i = 1; i <= 100_000; i++) {
    const values = valuesOf(table, hashText(`10.0.${i >> 8}.${i & 255}`))
    assert.equal(values.includes(i), i % 2 === 0)
  }
})

test('hash table: the slots of what is gone are used again', () => {
  const table = new HashTable()
  const slots = new Set<Slot>()
  for (let i = 1; i <= 10_000; i++) {
    const slot = table.add(i, i)
    slots.add(slot)
    table.setValue(slot, i + 1)
    assert.equal(table.value(slot), i + 1)
    table.remove(slot)
  }
  assert.equal(slots.size, 1)
  table.removeValue(7, 7)
  assert.equal(table.size, 0)
})

test('hash: of a text in parts it is that of the whole', () => {
  assert.equal(hashText('b', hashText('/', hashText('a'))), hashText('a/b'))
  assert.equal(hashText('a', emptyHash), hashText('a'))
  assert.notEqual(hashText('a/b'), hashText('b/a'))
})

test('hash table: a name has one hash, as texts and as labels', () => {
  const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/)
  fc.assert(
    fc.property(label, label, fc.nat(3), (name, namespace, at) => {
      const labels = `${String.fromCharCode(name.length)}${name}${String.fromCharCode(namespace.length)}${namespace}`
      const octets = Buffer.from(`${'x'.repeat(at)}${labels}\0`, 'latin1')
      assert.equal(hashLabels(octets, at), hashName(namespace, name))
      assert.equal(hashName(namespace, name), hashText(`${namespace}/${name}`))
    }),
  )
})
