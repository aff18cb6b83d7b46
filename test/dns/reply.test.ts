import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rcode } from '../../src/dns/codes.ts'
import { errorReply, reply, silence } from '../../src/dns/reply.ts'
import { rrsets } from './packets.ts'

test('a reply is NOERROR and empty but for what is given', () => {
  const answer = rrsets('a. 5 IN A 10.0.0.1')
  const { rcode, udpSize, ...others } = reply({ answer, authoritative: true })
  assert.equal(rcode, Rcode.NOERROR)
  assert.equal(udpSize, 1232)
  assert.deepEqual(others, {
    authoritative: true,
    recursionAvailable: false,
    authenticData: false,
    truncated: false,
    answer,
    authority: [],
    additional: [],
    options: [],
    errors: [],
    fresh: false,
    plugin: '',
  })
})

test('an error is nothing but its rcode and what is said about it', () => {
  const error = { code: 15, text: 'blocked' }
  assert.deepEqual(errorReply(Rcode.REFUSED, error), reply({ rcode: Rcode.REFUSED, errors: [error] }))
  assert.deepEqual(errorReply(Rcode.SERVFAIL), reply({ rcode: Rcode.SERVFAIL }))
  assert.notEqual(errorReply(Rcode.REFUSED), silence)
})
