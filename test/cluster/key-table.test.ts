import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf } from '../../src/cluster/api-object.ts'
import { Arena } from '../../src/cluster/arena.ts'
import { KeyTable } from '../../src/cluster/key-table.ts'
import { podForm } from '../../src/cluster/pod.ts'
import { packRecord, RecordWriter } from '../../src/cluster/record.ts'

const writer = new RecordWriter()

test('key table: records by their keys', () => {
  const arena = new Arena()
  const table = new KeyTable(arena.memory)
  const names = Array.from({ length: 500 }, (_, i) => ({ namespace: i % 5 === 0 ? '' : `n${i % 7}`, name: `p${i}` }))
  const record = (name: (typeof names)[number]) =>
    arena.add(packRecord(podForm, { ...name, addresses: [], labels: {} }, writer))
  for (const name of names) table.add(keyOf(name), record(name))
  assert.equal(table.size, 500)
  for (const name of names) {
    const slot = table.find(keyOf(name))
    assert.equal(table.keyAt(slot), keyOf(name))
    const address = record(name)
    table.replace(slot, address)
    assert.equal(table.addressAt(table.find(keyOf(name))), address)
  }
  assert.equal(table.find('n1/p'), 0)
  for (const name of names.slice(0, 250)) table.remove(table.find(keyOf(name)))
  assert.deepEqual(
    [...table.slots()].map((slot) => table.keyAt(slot)),
    names.slice(250).map(keyOf),
  )
  assert.equal(table.find(keyOf(names[0] as (typeof names)[number])), 0)
})

test('key table: the slots of what is gone are used again', () => {
  const arena = new Arena()
  const table = new KeyTable(arena.memory)
  const slots = new Set<number>()
  for (let i = 0; i < 1000; i++) {
    const pod = { namespace: 'n', name: `p${i}`, addresses: [], labels: {} }
    const slot = table.add(keyOf(pod), arena.add(packRecord(podForm, pod, writer)))
    slots.add(slot)
    table.remove(slot)
    assert.equal(table.addressAt(slot), 0)
  }
  assert.equal(slots.size, 1)
  assert.equal(table.size, 0)
  assert.equal(table.slotFrom(1), 0)
})
