import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Type } from '../../src/dns/codes.ts'
import { decodeMessage } from '../../src/dns/decode.ts'
import { encodeTransfer } from '../../src/dns/encode-transfer.ts'
import { parseName } from '../../src/dns/name.ts'
import { encodeAddress, encodeTxt } from '../../src/dns/rdata.ts'
import { reply } from '../../src/dns/reply.ts'
import { type Rdata, type Rrset, rrset } from '../../src/dns/rrset.ts'
import { printRecords } from '../../src/dns/text.ts'
import { ask, plainEdns } from './packets.ts'

const query = ask('example. AXFR', { over: 'tcp' })
const whole = reply({ authoritative: true })
const decoded = (records: Iterable<Rrset>, of = query) =>
  [...encodeTransfer(of, whole, records)].map((message) => decodeMessage(message))
const lines = (records: readonly Rrset[]) => records.flatMap(printRecords)
const host = (i: number) =>
  rrset(parseName(`host-${i}.example.`), Type.A, 5, [encodeAddress(`10.0.${i >> 8}.${i & 255}`)])

test('few records are one message, with the flags of the reply', () => {
  const records = [host(1), host(2)]
  const [message, ...others] = decoded(records)
  assert.deepEqual(others, [])
  assert.equal(message?.authoritative, true)
  assert.equal(message?.truncated, false)
  assert.deepEqual(message?.questions, [{ name: query.asked, type: Type.AXFR, class: 1 }])
  assert.deepEqual(lines(message?.answer ?? []), lines(records))
})

test('no records are no message', () => {
  assert.deepEqual(decoded([]), [])
})

test('many records are as many messages as it takes, each made when it is asked for', () => {
  let made = 0
  function* zone(): Generator<Rrset> {
    for (; made < 10_000; made++) yield host(made)
  }
  const messages = encodeTransfer(query, whole, zone())
  assert.equal(made, 0)
  messages.next()
  assert.ok(made < 2000, `${made} records for the first message`)
  const left = [...messages]
  assert.equal(made, 10_000)
  assert.ok(left.every((message) => message.length < 0x8000))
})

test('an rrset that is too much for a message is divided', () => {
  const texts = Array.from({ length: 100 }, (_, i) => encodeTxt([`${i}`, 'x'.repeat(2000)]))
  const big = rrset(parseName('example.'), Type.TXT, 5, texts)
  const messages = decoded([host(1), big, host(2)])
  assert.ok(messages.length > 3)
  assert.deepEqual(lines(messages.flatMap((message) => message.answer)), lines([host(1), big, host(2)]))
})

test('a record of almost 64 KiB is a message, one beyond that is an error', () => {
  const record = (size: number) => rrset(parseName('example.'), 65_280, 5, ['x'.repeat(size) as Rdata])
  const edns = ask('example. AXFR', { over: 'tcp', edns: plainEdns })
  const messages = decoded([host(1), record(64_000), host(2)], edns)
  assert.deepEqual(
    messages.map((message) => [message.truncated, message.answer.length]),
    [
      [false, 1],
      [false, 1],
      [false, 1],
    ],
  )
  assert.throws(() => decoded([record(65_000)]), new RangeError('a record of 65019 octets is too long for a message'))
})

test('whatever the records, all of them arrive, in order, with nothing cut', () => {
  const sizes = fc.array(fc.array(fc.nat(40_000), { minLength: 1, maxLength: 4 }), { maxLength: 12 })
  fc.assert(
    fc.property(sizes, (zone) => {
      const records = zone.map((rdatas, i) =>
        rrset(
          parseName(`n${i}.example.`),
          65_280,
          5,
          rdatas.map((size, j) => `${j}${'x'.repeat(size)}` as Rdata),
        ),
      )
      const messages = decoded(records)
      assert.ok(messages.every((message) => !message.truncated && message.answer.length > 0))
      assert.deepEqual(lines(messages.flatMap((message) => message.answer)), lines(records))
    }),
    { numRuns: 50 },
  )
})
