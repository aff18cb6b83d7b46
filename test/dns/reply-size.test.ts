import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reply } from '../../src/dns/reply.ts'
import { replySize } from '../../src/dns/reply-size.ts'
import { parseRecord } from '../../src/dns/text.ts'
import { queryOf } from '../context.ts'

const query = queryOf('a.org. A')
const one = parseRecord('a.org. 30 IN A 10.0.0.1')
const other = parseRecord('a.org. 30 IN A 10.0.0.2')
const srv = parseRecord('_x._tcp.a.org. 30 IN SRV 0 0 80 a.org.')

// Header 12, question 7 + 4; a record its owner, 10, and its rdata.
test('header and question', () => assert.equal(replySize(query, reply({})), 23))
test('the root', () => assert.equal(replySize(queryOf('. NS'), reply({})), 17))
test('records of all sections', () => {
  const two = { ...one, rdatas: [...one.rdatas, ...other.rdatas] }
  assert.equal(replySize(query, reply({ answer: [two] })), 23 + 2 * (7 + 10 + 4))
  assert.equal(
    replySize(query, reply({ answer: [srv], authority: [one], additional: [two] })),
    23 + (15 + 10 + 13) + 3 * 21,
  )
})
