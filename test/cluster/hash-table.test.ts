import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HashTable, hashLabels, hashName } from '../../src/cluster/hash-table.ts'
import { emptyHash, hashText } from '../../src/hash.ts'

function valuesOf(table: HashTable, hash: number): number[] {
  const values: number[] = []
  for (let entry = table.first(hash); entry !== 0; entry = table.next(entry)) values.push(table.value(entry))
  return values.sort((a, b) => a - b)
}

test('hash table: every value is found by its hash, whatever comes and goes', () => {
  // Few hashes, some of which lead to the ends of the table.
  const hash = fc.oneof(fc.constantFrom(0, 1, -1, 0xffff_ffff, 0x8000_0000), fc.integer(), fc.nat(30))
  const step = fc.record({ remove: fc.boolean(), hash, value: fc.integer({ min: 1, max: 0xffff_ffff }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const table = new HashTable()
      const model: { readonly hash: number; readonly value: number }[] = []
      const asked = new Set<number>()
      for (const { remove, hash, value } of steps) {
        const [entry] = remove ? model.splice(value % Math.max(1, model.length), 1) : []
        if (entry !== undefined) table.remove(entry.hash, entry.value)
        else if (!remove) {
          table.add(hash, value)
          model.push({ hash, value })
          asked.add(hash)
        }
      }
      assert.equal(table.size, model.length)
      for (const hash of asked) {
        const those = model.filter((entry) => entry.hash >>> 0 === hash >>> 0).map(({ value }) => value)
        assert.deepEqual(
          valuesOf(table, hash),
          those.sort((a, b) => a - b),
        )
      }
    }),
    { numRuns: 300 },
  )
})

test('hash table: many entries', () => {
  const table = new HashTable()
  for (let i = 1; i <= 100_000; i++) table.add(hashText(`10.0.${i >> 8}.${i & 255}`), i)
  for (let i = 1; i <= 100_000; i += 2) table.remove(hashText(`10.0.${i >> 8}.${i & 255}`), i)
  assert.equal(table.size, 50_000)
  for (let i = 1; i <= 100_000; i++) {
    const values = valuesOf(table, hashText(`10.0.${i >> 8}.${i & 255}`))
    assert.equal(values.includes(i), i % 2 === 0)
  }
})

test('hash table: what is not there is removed from nowhere', () => {
  const table = new HashTable()
  table.remove(7, 7)
  table.add(7, 8)
  table.remove(7, 7)
  assert.equal(table.size, 1)
  assert.deepEqual(valuesOf(table, 7), [8])
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
