import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodeExtendedError,
  decodeOpt,
  encodeExtendedError,
  optionSize,
  optSize,
  writeOpt,
} from '../../src/dns/edns.ts'
import { octets, opt, option } from './packets.ts'

/** As it stands in a message: after the owner. */
const decode = (wire: string) => decodeOpt(octets(wire), 1, wire.length)

test('an OPT record is read', () => {
  assert.deepEqual(decode(opt()), { udpSize: 1232, version: 0, dnssecOk: false, options: [] })
  const rdata = option(10, 'abcdefgh') + option(65_001, '') + option(3, '\xff')
  assert.deepEqual(decode(opt({ udpSize: 65_535, rcode: 1, version: 255, flags: 0x8000, rdata })), {
    udpSize: 65_535,
    version: 255,
    dnssecOk: true,
    options: [
      { code: 10, data: 'abcdefgh' },
      { code: 65_001, data: '' },
      { code: 3, data: '\xff' },
    ],
  })
  assert.equal(decode(opt({ flags: 0x7fff }))?.dnssecOk, false)
})

test('options whose lengths do not add up are refused', () => {
  for (const rdata of ['\0', '\0\x0a\0', option(10, 'abc').slice(0, -1), `${option(10, 'abc')}\0`]) {
    assert.equal(decode(opt({ rdata })), undefined, JSON.stringify(rdata))
  }
})

test('what clients say one after the other is not mixed up', () => {
  const said = fc.record({
    udpSize: fc.constantFrom(512, 1232),
    version: fc.constantFrom(0, 1),
    flags: fc.constantFrom(0, 0x8000),
    rdata: fc.constantFrom('', option(10, 'a')),
  })
  fc.assert(
    fc.property(fc.array(said, { minLength: 2 }), (all) => {
      const read = all.map((each) => decode(opt(each)))
      const expected = all.map(({ udpSize, version, flags, rdata }) => {
        const options = rdata === '' ? [] : [{ code: 10, data: 'a' }]
        return { udpSize, version, dnssecOk: flags !== 0, options }
      })
      assert.deepEqual(read, expected)
    }),
  )
})

test('what is written is read', () => {
  const options = fc.array(
    fc.record(
      { code: fc.nat(0xffff), data: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')) },
      { noNullPrototype: true },
    ),
  )
  fc.assert(
    fc.property(
      fc.nat(0xffff),
      fc.nat(0xfff),
      fc.nat(0xff),
      fc.boolean(),
      options,
      (udpSize, rcode, version, dnssecOk, list) => {
        const into = Buffer.alloc(4096, 0xaa)
        const end = writeOpt(into, 7, udpSize, rcode, { version, dnssecOk }, list)
        assert.equal(end, 7 + optSize + list.reduce((size, each) => size + optionSize(each), 0))
        assert.deepEqual(decodeOpt(into, 8, end), { udpSize, version, dnssecOk, options: list })
        assert.equal(into[12], rcode >> 4)
      },
    ),
  )
})

test('extended errors are options', () => {
  const error = { code: 22, text: 'no reply from upstream: Zeitüberschreitung' }
  const encoded = encodeExtendedError(error)
  assert.equal(encoded.code, 15)
  assert.deepEqual(decodeExtendedError(encoded), error)
  assert.deepEqual(encodeExtendedError({ code: 0x0102, text: '' }), { code: 15, data: '\x01\x02' })
  assert.deepEqual(decodeExtendedError({ code: 15, data: '\0\x03stale\0' }), { code: 3, text: 'stale' })
  assert.equal(decodeExtendedError({ code: 15, data: '\0' }), undefined)
  assert.equal(decodeExtendedError({ code: 10, data: '\0\x03' }), undefined)
})
