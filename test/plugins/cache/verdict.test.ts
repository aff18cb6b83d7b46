import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseRcode } from '../../../src/dns/codes.ts'
import type { Query } from '../../../src/dns/query.ts'
import { type Reply, reply } from '../../../src/dns/reply.ts'
import { parseRecord, printRecords } from '../../../src/dns/text.ts'
import { cache } from '../../../src/plugins/cache/index.ts'
import { judge } from '../../../src/plugins/cache/verdict.ts'
import { configOf, queryOf } from '../../context.ts'

const soa = 'example.org. 300 IN SOA ns.example.org. root.example.org. 1 7200 1800 86400 60'
/** An RRSIG that covers A, made at 1000 and good until 2000. */
const signature = `a.example.org. 300 IN RRSIG \\# 35 0001 08 03 0000012c 000007d0 000003e8 1234 076578616d706c65036f726700 deadbeef`

interface Case {
  readonly ask: string
  readonly query?: Partial<Query>
  readonly stanza?: string
  readonly rcode?: string
  readonly reply?: Partial<Reply>
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly additional?: readonly string[]
  /** The cache it goes to, and for how many seconds. */
  readonly kept: readonly ['success' | 'denial', number] | undefined
  /** The TTLs that its client sees, in order. */
  readonly ttls: readonly number[]
}

const dnssec = { udpSize: 1232, version: 0, dnssecOk: true, options: [] }

const cases: Readonly<Record<string, Case>> = {
  'an answer is kept for its least TTL, each record with its own': {
    ask: 'a.example.org. A',
    answer: ['a.example.org. 300 IN A 192.0.2.1'],
    authority: ['example.org. 7200 IN NS ns.example.org.'],
    additional: ['ns.example.org. 60 IN A 192.0.2.2'],
    kept: ['success', 60],
    ttls: [300, 3600, 60],
  },
  'TTLs are raised to the least and lowered to the most': {
    ask: 'a.example.org. A',
    stanza: 'cache {\n success 9984 100 20\n}',
    answer: ['a.example.org. 10 IN CNAME b.example.org.', 'b.example.org. 300 IN A 192.0.2.1'],
    kept: ['success', 20],
    ttls: [20, 100],
  },
  'where the bounds contradict each other the upper one counts': {
    ask: 'a.example.org. A',
    stanza: 'cache 3',
    answer: ['a.example.org. 10 IN A 192.0.2.1'],
    kept: ['success', 3],
    ttls: [3],
  },
  'without a least TTL 0 is 0': {
    ask: 'a.example.org. A',
    stanza: 'cache {\n success 9984 100 0\n}',
    answer: ['a.example.org. 0 IN A 192.0.2.1'],
    kept: ['success', 0],
    ttls: [0],
  },
  'aliases that lead to the type asked for': {
    ask: 'A.example.org. A',
    answer: [
      'a.example.org. 300 IN CNAME B.example.org.',
      'c.example.org. 300 IN A 192.0.2.1',
      'b.example.org. 300 IN CNAME c.example.org.',
    ],
    kept: ['success', 300],
    ttls: [300, 300, 300],
  },
  'aliases that lead nowhere': {
    ask: 'a.example.org. A',
    answer: ['a.example.org. 300 IN CNAME b.example.org.'],
    kept: undefined,
    ttls: [300],
  },
  'aliases that lead nowhere, with an SOA record, are a denial': {
    ask: 'a.example.org. A',
    answer: ['a.example.org. 30 IN CNAME b.example.org.'],
    authority: [soa],
    kept: ['denial', 30],
    ttls: [30, 60],
  },
  'an alias in circles': {
    ask: 'a.example.org. A',
    answer: ['a.example.org. 300 IN CNAME b.example.org.', 'b.example.org. 300 IN CNAME a.example.org.'],
    kept: undefined,
    ttls: [300, 300],
  },
  'an alias in two directions': {
    ask: 'a.example.org. A',
    answer: [
      'a.example.org. 300 IN CNAME b.example.org.',
      'a.example.org. 60 IN CNAME c.example.org.',
      'b.example.org. 300 IN A 192.0.2.1',
    ],
    kept: undefined,
    ttls: [300, 60, 300],
  },
  'records beside an alias': {
    ask: 'a.example.org. A',
    answer: ['a.example.org. 300 IN A 192.0.2.1', 'a.example.org. 300 IN CNAME b.example.org.'],
    kept: undefined,
    ttls: [300, 300],
  },
  'an alias that is asked for': {
    ask: 'a.example.org. CNAME',
    answer: ['a.example.org. 300 IN CNAME b.example.org.'],
    kept: ['success', 300],
    ttls: [300],
  },
  'any type': {
    ask: 'a.example.org. ANY',
    answer: ['a.example.org. 300 IN TXT x'],
    kept: ['success', 300],
    ttls: [300],
  },
  'records of another name': {
    ask: 'a.example.org. A',
    answer: ['b.example.org. 300 IN A 192.0.2.1'],
    kept: undefined,
    ttls: [300],
  },
  'records of another class': {
    ask: 'a.example.org. A',
    answer: ['a.example.org. 300 CH A 192.0.2.1'],
    kept: undefined,
    ttls: [300],
  },
  'an answer beside the answer section': {
    ask: 'a.example.org. A',
    additional: ['a.example.org. 0 IN A 10.0.0.9'],
    kept: ['success', 5],
    ttls: [5],
  },
  'a reply without records': { ask: 'a.example.org. A', kept: ['success', 5], ttls: [] },
  'a referral is kept for a moment': {
    ask: 'a.example.org. A',
    authority: ['example.org. 7200 IN NS ns.example.org.'],
    kept: ['success', 5],
    ttls: [3600],
  },
  'NODATA is kept for the least of the SOA record': {
    ask: 'a.example.org. A',
    authority: [soa],
    kept: ['denial', 60],
    ttls: [60],
  },
  'the TTL of the SOA record may be less than its last field': {
    ask: 'a.example.org. A',
    rcode: 'NXDOMAIN',
    authority: ['example.org. 30 IN SOA ns.example.org. root.example.org. 1 7200 1800 86400 60'],
    kept: ['denial', 30],
    ttls: [30],
  },
  'denials have bounds of their own': {
    ask: 'a.example.org. A',
    stanza: 'cache {\n denial 9984 20\n}',
    rcode: 'NXDOMAIN',
    authority: [soa],
    kept: ['denial', 20],
    ttls: [20],
  },
  'records beside the denial count too': {
    ask: 'a.example.org. A',
    rcode: 'NXDOMAIN',
    authority: [soa, 'a.example.org. 10 IN TXT proof'],
    kept: ['denial', 10],
    ttls: [60, 10],
  },
  'an SOA record that is asked for keeps its TTL': {
    ask: 'example.org. SOA',
    answer: [soa],
    kept: ['success', 300],
    ttls: [300],
  },
  'NXDOMAIN without an SOA record': { ask: 'a.example.org. A', rcode: 'NXDOMAIN', kept: undefined, ttls: [] },
  'NXDOMAIN with an answer': {
    ask: 'a.example.org. A',
    rcode: 'NXDOMAIN',
    answer: ['a.example.org. 300 IN CNAME b.example.org.'],
    authority: [soa],
    kept: undefined,
    ttls: [300, 300],
  },
  SERVFAIL: { ask: 'a.example.org. A', rcode: 'SERVFAIL', kept: ['denial', 5], ttls: [] },
  'SERVFAIL for longer': {
    ask: 'a.example.org. A',
    stanza: 'cache {\n servfail 60s\n}',
    rcode: 'SERVFAIL',
    authority: [soa],
    kept: ['denial', 60],
    ttls: [60],
  },
  NOTIMP: { ask: 'a.example.org. A', rcode: 'NOTIMP', kept: ['denial', 5], ttls: [] },
  REFUSED: { ask: 'a.example.org. A', rcode: 'REFUSED', kept: undefined, ttls: [] },
  FORMERR: { ask: 'a.example.org. A', rcode: 'FORMERR', authority: [soa], kept: undefined, ttls: [300] },
  'a truncated answer': {
    ask: 'a.example.org. A',
    reply: { truncated: true },
    answer: ['a.example.org. 300 IN A 192.0.2.1'],
    kept: undefined,
    ttls: [300],
  },
  'a transfer, TTLs untouched': {
    ask: 'example.org. AXFR',
    answer: ['example.org. 9999 IN A 192.0.2.1', 'example.org. 1 IN TXT x'],
    kept: undefined,
    ttls: [9999, 1],
  },
  'a signature that holds': {
    ask: 'a.example.org. A',
    query: { edns: dnssec },
    answer: ['a.example.org. 300 IN A 192.0.2.1', signature],
    kept: ['success', 300],
    ttls: [300, 300],
  },
}

/** The judgement at second 1500. */
function verdictOf(one: Case, now = 1500) {
  const records = (lines: readonly string[] = []) => lines.map((line) => parseRecord(line))
  const value = reply({
    rcode: parseRcode(one.rcode ?? 'NOERROR') as number,
    answer: records(one.answer),
    authority: records(one.authority),
    additional: records(one.additional),
    ...one.reply,
  })
  return judge(queryOf(one.ask, one.query), value, configOf(cache, one.stanza ?? 'cache'), now)
}

suite('what is kept where, for how long', () => {
  for (const [title, one] of Object.entries(cases)) {
    test(title, () => {
      const verdict = verdictOf(one)
      assert.deepEqual(verdict.part === undefined ? undefined : [verdict.part, verdict.lifetime], one.kept)
      const { answer, authority, additional } = verdict.reply
      const lines = [answer, authority, additional].map((section) => section.flatMap(printRecords))
      assert.deepEqual(
        lines.flat().map((line) => Number(line.split(' ')[1])),
        one.ttls,
      )
    })
  }
})

suite('signatures that do not hold', () => {
  const signed: Case = {
    ask: 'a.example.org. A',
    query: { edns: dnssec },
    answer: ['a.example.org. 300 IN A 192.0.2.1', signature],
    kept: undefined,
    ttls: [],
  }
  test('any more', () => assert.equal(verdictOf(signed, 2001).part, undefined))
  test('yet', () => assert.equal(verdictOf(signed, 999).part, undefined))
  test('who does not ask for them does not care', () => {
    assert.equal(verdictOf({ ...signed, query: {} }, 2001).part, 'success')
  })
})
