import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Class, Type } from '../../src/dns/codes.ts'
import { parseName } from '../../src/dns/name.ts'
import { encodeAddress, encodeName } from '../../src/dns/rdata.ts'
import type { Rdata } from '../../src/dns/rrset.ts'
import { parseRecord, printRecords } from '../../src/dns/text.ts'
import { anyName } from './names.ts'

for (const [line, printed = line] of [
  ['www.example. 30 IN A 192.0.2.1'],
  ['www.example.\t30\t\tIN\tA  192.0.2.1', 'www.example. 30 IN A 192.0.2.1'],
  ['www.example. IN 30 A 192.0.2.1', 'www.example. 30 IN A 192.0.2.1'],
  ['www.example. 30 A 192.0.2.1', 'www.example. 30 IN A 192.0.2.1'],
  ['www.example 30 in a 192.0.2.1 ; a comment', 'www.example. 30 IN A 192.0.2.1'],
  ['WWW.Example. 0 IN CNAME Other.Example.'],
  ['. 2147483647 IN NS a.root-servers.net.'],
  ['version.bind. 0 CH TXT "CoreDNS"'],
  ['_http._tcp.a. 5 IN SRV 0 33 80 10-0-0-1.a.'],
  ['a. 5 CLASS77 TYPE731 \\# 2 abcd'],
  ['a. 5 IN TYPE1 \\# 4 c0000201', 'a. 5 IN A 192.0.2.1'],
  ['a. 5 IN SOA ns.a. host.a. (\n 1 ; serial\n 2 3 4 5 )', 'a. 5 IN SOA ns.a. host.a. 1 2 3 4 5'],
  ['a. 1h IN A 192.0.2.1', 'a. 3600 IN A 192.0.2.1'],
  ['a. IN 1W2d3H4m5 A 192.0.2.1', 'a. 788645 IN A 192.0.2.1'],
  ['a. SOA ns.a. host.a. 1 2 3 4 5', 'a. 5 IN SOA ns.a. host.a. 1 2 3 4 5'],
  ['5. 30 IN A 192.0.2.1'],
  ['in. 30 IN A 192.0.2.1'],
] as const) {
  test(`${JSON.stringify(line)} is read and printed`, () => {
    const rrset = parseRecord(line)
    assert.deepEqual(printRecords(rrset), [printed])
    assert.deepEqual(parseRecord(printed), rrset)
  })
}

for (const [line, message] of [
  ['', /owner is missing/],
  ['a.', /type is missing/],
  ['a. 5', /type is missing/],
  ['a. 5 IN', /type is missing/],
  ['a. IN A 192.0.2.1', /TTL is missing/],
  ['a. 5 5 A 192.0.2.1', /unknown type "5"/],
  ['a. IN IN 5 A 192.0.2.1', /unknown type "IN"/],
  ['a. 5 IN FOO x', /unknown type "FOO"/],
  ['a. 1y IN A 192.0.2.1', /unknown type "1y"/],
  ['a. 5000w IN A 192.0.2.1', /TTL 5000w over/],
  ['a. 2147483648 IN A 192.0.2.1', /TTL 2147483648 over/],
  ['a. 5 IN A 192.0.2', /no address/],
  ['a. 5 IN A 192.0.2.1 x', /unexpected "x"/],
  ['a..b 5 IN A 192.0.2.1', /bad owner: empty label/],
  ['a. 5 IN TXT "x', /stray/],
] as const) {
  test(`${JSON.stringify(line)} is refused`, () => {
    assert.throws(() => parseRecord(line), { name: 'RecordError', message })
    assert.throws(
      () => parseRecord(line),
      (error: Error) => error.cause instanceof Error && error.message.includes(JSON.stringify(line)),
    )
  })
}

test('names are relative to the origin, and a TTL can be given for lines that have none', () => {
  const rrset = parseRecord('www CNAME @', parseName('example.'), 3600)
  assert.deepEqual(printRecords(rrset), ['www.example. 3600 IN CNAME example.'])
  assert.equal(parseRecord('www 0 CNAME @', parseName('example.'), 3600).ttl, 0)
})

test('an rrset has a line for each record', () => {
  const rdatas = ['192.0.2.1', '192.0.2.2'].map(encodeAddress)
  assert.deepEqual(printRecords({ owner: parseName('a.'), type: Type.A, class: Class.IN, ttl: 5, rdatas }), [
    'a. 5 IN A 192.0.2.1',
    'a. 5 IN A 192.0.2.2',
  ])
})

test('printing and reading any record gives that record', () => {
  const records = fc.record({
    owner: anyName,
    class: fc.nat(0xffff),
    ttl: fc.nat(0x7fff_ffff),
    data: fc.oneof(
      anyName.map((name) => ({ type: Type.PTR as number, rdata: encodeName(name) })),
      fc.uint8Array().map((octets) => ({ type: 65_280, rdata: Buffer.from(octets).toString('latin1') as Rdata })),
    ),
  })
  fc.assert(
    fc.property(records, ({ owner, class: recordClass, ttl, data: { type, rdata } }) => {
      const rrset = { owner, type, class: recordClass, ttl, rdatas: [rdata] }
      assert.deepEqual(
        printRecords(rrset).map((line) => parseRecord(line)),
        [rrset],
      )
    }),
    { numRuns: 1000 },
  )
})
