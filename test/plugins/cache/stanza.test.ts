import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { printName } from '../../../src/dns/name.ts'
import { cache } from '../../../src/plugins/cache/index.ts'
import { configOf, isCorefileError } from '../../context.ts'

const minute = 60_000

/** What the stanza means, names printed. */
function read(body: string, key = 'example.org') {
  const config = configOf(cache, body, key)
  const partOf = ({ capacity, maxTtl, minTtl, except }: typeof config.success) => [
    capacity,
    maxTtl,
    minTtl,
    ...except.map(printName),
  ]
  return {
    ...config,
    zones: config.zones.map(printName),
    success: partOf(config.success),
    denial: partOf(config.denial),
  }
}
type Read = ReturnType<typeof read>

const defaults: Read = {
  zones: ['example.org.'],
  success: [9984, 3600, 5],
  denial: [9984, 1800, 5],
  servfail: 5,
  prefetch: { amount: 0, pause: minute, percentage: 10 },
  stale: { upTo: 0, verify: false, timeout: 0, ttl: 0, recheck: 0, preferPositive: false },
  keepTtl: false,
}
const stale = (fields: Partial<Read['stale']>): Partial<Read> => ({
  stale: { ...defaults.stale, upTo: 3600, ...fields },
})

suite('stanzas that are read', () => {
  const cases: Readonly<Record<string, Partial<Read>>> = {
    cache: {},
    'cache {\n}': {},
    'cache 30': { success: [9984, 30, 5], denial: [9984, 30, 5] },
    'cache +30': { success: [9984, 30, 5], denial: [9984, 30, 5] },
    'cache aaa Example.NL': { zones: ['aaa.', 'example.nl.'] },
    // No number, so a zone.
    'cache 30s': { zones: ['30s.'] },
    'cache 25 example.nl 10.0.0.0/8': {
      zones: ['example.nl.', '10.in-addr.arpa.'],
      success: [9984, 25, 5],
      denial: [9984, 25, 5],
    },
    'cache {\n  success 5000\n  denial 2500\n}': { success: [5000, 3600, 5], denial: [2500, 1800, 5] },
    'cache 25 {\n  success 9984 1800 30\n  denial 9984 15\n}': { success: [9984, 1800, 30], denial: [9984, 15, 5] },
    'cache {\n  denial 2000 15 0 and more\n}': { denial: [2000, 15, 0] },
    // No smaller than CoreDNS's smallest.
    'cache {\n  success 10\n  denial -5\n}': { success: [1024, 3600, 5], denial: [1024, 1800, 5] },
    'cache {\n  prefetch 10\n}': { prefetch: { amount: 10, pause: minute, percentage: 10 } },
    'cache {\n  prefetch 0 10s\n}': { prefetch: { amount: 0, pause: 10_000, percentage: 10 } },
    'cache {\n  prefetch 3 1h 90%\n}': { prefetch: { amount: 3, pause: 60 * minute, percentage: 90 } },
    'cache {\n  servfail 5m\n}': { servfail: 300 },
    'cache {\n  servfail 0\n}': { servfail: 0 },
    'cache {\n  servfail 1500ms\n}': { servfail: 1 },
    'cache {\n  keepttl\n}': { keepTtl: true },
    'cache {\n  disable success\n  disable denial a.example b.example\n}': {
      success: [9984, 3600, 5, '.'],
      denial: [9984, 1800, 5, 'a.example.', 'b.example.'],
    },
    'cache {\n  disable denial a.example\n  disable denial b.example\n}': { denial: [9984, 1800, 5, 'b.example.'] },
    // kubeadm's.
    'cache 30 {\n  disable success cluster.local\n  disable denial cluster.local\n}': {
      success: [9984, 30, 5, 'cluster.local.'],
      denial: [9984, 30, 5, 'cluster.local.'],
    },
    'cache {\n  serve_stale\n}': stale({}),
    'cache {\n  serve_stale 1h20m\n}': stale({ upTo: 4800 }),
    'cache {\n  serve_stale 0 immediate\n}': stale({ upTo: 0 }),
    'cache {\n  serve_stale 0 VERIFY\n}': stale({ upTo: 0, verify: true }),
    'cache {\n  serve_stale 1h immediate 30s\n}': stale({ ttl: 30 }),
    'cache {\n  serve_stale 1h immediate 4294967295s 5m\n}': stale({ ttl: 4_294_967_295, recheck: 300_000 }),
    'cache {\n  serve_stale 1h verify 100ms\n}': stale({ verify: true, timeout: 100 }),
    'cache {\n  serve_stale 1h verify 0 1m 250ms\n}': stale({ verify: true, ttl: 60, recheck: 250 }),
    'cache {\n  serve_stale_policy PREFER_POSITIVE\n  serve_stale 1h verify\n}': stale({
      verify: true,
      preferPositive: true,
    }),
    // The last one counts.
    'cache {\n  serve_stale 1h verify 1s\n  serve_stale\n}': stale({}),
  }
  for (const [stanza, fields] of Object.entries(cases)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(read(stanza), { ...defaults, ...fields }))
  }
  test('without zones those of the server block', () => {
    assert.deepEqual(read('cache', 'a.example b.example:1053').zones, ['a.example.', 'b.example.'])
  })
})

suite('stanzas that are refused', () => {
  const count = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`
  const cases: Readonly<Record<string, readonly [line: number, problem: string]>> = {
    'cache\ncache': [3, 'this plugin can only be used once per Server Block'],
    'cache 0': [2, 'cache TTL can not be zero or negative: 0'],
    'cache -1 example.nl': [2, 'cache TTL can not be zero or negative: -1'],
    'cache {\n  success\n}': [3, count('success')],
    'cache {\n  success a\n}': [3, 'strconv.Atoi: parsing "a": invalid syntax'],
    'cache {\n  denial 10 0\n}': [3, 'cache TTL can not be zero or negative: 0'],
    'cache {\n  denial 10 x\n}': [3, 'strconv.Atoi: parsing "x": invalid syntax'],
    'cache {\n  denial 10 5 -1\n}': [3, 'cache min TTL can not be negative: -1'],
    'cache {\n  success 10 {\n    a\n  }\n}': [3, "Unexpected token '{', expecting argument"],
    'cache {\n  positive 15\n}': [3, count('positive')],
    'cache {\n  prefetch\n}': [3, count('prefetch')],
    'cache {\n  prefetch 1 1m 10% x\n}': [3, count('x')],
    'cache {\n  prefetch -1\n}': [3, 'prefetch amount should be positive: -1'],
    'cache {\n  prefetch 0 blurp\n}': [3, 'time: invalid duration "blurp"'],
    'cache {\n  prefetch 1 1m 20\n}': [3, "last character of percentage should be `%`, but is: '0'"],
    'cache {\n  prefetch 1 1m 9%\n}': [3, 'percentage should fall in range [10, 90]: 9'],
    'cache {\n  prefetch 1 1m 91%\n}': [3, 'percentage should fall in range [10, 90]: 91'],
    'cache {\n  prefetch 1 1m x%\n}': [3, 'strconv.Atoi: parsing "x": invalid syntax'],
    'cache {\n  serve_stale 20\n}': [3, 'time: missing unit in duration "20"'],
    'cache {\n  serve_stale -20m\n}': [3, 'invalid negative duration for serve_stale'],
    'cache {\n  serve_stale 1m Nono\n}': [3, 'invalid value for serve_stale refresh mode: nono'],
    'cache {\n  serve_stale 1h immediate 100ms\n}': [3, 'serve_stale response TTL must be a whole number of seconds'],
    'cache {\n  serve_stale 1h immediate 4294967296s\n}': [3, 'serve_stale response TTL exceeds the DNS TTL range'],
    'cache {\n  serve_stale 1h immediate -1s\n}': [3, 'invalid negative response TTL for serve_stale'],
    'cache {\n  serve_stale 1h immediate garbage\n}': [
      3,
      'invalid serve_stale response TTL: time: invalid duration "garbage"',
    ],
    'cache {\n  serve_stale 1h immediate 30s 30s extra\n}': [3, count('extra')],
    'cache {\n  serve_stale 1h verify 1s 30s 30s extra\n}': [3, count('extra')],
    'cache {\n  serve_stale 1h verify -1ms\n}': [3, 'invalid negative timeout for serve_stale verify'],
    'cache {\n  serve_stale 1h verify 5\n}': [
      3,
      'invalid serve_stale verify timeout: time: missing unit in duration "5"',
    ],
    'cache {\n  serve_stale 1h verify 100ms 30s -1s\n}': [3, 'invalid negative failure recheck for serve_stale'],
    'cache {\n  serve_stale 1h immediate 30s 5m1s\n}': [3, 'serve_stale failure recheck cannot exceed 5 minutes'],
    'cache {\n  serve_stale 1h immediate 30s invalid\n}': [
      3,
      'invalid serve_stale failure recheck: time: invalid duration "invalid"',
    ],
    'cache {\n  serve_stale_policy prefer_positive\n}': [3, 'serve_stale_policy requires serve_stale'],
    'cache {\n  serve_stale_policy\n}': [3, count('serve_stale_policy')],
    'cache {\n  serve_stale_policy prefer_positive extra\n}': [3, count('extra')],
    'cache {\n  serve_stale_policy Odd\n}': [3, 'invalid serve_stale_policy: Odd'],
    'cache {\n  serve_stale_policy prefer_positive\n  serve_stale_policy prefer_positive\n}': [
      4,
      'serve_stale_policy can only be specified once',
    ],
    'cache {\n  servfail\n}': [3, count('servfail')],
    'cache {\n  servfail 6m\n}': [3, 'caching SERVFAIL responses over 5 minutes is not permitted'],
    'cache {\n  servfail 20\n}': [3, 'time: missing unit in duration "20"'],
    'cache {\n  servfail -1s\n}': [3, 'invalid negative ttl for servfail'],
    'cache {\n  servfail 1m x\n}': [3, count('x')],
    'cache {\n  disable\n}': [3, count('disable')],
    'cache {\n  disable all example.com\n}': [3, 'cache type for disable must be "success" or "denial"'],
    'cache {\n  keepttl x\n}': [3, count('x')],
  }
  for (const [stanza, [line, problem]] of Object.entries(cases)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(
        () => read(stanza),
        isCorefileError(`plugin/cache: Corefile:${line} - Error during parsing: ${problem}`),
      ),
    )
  }
})
