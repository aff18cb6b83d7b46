import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from '../../src/cluster/recent.ts'

const hashes = (count: number) => Array.from({ length: count }, (_, i) => Math.imul(i + 1, 0x9e3779b1))

test('recent: what fits into a generation stays', () => {
  const recent = new Recent<string>(10, () => 1)
  for (const hash of hashes(10)) recent.set(hash, `${hash}`)
  for (let round = 0; round < 3; round++) for (const hash of hashes(10)) assert.equal(recent.get(hash), `${hash}`)
  assert.equal(recent.get(4711), undefined)
})

test('recent: never more than two generations', () => {
  const recent = new Recent<string>(10, () => 1)
  for (const hash of hashes(1000)) recent.set(hash, `${hash}`)
  const kept = hashes(1000).filter((hash) => recent.get(hash) !== undefined)
  assert.ok(kept.length >= 10 && kept.length <= 20, `${kept.length}`)
  assert.equal(kept.at(-1), hashes(1000).at(-1))
})

test('recent: what is asked for again and again stays among much that is not', () => {
  const recent = new Recent<string>(10, () => 1)
  recent.set(1, 'kept')
  for (const hash of hashes(1000)) {
    recent.set(hash, `${hash}`)
    assert.equal(recent.get(1), 'kept')
  }
})

test('recent: something too heavy is kept until the next comes', () => {
  const recent = new Recent<string>(10, (value) => value.length)
  recent.set(1, 'x')
  recent.set(2, 'x'.repeat(100))
  assert.equal(recent.get(1), 'x')
  assert.equal(recent.get(2)?.length, 100)
  for (const hash of hashes(30)) recent.set(hash, 'x')
  assert.equal(recent.get(2), undefined)
})

test('recent: what is deleted is gone from both generations', () => {
  const recent = new Recent<string>(10, () => 1)
  for (const hash of hashes(25)) recent.set(hash, `${hash}`)
  for (const hash of hashes(25)) recent.delete(hash)
  for (const hash of hashes(25)) assert.equal(recent.get(hash), undefined)
  for (const hash of hashes(10)) recent.set(hash, 'new')
  for (const hash of hashes(10)) assert.equal(recent.get(hash), 'new')
})
