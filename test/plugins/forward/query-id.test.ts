import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryId } from '../../../src/plugins/forward/query-id.ts'

test('ids are 16 bits, all of them are drawn, and none in turn', () => {
  const seen = new Set<number>()
  let next = 0
  let last = -1
  for (let i = 0; i < 300_000; i++) {
    const id = queryId()
    assert(Number.isInteger(id) && id >= 0 && id <= 0xffff)
    seen.add(id)
    if (id === last + 1) next++
    last = id
  }
  // Of 300,000 draws some 1 % of the numbers are missing.
  assert(seen.size > 63_000)
  assert(next < 50)
})
