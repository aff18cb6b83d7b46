import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CorefileError } from '../../src/corefile/directive.ts'
import { parseCorefile } from '../../src/corefile/parse.ts'
import { parseKeys, parseZones, zonesOf } from '../../src/corefile/zones.ts'
import { printName } from '../../src/dns/name.ts'
import { memorySource } from './memory-source.ts'
import { printKey } from './print.ts'

const at = { file: 'Corefile', line: 7 }

function keysOf(text: string): { readonly keys: string[]; readonly warnings: string[] } {
  const warnings: string[] = []
  const keys = parseKeys(text, at, { port: 1053, warn: (message) => warnings.push(message) })
  return { keys: keys.map(printKey), warnings }
}

suite('keys', () => {
  const good: Readonly<Record<string, readonly string[]>> = {
    '.': ['dns://.:1053'],
    '.:53': ['dns://.:53'],
    'Example.ORG': ['dns://example.org.:1053'],
    'example.org.': ['dns://example.org.:1053'],
    'example.org:+53': ['dns://example.org.:53'],
    'example.org:0': ['dns://example.org.:0'],
    'dns://example.org': ['dns://example.org.:1053'],
    'dns://.:54': ['dns://.:54'],
    'tls://example.org': ['tls://example.org.:853'],
    'tls://.:54': ['tls://.:54'],
    'https://example.org': ['https://example.org.:443'],
    'https://10.0.0.0/8:8443': ['https://10.in-addr.arpa.:8443'],
    // What is no number after a colon is part of the name.
    'a:b': ['dns://a:b.:1053'],
    '::1': ['dns://:.:1'],
    // Networks are reverse zones.
    '10.0.0.0/8': ['dns://10.in-addr.arpa.:1053'],
    '10.0.0.0/8:53': ['dns://10.in-addr.arpa.:53'],
    '0.0.0.0/0': ['dns://in-addr.arpa.:1053'],
    '192.168.1.1/24': ['dns://1.168.192.in-addr.arpa.:1053'],
    '10.0.0.0/15': ['dns://0.10.in-addr.arpa.:1053', 'dns://1.10.in-addr.arpa.:1053'],
    '10.0.0.4/30': [4, 5, 6, 7].map((octet) => `dns://${octet}.0.0.10.in-addr.arpa.:1053`),
    '2001:db8::/32': ['dns://8.b.d.0.1.0.0.2.ip6.arpa.:1053'],
    '2001:db8::/31:53': ['dns://8.b.d.0.1.0.0.2.ip6.arpa.:53', 'dns://9.b.d.0.1.0.0.2.ip6.arpa.:53'],
    // Not networks.
    '10.0.0.0/33': ['dns://10.0.0.0/33.:1053'],
    '10.0.0.0/24.': ['dns://10.0.0.0/24.:1053'],
    '10.0.0/24': ['dns://10.0.0/24.:1053'],
  }
  for (const [text, keys] of Object.entries(good)) {
    test(text, () => assert.deepEqual(keysOf(text), { keys, warnings: [] }))
  }

  test('an odd prefix is as many zones as it takes', () => {
    assert.equal(keysOf('10.0.0.0/17').keys.length, 128)
    assert.equal(keysOf('192.168.1.0/25').keys.length, 128)
    assert.equal(keysOf('2001:db8::/33').keys.length, 8)
  })

  test('a scheme nobody knows is taken for a zone, and said so', () => {
    assert.deepEqual(keysOf('foo://example.org'), {
      keys: ['dns://foo://example.org.:1053'],
      warnings: ["Corefile:7 - 'foo://example.org' has no scheme we know: taken for a zone"],
    })
  })

  const bad: Readonly<Record<string, string>> = {
    '': 'expecting data after last colon: ""',
    'dns://': 'expecting data after last colon: ""',
    'example.org:': 'expecting data after last colon: "example.org:"',
    'a..b': 'zone is not a valid domain name: a..b',
    '.a': 'zone is not a valid domain name: .a',
    [`${'x'.repeat(64)}.org`]: `zone is not a valid domain name: ${'x'.repeat(64)}.org`,
    ['x.'.repeat(128)]: 'specified zone is too long: 256 > 255',
    '::/0': 'invalid CIDR ::/0',
    '0::/8': 'invalid CIDR 0::/8',
    'example.org:65536': 'address 65536: invalid port',
    'example.org:-1': 'address -1: invalid port',
    'quic://example.org':
      "'quic://example.org': quic:// is not supported here; docs/migrating.md says what to do instead",
    'grpc://example.org':
      "'grpc://example.org': grpc:// is not supported here; docs/migrating.md says what to do instead",
    'https3://example.org':
      "'https3://example.org': https3:// is not supported here; docs/migrating.md says what to do instead",
    'unix:///tmp/x': "'unix:///tmp/x': unix:// is not supported here; docs/migrating.md says what to do instead",
  }
  for (const [text, problem] of Object.entries(bad)) {
    test(`not ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => keysOf(text),
        (error) => {
          assert(error instanceof CorefileError)
          assert.equal(error.message, `Corefile:7 - Error during parsing: ${problem}`)
          return true
        },
      )
    })
  }
})

suite('zones of directives', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'cluster.local': ['cluster.local.'],
    'Cluster.Local.': ['cluster.local.'],
    '.': ['.'],
    'tls://example.org:853': ['example.org.'],
    'example.org:99999': ['example.org.'],
    '10.96.0.0/12': Array.from({ length: 16 }, (_, i) => `${96 + i}.10.in-addr.arpa.`),
    'fd00::/8': ['d.f.ip6.arpa.'],
    // Left out, as in CoreDNS.
    'a..b': [],
    'example.org:': [],
    '::/0': [],
  }
  for (const [text, zones] of Object.entries(cases)) {
    test(text, () => assert.deepEqual(parseZones([text]).map(printName), zones))
  }

  const [block] = parseCorefile('cluster.local 10.0.0.0/15 {\n}', memorySource())
  assert(block !== undefined)
  test('arguments replace the keys of the block', () => {
    assert.deepEqual(zonesOf(['a.org', 'b.org'], block).map(printName), ['a.org.', 'b.org.'])
    assert.deepEqual(zonesOf([], block).map(printName), ['cluster.local.', '0.10.in-addr.arpa.', '1.10.in-addr.arpa.'])
  })
})
