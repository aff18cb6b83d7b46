import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rcode } from '../../src/dns/codes.ts'
import { errorReply, type Reply, reply, silence, withSections } from '../../src/dns/reply.ts'
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

test('other sections leave the rest of a reply as it is', () => {
  const [one, two, three] = ['a. 5 IN A 10.0.0.1', 'b. 5 IN A 10.0.0.2', 'c. 5 IN A 10.0.0.3'].map((text) =>
    rrsets(text),
  )
  const plain: Reply = {
    ...reply({ rcode: Rcode.NXDOMAIN, authoritative: true, recursionAvailable: true, authenticData: true }),
    ...{ truncated: true, options: [{ code: 3, data: 'x' }], errors: [{ code: 1, text: 'y' }], udpSize: 512 },
    ...{ fresh: true, plugin: 'kubernetes' },
  }
  const sections = { answer: one ?? [], authority: two ?? [], additional: three ?? [] }
  for (const before of [plain, { ...plain, recursionDesired: false }, { ...plain, transfer: [] }]) {
    const after = withSections(before, sections.answer, sections.authority, sections.additional)
    assert.deepEqual(after, { ...before, ...sections })
  }
})
