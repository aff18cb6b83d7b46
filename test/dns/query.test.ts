import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from '../../src/dns/codes.ts'
import { parseName } from '../../src/dns/name.ts'
import { withQuestion } from '../../src/dns/query.ts'
import { ask, plainEdns } from './packets.ts'

test('another question is asked by the same client in the same way', () => {
  const query = ask('WwW. A', { id: 7, checkingDisabled: true, edns: plainEdns })
  const [asked, name] = [parseName('Other.'), parseName('other.')]
  assert.deepEqual(withQuestion(query, asked, name), { ...query, asked, name })
  assert.deepEqual(withQuestion(query, asked, name, Type.AAAA), { ...query, asked, name, type: Type.AAAA })
  assert.equal(query.asked, parseName('WwW.'))
})
