import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Opcode, Rcode } from '../../src/dns/codes.ts'
import type { Query } from '../../src/dns/query.ts'
import { type Reply, reply } from '../../src/dns/reply.ts'
import { type ReplyKind, replyKind } from '../../src/dns/reply-kind.ts'
import { parseRecord } from '../../src/dns/text.ts'
import { queryOf } from '../context.ts'

const a = parseRecord('a.org. 30 IN A 10.0.0.1')
const ns = parseRecord('org. 30 IN NS ns.org.')
const soa = parseRecord('org. 30 IN SOA ns.org. host.org. 1 2 3 4 5')

const cases: readonly {
  readonly what: string
  readonly query?: Query
  readonly reply: Partial<Reply>
  readonly kind: ReplyKind
}[] = [
  { what: 'an answer', reply: { answer: [a] }, kind: 'NOERROR' },
  { what: 'an answer with its authority', reply: { answer: [a], authority: [ns, soa] }, kind: 'NOERROR' },
  { what: 'nothing at all', reply: {}, kind: 'NOERROR' },
  { what: 'no such record', reply: { authority: [soa] }, kind: 'NODATA' },
  { what: 'no such record, with name servers', reply: { authority: [ns, soa] }, kind: 'NODATA' },
  { what: 'a referral', reply: { authority: [ns], additional: [a] }, kind: 'DELEGATION' },
  { what: 'no such name', reply: { rcode: Rcode.NXDOMAIN, authority: [soa] }, kind: 'NXDOMAIN' },
  { what: 'no such name, without a SOA', reply: { rcode: Rcode.NXDOMAIN }, kind: 'NXDOMAIN' },
  { what: 'a CNAME to no such name', reply: { rcode: Rcode.NXDOMAIN, answer: [a] }, kind: 'OTHERERROR' },
  { what: 'SERVFAIL', reply: { rcode: Rcode.SERVFAIL }, kind: 'SERVERERROR' },
  { what: 'SERVFAIL with a SOA', reply: { rcode: Rcode.SERVFAIL, authority: [soa] }, kind: 'SERVERERROR' },
  { what: 'NOTIMP', reply: { rcode: Rcode.NOTIMP }, kind: 'SERVERERROR' },
  { what: 'REFUSED', reply: { rcode: Rcode.REFUSED }, kind: 'OTHERERROR' },
  { what: 'a transfer', query: queryOf('org. AXFR'), reply: { answer: [soa, a, soa] }, kind: 'META' },
  { what: 'a refused transfer', query: queryOf('org. IXFR'), reply: { rcode: Rcode.REFUSED }, kind: 'META' },
  { what: 'a notification', query: queryOf('org. SOA', { opcode: Opcode.NOTIFY }), reply: {}, kind: 'META' },
  { what: 'an update', query: queryOf('org. SOA', { opcode: Opcode.UPDATE }), reply: {}, kind: 'UPDATE' },
]
for (const { what, query = queryOf('a.org. A'), reply: fields, kind } of cases) {
  test(`${what} is ${kind}`, () => assert.equal(replyKind(query, reply(fields)), kind))
}
