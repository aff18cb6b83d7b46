// Each resolver's walk, step by step. Sources of the rules are named in the modules.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { parseName, printName } from '../../src/dns/name.ts'
import { resolverNamed, resolvers } from '../../src/resolver/resolvers.ts'
import { type Outcome, parseAsked } from '../../src/resolver/walk.ts'
import { drive, type World } from './drive.ts'

/** `kubernetes` of `default` has an A and, as IPv4 services do, no AAAA; so has the web. */
const cluster = [
  'kubernetes.default.svc.cluster.local. A answer',
  'kubernetes.default.svc.cluster.local. AAAA nodata',
  'default.svc.cluster.local. nodata',
  'svc.cluster.local. nodata',
  'cluster.local. nodata',
  'api.example.com. A answer',
  'api.example.com. AAAA answer',
]

const own = 'kubernetes.default.svc.cluster.local.'
const partial = ['kubernetes.default.default.svc.cluster.local.', own]
const both = (names: readonly string[]) => names.map((name) => `${name} A,AAAA`)
const walkOf = (name: string) => {
  const found = resolverNamed(name)
  assert.ok(found, name)
  return found.walk
}

interface Case {
  readonly ask: string
  readonly world?: World
  readonly walk: readonly string[]
}

const external = [
  'api.example.com.default.svc.cluster.local.',
  'api.example.com.svc.cluster.local.',
  'api.example.com.cluster.local.',
]

const tables: Readonly<Record<string, readonly Case[]>> = {
  glibc: [
    { ask: 'kubernetes', walk: [...both([own]), 'found 1'] },
    { ask: 'kubernetes.default', walk: [...both(partial), 'found 2'] },
    { ask: 'api.example.com', walk: [...both([...external, 'api.example.com.']), 'found 4'] },
    { ask: 'api.example.com.', walk: [...both(['api.example.com.']), 'found 1'] },
    { ask: 'api.example.com', world: { options: 'ndots:2' }, walk: [...both(['api.example.com.']), 'found 1'] },
    { ask: 'api.example.com', world: { options: '' }, walk: [...both(['api.example.com.']), 'found 1'] },
    {
      ask: 'no.such.name',
      world: { options: 'ndots:1', search: 'a b' },
      walk: [...both(['no.such.name.', 'no.such.name.a.', 'no.such.name.b.']), 'nxdomain EAI_NONAME'],
    },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. nodata', 'x.b. answer'] },
      walk: [...both(['x.a.', 'x.b.']), 'found 2'],
    },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. servfail', 'x.b. answer'] },
      walk: [...both(['x.a.', 'x.b.']), 'found 2'],
    },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. refused', 'x.b. answer'] },
      walk: [...both(['x.a.', 'x.']), 'nxdomain EAI_NONAME'],
    },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. timeout', 'x. timeout'] },
      walk: [...both(['x.a.', 'x.']), 'failed EAI_AGAIN'],
    },
    { ask: 'x', world: { search: 'a b', names: ['x.a. unreachable'] }, walk: [...both(['x.a.']), 'failed EAI_AGAIN'] },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. nodata', 'x.b. servfail'] },
      walk: [...both(['x.a.', 'x.b.', 'x.']), 'nodata EAI_NODATA'],
    },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. A nodata', 'x.a. AAAA servfail', 'x.b. answer'] },
      walk: [...both(['x.a.', 'x.b.']), 'found 2'],
    },
    {
      ask: 'x',
      world: { search: 'a', names: ['x.a. A answer', 'x.a. AAAA servfail'] },
      walk: [...both(['x.a.']), 'found 1'],
    },
    {
      ask: 'x',
      world: { search: 'a', names: ['x.a. A answer', 'x.a. AAAA nxdomain'] },
      walk: [...both(['x.a.']), 'found 1'],
    },
    { ask: 'x', world: { search: 'a b', names: ['x.a. alias'] }, walk: [...both(['x.a.']), 'nodata EAI_NODATA'] },
    { ask: 'x', world: { search: '. a', names: ['x. answer'] }, walk: [...both(['x.']), 'found 1'] },
    { ask: 'x', world: { search: '. a' }, walk: [...both(['x.', 'x.a.']), 'nxdomain EAI_NONAME'] },
    { ask: 'x', world: { search: 'a', options: 'no-tld-query' }, walk: [...both(['x.a.']), 'nxdomain EAI_NONAME'] },
    { ask: 'x', world: { search: 'a', options: 'no-aaaa' }, walk: ['x.a. A', 'x. A', 'nxdomain EAI_NONAME'] },
    { ask: 'x', world: { search: '' }, walk: [...both(['x.']), 'nxdomain EAI_NONAME'] },
    {
      ask: '_http._tcp.web SRV',
      world: { search: 'a', names: ['_http._tcp.web.a. answer'] },
      walk: ['_http._tcp.web.a. SRV', 'found 1'],
    },
    {
      ask: `${'y'.repeat(60)}.${'y'.repeat(60)}`,
      world: { search: `${'a'.repeat(63)}.${'a'.repeat(63)}.${'a'.repeat(63)}` },
      walk: [...both([`${'y'.repeat(60)}.${'y'.repeat(60)}.`]), 'nxdomain EAI_NONAME'],
    },
  ],
  musl: [
    { ask: 'kubernetes', walk: [...both([own]), 'found 1'] },
    { ask: 'kubernetes.default', walk: [...both(partial), 'found 2'] },
    { ask: 'api.example.com', walk: [...both([...external, 'api.example.com.']), 'found 4'] },
    {
      ask: 'no.such.name',
      world: { options: 'ndots:2' },
      walk: [...both(['no.such.name.']), 'nxdomain EAI_NONAME'],
    },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. nodata', 'x.b. answer'] },
      walk: [...both(['x.a.']), 'nodata EAI_NODATA'],
    },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. servfail', 'x.b. answer'] },
      walk: [...both(['x.a.']), 'failed EAI_AGAIN'],
    },
    { ask: 'x', world: { search: 'a b', names: ['x.a. refused'] }, walk: [...both(['x.a.']), 'failed EAI_AGAIN'] },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. A answer', 'x.a. AAAA nxdomain', 'x.b. answer'] },
      walk: [...both(['x.a.', 'x.b.']), 'found 2'],
    },
    {
      ask: 'x',
      world: { search: 'a', names: ['x.a. A answer', 'x.a. AAAA servfail'] },
      walk: [...both(['x.a.']), 'failed EAI_AGAIN'],
    },
    { ask: 'x', world: { search: '. a' }, walk: [...both(['x.a.', 'x.']), 'nxdomain EAI_NONAME'] },
    {
      ask: 'x',
      world: { search: `a ${'b'.repeat(63)}.${'b'.repeat(63)} ${'c'.repeat(63)}.${'c'.repeat(63)}` },
      walk: [...both(['x.']), 'nxdomain EAI_NONAME'],
    },
    { ask: '_http._tcp.web SRV', world: { search: 'a' }, walk: ['_http._tcp.web. SRV', 'nxdomain EAI_NONAME'] },
  ],
  go: [
    { ask: 'kubernetes', walk: [...both([own]), 'found 1'] },
    { ask: 'kubernetes.default', walk: [...both(partial), 'found 2'] },
    { ask: 'api.example.com', walk: [...both([...external, 'api.example.com.']), 'found 4'] },
    { ask: 'api.example.com', world: { options: 'ndots:2' }, walk: [...both(['api.example.com.']), 'found 1'] },
    {
      ask: 'x',
      world: { search: 'a b c d', names: ['x.a. servfail', 'x.b. timeout', 'x.c. refused', 'x.d. answer'] },
      walk: [...both(['x.a.', 'x.b.', 'x.c.', 'x.d.']), 'found 4'],
    },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. alias', 'x.b. answer'] },
      walk: [...both(['x.a.', 'x.b.']), 'found 2'],
    },
    { ask: 'x', world: { search: '. a' }, walk: [...both(['x.a.', 'x.']), 'nxdomain no such host'] },
    {
      ask: 'x',
      world: { search: 'a', names: ['x.a. servfail'] },
      walk: [...both(['x.a.', 'x.']), 'nxdomain no such host'],
    },
    {
      ask: 'x',
      world: { search: 'a', names: ['x. servfail'] },
      walk: [...both(['x.a.', 'x.']), 'failed server misbehaving'],
    },
    {
      ask: '_http._tcp.web SRV',
      world: { search: 'a', names: ['_http._tcp.web.a. answer'] },
      walk: ['_http._tcp.web.a. SRV', 'found 1'],
    },
  ],
  'c-ares': [
    { ask: 'kubernetes.default', walk: [...both(partial), 'found 2'] },
    { ask: 'api.example.com', walk: [...both([...external, 'api.example.com.']), 'found 4'] },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. nodata'] },
      walk: [...both(['x.a.', 'x.b.', 'x.']), 'nodata ENODATA'],
    },
    { ask: 'x', world: { search: 'a b', names: ['x.a. servfail'] }, walk: [...both(['x.a.']), 'failed ESERVFAIL'] },
    {
      ask: 'x',
      world: { search: 'a', options: 'ndots:0', names: ['x. servfail', 'x.a. answer'] },
      walk: [...both(['x.', 'x.a.']), 'found 2'],
    },
    { ask: 'x', world: { search: 'a b', names: ['x.a. timeout'] }, walk: [...both(['x.a.']), 'failed ETIMEOUT'] },
  ],
  'node-resolve': [
    { ask: 'kubernetes A', walk: ['kubernetes. A', 'nxdomain ENOTFOUND'] },
    { ask: 'kubernetes.default.svc.cluster.local A', walk: [`${own} A`, 'found 1'] },
  ],
  busybox: [
    {
      ask: 'kubernetes',
      walk: [
        `${own} A`,
        'kubernetes.svc.cluster.local. A',
        'kubernetes.cluster.local. A',
        `${own} AAAA`,
        'kubernetes.svc.cluster.local. AAAA',
        'kubernetes.cluster.local. AAAA',
        "found 1 ** server can't find NAME, and exit code 1",
      ],
    },
    {
      ask: 'kubernetes.default',
      walk: [
        'kubernetes.default. A',
        'kubernetes.default. AAAA',
        "nxdomain ** server can't find NAME, and exit code 1",
      ],
    },
    { ask: own, walk: [`${own} A`, `${own} AAAA`, 'found 1'] },
    {
      ask: 'x A',
      world: { search: 'a', names: ['x.a. timeout'] },
      walk: ['x.a. A', 'failed ;; connection timed out; no servers could be reached'],
    },
    { ask: 'x A', world: { search: '.' }, walk: ['x. A', "nxdomain ** server can't find NAME, and exit code 1"] },
    { ask: 'x A', world: { search: '. a' }, walk: ['failed write to the server fails'] },
  ],
  'busybox-1.28': [
    {
      ask: 'kubernetes',
      walk: [`${own} AAAA`, `${own} A`, 'found 2'],
    },
    {
      ask: 'kubernetes.default',
      walk: [
        ...['kubernetes.default.', ...partial].map((name) => `${name} AAAA`),
        ...['kubernetes.default.', ...partial].map((name) => `${name} A`),
        'found 6',
      ],
    },
    { ask: 'api.example.com', walk: ['api.example.com. AAAA', 'api.example.com. A', 'found 1 2'] },
    {
      ask: 'x A',
      world: { search: 'a b', names: ['x.a. servfail', 'x.b. nodata'] },
      walk: ['x.a. A', 'x.b. A', 'nodata nslookup'],
    },
    { ask: 'x A', world: { search: 'a b', names: ['x.a. refused'] }, walk: ['x.a. A', 'failed nslookup'] },
    {
      ask: 'x A',
      world: { search: `${'a'.repeat(60)}.${'a'.repeat(58)} b` },
      walk: [`x.${'a'.repeat(60)}.${'a'.repeat(58)}. A`, 'x. A', 'nxdomain nslookup'],
    },
  ],
  'systemd-resolved': [
    { ask: 'kubernetes', walk: [...both([own]), 'found 1'] },
    { ask: 'kubernetes.default', walk: [...both(['kubernetes.default.']), 'nxdomain not found'] },
    {
      ask: 'x',
      world: { search: 'a b', names: ['x.a. servfail', 'x.b. nodata'] },
      walk: [...both(['x.a.', 'x.b.']), 'nodata does not have any RR of the requested type'],
    },
    { ask: 'x', world: { search: '' }, walk: ['nxdomain not found'] },
  ],
}

for (const [name, cases] of Object.entries(tables)) {
  suite(name, () => {
    for (const { ask, world = {}, walk } of cases) {
      const told = [ask, world.search, world.options, ...(world.names ?? [])].filter((part) => part !== undefined)
      test(told.join(' | ').slice(0, 120), () => {
        assert.deepEqual(drive(walkOf(name), { names: cluster, ...world }, ask), walk)
      })
    }
  })
}

test('node is glibc, as is everything that calls getaddrinfo there', () => {
  for (const ask of ['kubernetes', 'kubernetes.default', 'api.example.com'])
    assert.deepEqual(drive(walkOf('node'), { names: cluster }, ask), drive(walkOf('glibc'), { names: cluster }, ask))
})

test('what is tried is the name alone or with a domain of the list, and every walk ends', () => {
  const outcome = fc.constantFrom<Outcome>(
    ...(['answer', 'alias', 'nodata', 'nxdomain', 'servfail', 'refused', 'error', 'timeout', 'unreachable'] as const),
  )
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/)
  const asked = fc.tuple(fc.array(label, { minLength: 1, maxLength: 6 }), fc.boolean())
  fc.assert(
    fc.property(
      fc.constantFrom(...resolvers),
      asked,
      fc.array(label, { maxLength: 5 }),
      fc.nat(16),
      fc.infiniteStream(outcome),
      ({ walk }, [labels, absolute], search, ndots, outcomes) => {
        const text = labels.join('.') + (absolute ? '.' : '')
        const possible = [...search.map((domain) => `${labels.join('.')}.${domain}.`), `${labels.join('.')}.`]
        const steps = walk({ nameservers: [], search, options: [`ndots:${ndots}`] }, parseAsked(text), [1, 28])
        let count = 0
        let next = steps.next([])
        while (next.done !== true) {
          assert.ok(possible.includes(printName(next.value.name)))
          assert.ok(++count <= 2 * possible.length)
          next = steps.next(next.value.types.map(() => outcomes.next().value))
        }
        const { end, taken, because } = next.value
        assert.equal(end === 'found', taken.length > 0)
        assert.ok(taken.every((step) => step >= 0 && step < count))
        assert.notEqual(because, '')
      },
    ),
  )
})

test('a dot at the end makes a name absolute, an escaped one does not', () => {
  assert.deepEqual(parseAsked('a.b'), { name: parseName('a.b.'), absolute: false, dots: 1 })
  assert.deepEqual(parseAsked('a.b.'), { name: parseName('a.b.'), absolute: true, dots: 2 })
  assert.equal(parseAsked('a\\.').absolute, false)
  assert.equal(parseAsked('a\\\\.').absolute, true)
  assert.equal(parseAsked('.').absolute, true)
})
