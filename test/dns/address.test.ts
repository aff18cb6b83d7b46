import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addressOfReverse,
  canonicalAddress,
  networkSet,
  parseAddress,
  parseCidr,
  parseUnmappedCidr,
  printAddress,
  reverseName,
  reverseZones,
  unmappedAddress,
} from '../../src/dns/address.ts'
import { parseName, prepend, printName } from '../../src/dns/name.ts'

const octetsOf = (size: number) =>
  fc
    .array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(255)), { minLength: size, maxLength: size })
    .map((octets) => String.fromCharCode(...octets))
const blockOf = (text: string) => parseCidr(text) ?? assert.fail(text)
const anyOctets = fc.oneof(octetsOf(4), octetsOf(16))

for (const [text, canonical] of [
  ['10.0.0.1', '10.0.0.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8:0:0:0:0:0:A', '2001:db8::a'],
  // RFC 5952 4.2.2: a single zero stays; 4.2.3: the longest run goes, the first of equals.
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['0:0:0:0:0:ffff:1.2.3.4', '::ffff:1.2.3.4'],
  ['::ffff:102:304', '::ffff:1.2.3.4'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['::1.2.3.4', '::102:304'],
] as const) {
  test(`${text} is ${canonical}`, () => {
    assert.equal(canonicalAddress(text), canonical)
    assert.equal(canonicalAddress(canonical), canonical)
  })
}

for (const text of [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '01.2.3.4',
  '1.2.3.256',
  '1.2.3.4 ',
  '0x1.2.3.4',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1::2::3',
  '12345::',
  '::g',
  '[::1]',
  'fe80::1%eth0',
  '::1.2.3.256',
  'localhost',
]) {
  test(`${JSON.stringify(text)} is no address`, () => {
    assert.equal(parseAddress(text), undefined)
    assert.equal(canonicalAddress(text), undefined)
    assert.throws(() => reverseName(text), RangeError)
  })
}

test('printing and reading any address gives that address', () => {
  fc.assert(
    fc.property(anyOctets, (octets) => {
      const text = printAddress(octets)
      assert.equal(isIP(text), octets.length === 4 ? 4 : 6)
      assert.equal(parseAddress(text), octets)
    }),
    { numRuns: 2000 },
  )
  assert.throws(() => printAddress('abc'), RangeError)
})

test('IPv6 is printed as URLs print it', () => {
  fc.assert(
    fc.property(octetsOf(16), (octets) => {
      fc.pre(!octets.startsWith('\0\0\0\0\0\0\0\0\0\0\xff\xff'))
      assert.equal(`[${printAddress(octets)}]`, new URL(`http://[${printAddress(octets)}]/`).hostname)
    }),
    { numRuns: 2000 },
  )
})

test('exactly what node:net takes for an address is one, but for zone ids', () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '.', '::', '%', ' '), maxLength: 20 }),
  )
  fc.assert(
    fc.property(text, (candidate) => {
      assert.equal(parseAddress(candidate) !== undefined, isIP(candidate) !== 0 && !candidate.includes('%'), candidate)
    }),
    { numRuns: 5000 },
  )
})

test('an IPv4-mapped client is its IPv4 address, all others are as they are', () => {
  for (const [text, expected] of [
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:a00:1', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::10.0.0.1', '::10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['', ''],
  ] as const) {
    assert.equal(unmappedAddress(text), expected)
  }
})

const v6Reverse = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.'
test('addresses have reverse names', () => {
  assert.equal(printName(reverseName('10.0.0.1')), '1.0.0.10.in-addr.arpa.')
  assert.equal(printName(reverseName('2001:db8::1')), v6Reverse)
  assert.equal(addressOfReverse(parseName('1.0.0.10.in-addr.arpa.')), '10.0.0.1')
  assert.equal(addressOfReverse(parseName(v6Reverse)), '2001:db8::1')
  fc.assert(
    fc.property(anyOctets, (octets) => {
      assert.equal(addressOfReverse(reverseName(printAddress(octets))), printAddress(octets))
    }),
  )
})

for (const text of [
  'in-addr.arpa.',
  '0.0.10.in-addr.arpa.',
  'x.1.0.0.10.in-addr.arpa.',
  '1.1.0.0.10.in-addr.arpa.',
  '01.0.0.10.in-addr.arpa.',
  '256.0.0.10.in-addr.arpa.',
  'a.0.0.10.in-addr.arpa.',
  '1.0.0.10.example.',
  '1.0.0.10.ip6.arpa.',
  v6Reverse.slice(2),
  `1.${v6Reverse}`,
  v6Reverse.replace('1.', 'g.'),
  v6Reverse.replace('1.', '10.'),
  '.',
]) {
  test(`${text} is the reverse name of no address`, () => assert.equal(addressOfReverse(parseName(text)), undefined))
}

test('a label that only ends like in-addr.arpa makes no reverse name', () => {
  const name = prepend(['4', '3', '2', '1', 'x', 'y\x07in-addr\x04arpa'], parseName('.'))
  assert.equal(addressOfReverse(name), undefined)
})

for (const [text, address, zones, count = zones.length] of [
  // The first five as CoreDNS expands them (plugin/pkg/cidr).
  ['10.0.0.0/15', '10.0.0.0', ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.']],
  ['10.0.0.0/16', '10.0.0.0', ['0.10.in-addr.arpa.']],
  ['192.168.1.1/23', '192.168.0.0', ['0.168.192.in-addr.arpa.', '1.168.192.in-addr.arpa.']],
  ['10.129.60.0/22', '10.129.60.0', [60, 61, 62, 63].map((octet) => `${octet}.129.10.in-addr.arpa.`)],
  ['2001:db8::/31', '2001:db8::', ['8.b.d.0.1.0.0.2.ip6.arpa.', '9.b.d.0.1.0.0.2.ip6.arpa.']],
  ['0.0.0.0/0', '0.0.0.0', ['in-addr.arpa.']],
  ['::/0', '::', ['ip6.arpa.']],
  ['10.0.0.1/32', '10.0.0.1', ['1.0.0.10.in-addr.arpa.']],
  ['2001:db8::1/128', '2001:db8::1', [v6Reverse]],
  ['192.168.1.200/25', '192.168.1.128', ['128.1.168.192.in-addr.arpa.', '129.1.168.192.in-addr.arpa.'], 128],
  ['fd00::/125', 'fd00::', [`0.${'0.'.repeat(29)}d.f.ip6.arpa.`], 8],
] as const) {
  test(`${text} covers its reverse zones`, () => {
    const cidr = parseCidr(text)
    assert.equal(cidr?.address, address)
    assert.equal(cidr.prefix, Number(text.split('/')[1]))
    assert.equal(cidr.family, text.includes(':') ? 6 : 4)
    assert.equal(reverseZones(cidr).length, count)
    assert.deepEqual(reverseZones(cidr).slice(0, zones.length).map(printName), zones)
  })
}

for (const [text, address, prefix] of [
  ['::ffff:10.1.2.3/104', '10.0.0.0', 8],
  ['::FFFF:a01:203/128', '10.1.2.3', 32],
  ['::ffff:0:0/96', '0.0.0.0', 0],
  // It holds more than IPv4.
  ['::ffff:0:0/95', '::fffe:0:0', 95],
  ['::10.1.2.3/104', '::a00:0', 104],
  ['10.0.0.0/8', '10.0.0.0', 8],
] as const) {
  test(`${text} without the IPv6 around it`, () => {
    const cidr = parseUnmappedCidr(text)
    assert.deepEqual([cidr?.address, cidr?.prefix], [address, prefix])
  })
}

for (const text of [
  '10.0.0.0',
  '10.0.0.0/',
  '/8',
  '10.0.0.0/33',
  '::/129',
  '10.0.0/8',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '',
]) {
  test(`${JSON.stringify(text)} is no block of addresses`, () => assert.equal(parseCidr(text), undefined))
}

test('what is in one of many networks is what one of them contains', () => {
  const texts = [
    '10.0.0.0/8',
    '192.0.2.0/24',
    '192.0.3.7/32',
    '198.51.100.0/24',
    '2001:db8::/32',
    '::ffff:203.0.113.0/120',
    'fd00::/9',
  ]
  const cidrs = texts.map(blockOf)
  const isIn = networkSet(cidrs)
  const octet = fc.constantFrom(0, 2, 3, 7, 10, 51, 100, 113, 192, 198, 203, 255)
  const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
  const group = fc.constantFrom('0', '2001', 'db8', 'fd00', 'fd7f', 'fd80', 'ffff')
  const ipv6 = fc.tuple(group, group, group).map((groups) => `${groups.join(':')}::1`)
  const address = fc.oneof(
    ipv4,
    ipv6,
    ipv4.map((text) => `::ffff:${text}`),
    fc.constantFrom('192.0.2.9', '192.0.3.7', '192.0.3.8', '198.51.100.1', '::ffff:203.0.113.9', '', 'x', '10.0.0'),
  )
  const agree = fc.property(address, (text) => {
    assert.equal(
      isIn(text),
      cidrs.some((cidr) => cidr.contains(text)),
    )
  })
  fc.assert(agree, { numRuns: 2000 })
  assert.equal(networkSet([])('10.0.0.1'), false)
})

test('a block contains the addresses that share its bits', () => {
  const rows: [cidr: string, address: string, expected: boolean][] = [
    ['192.168.1.128/25', '192.168.1.128', true],
    ['192.168.1.128/25', '192.168.1.255', true],
    ['192.168.1.128/25', '192.168.1.127', false],
    ['192.168.1.128/25', '192.168.2.128', false],
    ['0.0.0.0/0', '255.1.2.3', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '10.0.0.1', false],
    ['10.0.0.1/32', '10.0.0.1', true],
    ['10.0.0.1/32', '10.0.0.0', false],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['10.0.0.0/8', 'nonsense', false],
  ]
  for (const [cidr, address, expected] of rows) {
    const contains = blockOf(cidr).contains
    assert.equal(contains(address), expected, `${address} in ${cidr}`)
  }
})

test('the reverse zones of a block hold the reverse names of its addresses', () => {
  fc.assert(
    fc.property(anyOctets, fc.nat(128), fc.boolean(), anyOctets, (octets, bits, inside, other) => {
      const prefix = Math.min(bits, octets.length * 8)
      const cidr = blockOf(`${printAddress(octets)}/${prefix}`)
      const address = printAddress(inside || other.length !== octets.length ? octets : other)
      const name = reverseName(address)
      const zones = reverseZones(cidr)
      const held = zones.some((zone) => name.endsWith(zone))
      if (cidr.contains(address)) assert.ok(held)
      else if (prefix % (cidr.family === 4 ? 8 : 4) === 0) assert.ok(!held)
      assert.ok(zones.length <= 128)
      assert.equal(new Set(zones).size, zones.length)
    }),
    { numRuns: 1000 },
  )
})
