import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseType, Type } from '../../src/dns/codes.ts'
import { isWellFormed, layouts } from '../../src/dns/layout.ts'
import { parseName } from '../../src/dns/name.ts'
import {
  addressType,
  decodeAddress,
  decodeMx,
  decodeName,
  decodeSoa,
  decodeSrv,
  decodeTxt,
  encodeAddress,
  encodeMx,
  encodeName,
  encodeSoa,
  encodeSrv,
  encodeTxt,
  parseRdata,
  printRdata,
} from '../../src/dns/rdata.ts'
import type { Rdata } from '../../src/dns/rrset.ts'
import { anyName } from './names.ts'

const typeOf = (name: string) => parseType(name) ?? assert.fail(name)
const hex = (rdata: string) => Buffer.from(rdata, 'latin1').toString('hex')
const anyOctets = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'))

for (const [type, text, wire, printed = text] of [
  ['A', '10.0.0.1', '0a000001'],
  ['A', '\\# 4 0a000001', '0a000001', '10.0.0.1'],
  ['A', '\\# 4 0A 00 ( 0001 )', '0a000001', '10.0.0.1'],
  ['AAAA', '2001:DB8::1', '20010db8000000000000000000000001', '2001:db8::1'],
  ['AAAA', '::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
  ['CNAME', 'www.example.', '03777777076578616d706c6500'],
  ['DNAME', '.', '00'],
  ['NS', 'a\\.b.', '03612e6200'],
  ['PTR', 'WWW.', '0357575700'],
  ['SRV', '0 100 443 www.', '0000006401bb0377777700'],
  ['SOA', 'a. b. 4294967295 7200 1800 86400 5', '016100016200ffffffff00001c20000007080001518000000005'],
  ['MX', '10 mail.', '000a046d61696c00'],
  ['TXT', '"a b" "" "c"', '03612062000163'],
  ['TXT', 'a b', '01610162', '"a" "b"'],
  ['TXT', '"\\"\\\\\\255;"', '04225cff3b'],
  ['TXT', '"ü"', '02c3bc', '"\\195\\188"'],
  ['TXT', '"\\#" 1 00', '01230131023030', '"#" "1" "00"'],
  ['SPF', '"v=spf1 -all"', '0b763d73706631202d616c6c'],
  ['HINFO', '"ANY obsoleted" "See RFC 8482"', '0d414e59206f62736f6c657465640c536565205246432038343832'],
  ['CAA', '0 issue "ca.example; x=1"', '0005697373756563612e6578616d706c653b20783d31'],
  ['CAA', '128 tbs Unknown', '8003746273556e6b6e6f776e', '128 tbs "Unknown"'],
  ['TYPE731', '\\# 6 abcdef 012345', 'abcdef012345', '\\# 6 abcdef012345'],
  ['TYPE731', '\\# 0', '', '\\# 0'],
  ['DS', '\\# 1 ff', 'ff'],
  ['DS', '12345 13 2 ABCD EF', '30390d02abcdef', '12345 13 2 ABCDEF'],
  ['CDS', '0 0 0 00', '0000000000'],
  ['DNSKEY', '257 3 13 q83v', '0101030dabcdef'],
  ['TLSA', '3 1 1 abcd', '030101abcd', '3 1 1 ABCD'],
  ['SSHFP', '4 2 AB', '0402ab'],
  ['OPENPGPKEY', 'q83v', 'abcdef'],
  [
    'RRSIG',
    'A 13 2 300 20260101000000 20251201000000 12345 example. q83v',
    '00010d020000012c6955b900692cda803039076578616d706c6500abcdef',
  ],
  [
    'RRSIG',
    'TYPE731 13 2 300 1767225600 0 12345 . q83v',
    '02db0d020000012c6955b90000000000303900abcdef',
    'TYPE731 13 2 300 20260101000000 19700101000000 12345 . q83v',
  ],
  [
    'NSEC',
    'b. A MX RRSIG NSEC TYPE1234',
    '0162000006400100000003041b000000000000000000000000000000000000000000000000000020',
  ],
  ['NSEC', 'b.', '016200'],
  ['NAPTR', '100 50 "s" "SIP+D2U" "" _sip._udp.a.', '006400320173075349502b44325500045f736970045f756470016100'],
  ['RP', 'a. b.', '016100016200'],
  ['AFSDB', '1 a.', '0001016100'],
  ['KX', '10 a.', '000a016100'],
  ['URI', '10 1 "https://a/"', '000a000168747470733a2f2f612f'],
  [
    'SOA',
    'a. b. 1 2h 30m 1d12h 5',
    '01610001620000000001000' + '01c20' + '00000708' + '0001fa40' + '00000005',
    'a. b. 1 7200 1800 129600 5',
  ],
] as const) {
  test(`${type} ${text}`, () => {
    const rdata = parseRdata(typeOf(type), text)
    assert.equal(hex(rdata), wire)
    assert.equal(printRdata(typeOf(type), rdata), printed)
  })
}

for (const [type, text, message] of [
  ['A', '', /address is missing/],
  ['A', '::1', /no address for A/],
  ['A', '10.0.0', /no address/],
  ['A', '10.0.0.1 10.0.0.2', /unexpected "10.0.0.2"/],
  ['A', '\\# 3 0a0000', /malformed rdata of type A/],
  ['A', '\\# 4 0a0000', /not 4 octets in hexadecimal/],
  ['A', '\\# 4 0a0000zz', /not 4 octets in hexadecimal/],
  ['A', '\\# x', /bad length/],
  ['AAAA', '10.0.0.1', /no address for AAAA/],
  ['AAAA', 'fe80::1%eth0', /no address/],
  ['CNAME', 'a..b.', /bad name: empty label/],
  ['CNAME', '\\# 2 0161', /malformed/],
  ['CNAME', '\\# 2 c00c', /malformed/],
  ['SRV', '0 100 65536 www.', /bad port/],
  ['SRV', '0 100 443', /target is missing/],
  ['SOA', 'a. b. 1 2 3 4', /minimum is missing/],
  ['SOA', 'a. b. 1 2 3 4 4294967296', /bad minimum/],
  ['MX', '-1 a.', /bad preference/],
  ['TXT', '', /string is missing/],
  ['TXT', '\\# 0', /malformed/],
  ['TXT', '"\\300"', /bad escape/],
  ['HINFO', '"a"', /OS is missing/],
  ['HINFO', `"${'a'.repeat(256)}" b`, /longer than 255 octets/],
  ['CAA', '0 is-sue "x"', /bad tag/],
  ['TYPE731', 'abc', /only be given as/],
  ['LOC', '1 2 3', /only be given as/],
  ['NAPTR', '1 2 "s"', /services is missing/],
  ['SOA', 'a. b. 1 2 3 4 5y', /bad minimum/],
  ['SOA', 'a. b. 1d 2 3 4 5', /bad serial/],
  ['DS', '1 2 3', /digest is not in hexadecimal/],
  ['DS', '1 2 3 abc', /digest is not in hexadecimal/],
  ['DS', '1 256 3 ab', /bad algorithm/],
  ['DNSKEY', '1 2 3 abc', /key is not in base64/],
  ['RRSIG', 'FOO 1 2 3 4 5 6 a. AAAA', /unknown type "FOO"/],
  ['RRSIG', 'A 1 2 3 20261301000000 5 6 a. AAAA', /bad expiration/],
  ['RRSIG', 'A 1 2 3 4 99999999999 6 a. AAAA', /bad inception/],
  ['NSEC', 'a. FOO', /unknown type "FOO"/],
] as const) {
  test(`${type} ${JSON.stringify(text).slice(0, 40)} is refused`, () => {
    assert.throws(() => parseRdata(typeOf(type), text), { name: 'RecordError', message })
  })
}

test('relative names in rdata are under the origin', () => {
  const origin = parseName('example.')
  assert.equal(printRdata(Type.SRV, parseRdata(Type.SRV, '0 0 80 www', origin)), '0 0 80 www.example.')
  assert.equal(printRdata(Type.NS, parseRdata(Type.NS, '@', origin)), 'example.')
})

test('long strings of TXT are divided', () => {
  const rdata = encodeTxt(['x'.repeat(600)])
  assert.deepEqual(
    decodeTxt(rdata).map((string) => string.length),
    [255, 255, 90],
  )
  assert.deepEqual(decodeTxt(encodeTxt([])), [''])
  assert.deepEqual(decodeTxt(encodeTxt(['', 'a'])), ['', 'a'])
  assert.throws(() => encodeTxt(['€']), RangeError)
})

test('an address says its type', () => {
  assert.equal(addressType('10.0.0.1'), Type.A)
  assert.equal(addressType('::ffff:10.0.0.1'), Type.AAAA)
  assert.equal(decodeAddress(encodeAddress('2001:DB8::1')), '2001:db8::1')
  assert.throws(() => encodeAddress('x'), { name: 'RecordError' })
  assert.throws(() => decodeAddress('abc' as Rdata), { name: 'RecordError' })
})

test('what is encoded is decoded', () => {
  const plain = { noNullPrototype: true }
  const u16 = fc.nat(0xffff)
  const u32 = fc.nat(0xffff_ffff)
  fc.assert(fc.property(anyName, (name) => assert.equal(decodeName(encodeName(name)), name)))
  fc.assert(
    fc.property(fc.record({ priority: u16, weight: u16, port: u16, target: anyName }, plain), (srv) => {
      assert.deepEqual(decodeSrv(encodeSrv(srv)), srv)
    }),
  )
  fc.assert(
    fc.property(fc.record({ preference: u16, exchange: anyName }, plain), (mx) =>
      assert.deepEqual(decodeMx(encodeMx(mx)), mx),
    ),
  )
  const soas = fc.record(
    { mname: anyName, rname: anyName, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 },
    plain,
  )
  fc.assert(fc.property(soas, (soa) => assert.deepEqual(decodeSoa(encodeSoa(soa)), soa)))
  fc.assert(
    fc.property(fc.array(anyOctets, { minLength: 1 }), (strings) => {
      assert.deepEqual(decodeTxt(encodeTxt(strings)), strings)
    }),
  )
})

test('numbers that do not fit are refused', () => {
  const target = parseName('a.')
  assert.throws(() => encodeSrv({ priority: 0, weight: 0, port: -1, target }), RangeError)
  assert.throws(() => encodeMx({ preference: 65_536, exchange: target }), RangeError)
})

test('malformed rdata is refused by decoders', () => {
  for (const decode of [decodeName, decodeSrv, decodeSoa, decodeMx, decodeTxt]) {
    for (const rdata of ['', '\x01', '\xc0\x0c', '\0\0\0\0\0\0\x05a\0']) {
      assert.throws(() => decode(rdata as Rdata), { name: 'RecordError', message: /malformed rdata/ })
    }
  }
})

test('printing and reading any rdata of any type gives that rdata; malformed rdata is printed in hexadecimal', () => {
  const types = fc.constantFrom(...layouts.keys(), Type.HTTPS, Type.SVCB, Type.DS, 731)
  const u16 = fc.nat(0xffff).map((value) => String.fromCharCode(value >> 8, value & 255))
  const rdatas = fc.oneof(
    anyOctets,
    anyName,
    fc.tuple(u16, anyName).map((parts) => parts.join('')),
    fc.tuple(u16, u16, u16, anyName).map((parts) => parts.join('')),
    fc.tuple(anyName, anyName, fc.constant('\0\0\0\x01'.repeat(5))).map((parts) => parts.join('')),
    fc.array(anyOctets).map((strings) => strings.map((string) => String.fromCharCode(string.length) + string).join('')),
  )
  fc.assert(
    fc.property(types, rdatas, (type, rdata) => {
      const text = printRdata(type, rdata as Rdata)
      assert.match(text, /^[ -~]+$/)
      if (isWellFormed(type, rdata)) assert.equal(parseRdata(type, text), rdata)
      else {
        assert.ok(text.startsWith('\\#'))
        assert.throws(() => parseRdata(type, text), { name: 'RecordError' })
      }
    }),
    { numRuns: 5000 },
  )
})
