import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Type } from '../../src/dns/codes.ts'
import { encode16 } from '../../src/dns/octets.ts'
import { parseRdata, printRdata } from '../../src/dns/rdata.ts'
import type { Rdata } from '../../src/dns/rrset.ts'

const com = '03666f6f076578616d706c6503636f6d00'
const org = '03666f6f076578616d706c65036f726700'

// Those with foo.example.com. and foo.example.org. are the test vectors of RFC 9460, appendix D.
for (const [text, wire, printed = text] of [
  ['0 foo.example.com.', `0000${com}`],
  ['1 .', '000100'],
  ['16 foo.example.com. port=53', `0010${com}000300020035`],
  ['1 foo.example.com. key667=hello', `0001${com}029b000568656c6c6f`, '1 foo.example.com. key667="hello"'],
  ['1 foo.example.com. key667="hello\\210qoo"', `0001${com}029b000968656c6c6fd2716f6f`],
  [
    '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
    `0001${com}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
    '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
  ],
  [
    '1 foo.example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
    `0001${com}0006001020010db80122034400000000c0000221`,
    '1 foo.example.com. ipv6hint=2001:db8:122:344::c000:221',
  ],
  [
    '16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)',
    `0010${org}0000000400010004000100090268320568332d313900040004c0000201`,
    '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
  ],
  ['16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"', `0010${org}0001000c08665c6f6f2c626172026832`],
  [
    '16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2',
    `0010${org}0001000c08665c6f6f2c626172026832`,
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
  ],
  ['1 . alpn="h2" no-default-alpn', '0001000001000302683200020000'],
  ['1 . ech=AEX+DQ==', '000100000500040045fe0d'],
  ['1 . dohpath="/dns-query{?dns}" ohttp', '000100000700102f646e732d71756572797b3f646e737d00080000'],
  ['1 . key667', '000100029b0000'],
  ['1 . key667=""', '000100029b0000', '1 . key667'],
  ['1 . key3="\\000\\053"', '000100000300020035', '1 . port=53'],
] as const) {
  test(`HTTPS ${text}`, () => {
    const rdata = parseRdata(Type.HTTPS, text)
    assert.equal(Buffer.from(rdata, 'latin1').toString('hex'), wire)
    assert.equal(printRdata(Type.SVCB, rdata), printed)
    assert.equal(parseRdata(Type.SVCB, printed), rdata)
  })
}

for (const [text, message] of [
  ['1', /target is missing/],
  ['65536 .', /bad priority/],
  ['1 . key123=abc key123=def', /given twice/],
  ['1 . mandatory', /bad value of parameter mandatory/],
  ['1 . alpn', /bad value of parameter alpn/],
  ['1 . port', /bad value of parameter port/],
  ['1 . ipv4hint', /bad value of parameter ipv4hint/],
  ['1 . ipv6hint', /bad value of parameter ipv6hint/],
  ['1 . alpn=h2 no-default-alpn=abc', /bad value of parameter no-default-alpn/],
  ['1 . mandatory=key123', /mandatory parameter key123 is missing/],
  ['1 . mandatory=mandatory', /bad list of mandatory/],
  ['1 . mandatory=key123,key123 key123=abc', /bad list of mandatory/],
  ['1 . no-default-alpn', /no-default-alpn without alpn/],
  ['1 . alpn=h2,,h3', /bad value of parameter alpn/],
  ['1 . alpn=h2\\\\x', /bad value of parameter alpn/],
  ['1 . port=65536', /bad value of parameter port/],
  ['1 . port=1,2', /bad value of parameter port/],
  ['1 . ipv4hint=::1', /bad value of parameter ipv4hint/],
  ['1 . ech=!', /bad value of parameter ech/],
  ['1 . =x', /unknown parameter ""/],
  ['1 . keys=x', /unknown parameter "keys"/],
  ['1 . key01=x', /unknown parameter "key01"/],
  ['1 . key65535=x', /unknown parameter "key65535"/],
] as const) {
  test(`HTTPS ${text} is refused`, () => {
    assert.throws(() => parseRdata(Type.HTTPS, text), { name: 'RecordError', message })
  })
}

test('malformed rdata is printed in hexadecimal', () => {
  for (const wire of [
    '',
    '0001',
    '0001c00c',
    '00010000', // half a key
    '000100000300020035ff', // an octet more
    '00010000030002', // a value that is missing
    '000100000300020035000300020035', // a key twice
    '000100000400040a000001000300020035', // keys not ascending
    '00010000030003003500', // a port of three octets
    '0001000001000402683200', // an empty protocol
    '00010000010003036832', // a protocol beyond the value
    '000100000400030a0000', // three quarters of an address
    '00010000000000', // nothing mandatory
    '000100000000020003', // a mandatory parameter that isn't there
    '00010000020000', // no-default-alpn without alpn
    '000100ffff0000', // the reserved key
  ]) {
    const rdata = Buffer.from(wire, 'hex').toString('latin1') as Rdata
    assert.equal(printRdata(Type.HTTPS, rdata), `\\# ${wire.length / 2} ${wire}`.trimEnd())
    assert.equal(parseRdata(Type.HTTPS, printRdata(Type.HTTPS, rdata)), rdata)
  }
})

test('printing and reading any parameters gives these parameters', () => {
  const octets = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
  const ids = fc
    .array(fc.oneof(octets, fc.constantFrom('h2', 'a,b', '\\', '"')), { minLength: 1, maxLength: 4 })
    .map((list) => list.filter((id) => id !== '').map((id) => String.fromCharCode(id.length) + id))
    .map((list) => list.join(''))
  const params = fc.uniqueArray(fc.tuple(fc.oneof(fc.nat(9), fc.nat(65_534)), fc.oneof(octets, ids)), {
    selector: ([key]) => key,
    maxLength: 5,
  })
  fc.assert(
    fc.property(fc.nat(0xffff), params, (priority, list) => {
      const wire = list
        .sort(([a], [b]) => a - b)
        .map(([key, value]) => encode16(key) + encode16(value.length) + value)
        .join('')
      const rdata = `${encode16(priority)}\0${wire}` as Rdata
      assert.equal(parseRdata(Type.HTTPS, printRdata(Type.HTTPS, rdata)), rdata)
    }),
    { numRuns: 3000 },
  )
})
