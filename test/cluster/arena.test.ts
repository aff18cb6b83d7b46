import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Arena } from '../../src/cluster/arena.ts'
import { chunkOctets, type RecordAddress } from '../../src/cluster/record-memory.ts'
import { randomFrom } from './churn.ts'

/** Octets that only this record has, as far as their length allows. */
function octetsOf(length: number, id: number): Buffer {
  return Buffer.alloc(length, Buffer.from(`${id} `))
}

/** What is held, with what must be there. */
class Held {
  readonly arena = new Arena()
  readonly records = new Map<number, { readonly address: RecordAddress; readonly octets: Buffer }>()
  octets = 0

  add(id: number, length: number): void {
    this.free(id)
    const octets = octetsOf(length, id)
    this.records.set(id, { address: this.arena.add(octets), octets })
    this.octets += length
  }

  free(id: number): void {
    const record = this.records.get(id)
    if (record === undefined) return
    this.arena.free(record.address)
    this.records.delete(id)
    this.octets -= record.octets.length
  }

  check(): void {
    const addresses = [...this.records.values()].map(({ address }) => address)
    assert.equal(new Set(addresses).size, addresses.length)
    assert.ok(!addresses.includes(0))
    for (const { address, octets } of this.records.values()) {
      assert.deepEqual(this.arena.memory.octetsAt(address).subarray(0, octets.length), octets)
    }
    const chunks = this.arena.memory.chunks.reduce((sum, chunk) => sum + (chunk?.byteLength ?? 0), 0)
    assert.equal(this.arena.octets, chunks)
  }
}

const length = fc.oneof(
  fc.integer({ min: 0, max: 600 }),
  fc.integer({ min: 500, max: 20_000 }),
  fc.integer({ min: 16_380, max: 600_000 }),
)

test('arena: every record has its place to itself until it is freed', () => {
  const step = fc.record({ id: fc.integer({ min: 0, max: 30 }), length: fc.option(length) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const held = new Held()
      for (const { id, length } of steps) {
        if (length === null) held.free(id)
        else held.add(id, length)
      }
      held.check()
    }),
    { numRuns: 50 },
  )
})

test('arena: little is lost between records', () => {
  const held = new Held()
  const random = randomFrom(1)
  for (let id = 0; id < 20_000; id++) held.add(id, 50 + Math.floor(random() * 400))
  held.check()
  assert.ok(held.arena.octets < held.octets * 1.15 + chunkOctets, `${held.arena.octets} for ${held.octets}`)
})

test('arena: as long as no more is held, memory grows no more, however much comes and goes', () => {
  const held = new Held()
  const random = randomFrom(2)
  const size = (): number => (random() < 0.01 ? 20_000 + random() * 100_000 : 40 + random() * random() * 3000)
  let most = 0
  for (let round = 0; round < 40; round++) {
    for (let n = 0; n < 5000; n++) held.add(Math.floor(random() * 5000), Math.floor(size()))
    if (round === 5) most = held.arena.octets
  }
  held.check()
  assert.ok(held.arena.octets < most * 1.1, `${held.arena.octets} after ${most}`)
  assert.ok(held.arena.octets < held.octets * 1.5, `${held.arena.octets} for ${held.octets}`)
})

test('arena: records of other sizes take the places of those that are gone', () => {
  const held = new Held()
  for (let id = 0; id < 10_000; id++) held.add(id, 100)
  const before = held.arena.octets
  for (let id = 0; id < 10_000; id++) held.free(id)
  for (let id = 0; id < 5000; id++) held.add(id, 200)
  held.check()
  assert.ok(held.arena.octets <= before + chunkOctets)
})

test('arena: what is not needed any more is given back', () => {
  const held = new Held()
  for (let id = 0; id < 20_000; id++) held.add(id, 300)
  for (let id = 20_000; id < 20_010; id++) held.add(id, 1_000_000)
  assert.ok(held.arena.octets > 16_000_000)
  for (let id = 0; id < 20_010; id++) held.free(id)
  assert.equal(held.arena.octets, chunkOctets)
  for (let id = 0; id < 100; id++) held.add(id, 300)
  held.check()
  assert.equal(held.arena.octets, chunkOctets)
})
