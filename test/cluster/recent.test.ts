import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from '../../src/cluster/recent.ts'

const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`)

test('recent: what fits into a generation stays', () => {
  const recent = new Recent<string>(10, () => 1)
  for (const name of names(10)) recent.set('a', name, name)
  for (let round = 0; round < 3; round++) for (const name of names(10)) assert.equal(recent.get('a', name), name)
  assert.equal(recent.get('b', 'n0'), undefined)
})

test('recent: never more than two generations', () => {
  const recent = new Recent<string>(10, () => 1)
  for (const name of names(1000)) recent.set('a', name, name)
  const kept = names(1000).filter((name) => recent.get('a', name) !== undefined)
  assert.ok(kept.length >= 10 && kept.length <= 20, `${kept.length}`)
  assert.equal(kept.at(-1), 'n999')
})

test('recent: what is asked for again and again stays among much that is not', () => {
  const recent = new Recent<string>(10, () => 1)
  recent.set('a', 'kept', 'kept')
  for (const name of names(1000)) {
    recent.set('a', name, name)
    assert.equal(recent.get('a', 'kept'), 'kept')
  }
})

test('recent: something too heavy is kept until the next comes', () => {
  const recent = new Recent<string>(10, (value) => value.length)
  recent.set('a', 'light', 'x')
  recent.set('a', 'heavy', 'x'.repeat(100))
  assert.equal(recent.get('a', 'light'), 'x')
  assert.equal(recent.get('a', 'heavy')?.length, 100)
  for (const name of names(30)) recent.set('a', name, 'x')
  assert.equal(recent.get('a', 'heavy'), undefined)
})

test('recent: what is deleted is gone from both generations', () => {
  const recent = new Recent<string>(10, () => 1)
  for (const name of names(25)) recent.set('a', name, name)
  for (const name of names(25)) recent.delete('a', name)
  for (const name of names(25)) assert.equal(recent.get('a', name), undefined)
  for (const name of names(10)) recent.set('b', name, name)
  for (const name of names(10)) assert.equal(recent.get('b', name), name)
})
