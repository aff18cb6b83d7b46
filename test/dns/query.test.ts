import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from '../../src/dns/codes.ts'
import { parseName } from '../../src/dns/name.ts'
import { changeQuery, originOf, withQuestion } from '../../src/dns/query.ts'
import { ask, plainEdns } from './packets.ts'

test('another question is asked by the same client in the same way', () => {
  const query = ask('WwW. A', { id: 7, checkingDisabled: true, edns: plainEdns })
  const [asked, name] = [parseName('Other.'), parseName('other.')]
  assert.deepEqual(withQuestion(query, asked, name), { ...query, asked, name, origin: query })
  assert.deepEqual(withQuestion(query, asked, name, Type.AAAA), {
    ...query,
    asked,
    name,
    type: Type.AAAA,
    origin: query,
  })
  assert.equal(query.asked, parseName('WwW.'))
})

test('a query that was changed, and changed again, is still the one it was', () => {
  const query = ask('www. A')
  const once = changeQuery(query, { recursionDesired: false })
  const twice = changeQuery(once, { authenticData: true })
  assert.deepEqual([once.recursionDesired, once.name, twice.authenticData], [false, query.name, true])
  assert.deepEqual([query, once, twice].map(originOf), [query, query, query])
})
