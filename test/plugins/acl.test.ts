import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { printName } from '../../src/dns/name.ts'
import { type Reply, reply, silence } from '../../src/dns/reply.ts'
import { collectMetrics } from '../../src/metrics.ts'
import { acl } from '../../src/plugins/acl.ts'
import { configOf, isCorefileError, queryOf, recordLog, workerContext } from '../context.ts'

suite('stanzas', () => {
  const all = undefined
  const good: Readonly<Record<string, readonly unknown[]>> = {
    acl: [['example.org.', []]],
    'acl {\n  block\n}': [['example.org.', [['block', all, all]]]],
    'acl a.org B.org 10.0.0.0/8 {\n  ALLOW net 192.168.1.0/24\n  Drop\n}': [
      [
        'a.org. b.org. 10.in-addr.arpa.',
        [
          ['allow', all, ['192.168.1.0/24']],
          ['drop', all, all],
        ],
      ],
    ],
    'acl {\n  filter type A AAAA TXT net 10.0.0.1 2001:db8::1 2001:db8::/32\n}': [
      ['example.org.', [['filter', [1, 28, 16], ['10.0.0.1/32', '2001:db8::1/128', '2001:db8::/32']]]],
    ],
    'acl {\n  block NET 10.0.0.1 TYPE MX net 10.0.0.2 type ANY\n}': [
      ['example.org.', [['block', [15, 255], ['10.0.0.1/32', '10.0.0.2/32']]]],
    ],
    'acl {\n  block type * net *\n  block type A * x net 10.0.0.1 * y\n}': [
      [
        'example.org.',
        [
          ['block', all, all],
          ['block', all, all],
        ],
      ],
    ],
    'acl a.org {\n  block\n}\nacl b.org {\n  allow\n}': [
      ['a.org.', [['block', all, all]]],
      ['b.org.', [['allow', all, all]]],
    ],
  }
  for (const [stanza, rules] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => {
      const config = configOf(acl, stanza, 'example.org')
      assert.deepEqual(
        config.map(({ zones, policies }) => [
          zones.map(printName).join(' '),
          policies.map(({ action, types, nets }) => [action, types, nets]),
        ]),
        rules,
      )
    })
  }
  const bad: Readonly<Record<string, string>> = {
    'acl {\n  deny\n}': "unexpected token \"deny\"; expect 'allow', 'block', 'filter' or 'drop'",
    'acl {\n  block A\n}': 'unexpected token "A"; expect \'type | net\'',
    'acl {\n  block type\n}': 'no token specified in "type" section',
    'acl {\n  block type net 10.0.0.1\n}': 'no token specified in "type" section',
    'acl {\n  block type A NET\n}': 'no token specified in "net" section',
    'acl {\n  block type a\n}': 'unexpected token "a"; expect legal QTYPE',
    'acl {\n  block type TYPE1\n}': 'unexpected token "TYPE1"; expect legal QTYPE',
    'acl {\n  block net x\n}': 'illegal CIDR notation "x/32"',
    'acl {\n  block net 10.0.0.1/33\n}': 'illegal CIDR notation "10.0.0.1/33"',
    'acl {\n  block net ::x\n}': 'illegal CIDR notation "::x/128"',
    'acl {\n  block {\n    x\n  }\n}': "unexpected token \"{\"; expect 'allow', 'block', 'filter' or 'drop'",
  }
  for (const [stanza, problem] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(
        () => configOf(acl, stanza),
        isCorefileError(`plugin/acl: Corefile:3 - Error during parsing: ${problem}`),
      ),
    )
  }
})

const blocked = reply({ rcode: 5, errors: [{ code: 15, text: '' }], plugin: 'acl' })
const filtered = reply({ errors: [{ code: 17, text: '' }], plugin: 'acl' })
const passed = reply({ plugin: 'next' })

suite('questions', () => {
  const stanza = `acl a.example.org example.org {
    allow net 192.168.1.0/24
    block type A MX net 192.168.0.0/16
    filter type * net 2001:db8::/32
    drop net 192.0.2.1 fe80::/10
    block net ::ffff:192.0.2.2 ::ffff:198.51.100.0/120
  }
  acl b.example.org {
    block
  }`
  const handler = acl.handler?.(configOf(acl, stanza), workerContext())
  const cases: readonly (readonly [question: string, address: string, expected: Reply])[] = [
    ['example.org. A', '192.168.2.1', blocked],
    ['www.EXAMPLE.org. MX', '192.168.2.1', blocked],
    ['example.org. AAAA', '192.168.2.1', passed],
    ['example.org. A', '192.168.1.1', passed],
    ['example.org. A', '192.169.0.1', passed],
    ['example.com. A', '192.168.2.1', passed],
    ['example.org. TYPE999', '2001:db8::1', filtered],
    ['example.org. A', '2001:db9::1', passed],
    ['example.org. A', '192.0.2.1', silence],
    ['example.org. A', 'fe80::1%eth0', silence],
    ['example.org. A', '192.0.2.2', blocked],
    ['example.org. A', '192.0.2.3', passed],
    ['example.org. A', '198.51.100.255', blocked],
    ['example.org. A', '198.51.101.0', passed],
    // Where no policy fits the next directive counts; what is allowed is allowed.
    ['b.example.org. A', '10.0.0.1', blocked],
    ['b.example.org. A', '192.168.1.1', passed],
  ]
  for (const [question, address, expected] of cases) {
    test(`${question} of ${address}`, async () => {
      const got = await handler?.(queryOf(question, { client: { address } }), () => passed)
      assert.deepEqual(got, expected)
      assert.equal(got === silence, expected === silence)
    })
  }
  test('whose address can not be read is blocked', async () => {
    const { log, lines } = recordLog()
    const strict = acl.handler?.(configOf(acl, 'acl {\n  allow\n}'), workerContext({ log: log.plugin('acl') }))
    const got = await strict?.(queryOf('a. A', { client: { address: 'nowhere' } }), () => passed)
    assert.deepEqual(got, blocked)
    assert.deepEqual(lines, ['[ERROR] plugin/acl: Blocking request. Unable to parse source address: nowhere'])
  })

  test('all are counted', async () => {
    const server = 'dns://192.0.2.99:53'
    for (const [question, address] of cases) {
      await handler?.(queryOf(question, { client: { address, server } }), () => passed)
    }
    // The longest zone counts.
    await handler?.(queryOf('a.example.org. A', { client: { address: '192.168.2.1', server } }), () => passed)
    const counts = Object.fromEntries(
      collectMetrics()
        .filter(({ definition }) => definition.name.startsWith('coredns_acl_'))
        .flatMap(({ definition, series }) =>
          series
            .filter((one) => one.values[0] === server)
            .map((one) => [[definition.name, ...one.values.slice(1)].join(' '), one.cells[0]]),
        ),
    )
    assert.deepEqual(counts, {
      'coredns_acl_allowed_requests_total ': 8,
      'coredns_acl_blocked_requests_total example.org. ': 4,
      'coredns_acl_blocked_requests_total a.example.org. ': 1,
      'coredns_acl_blocked_requests_total b.example.org. ': 1,
      'coredns_acl_filtered_requests_total example.org. ': 1,
      'coredns_acl_dropped_requests_total example.org. ': 2,
    })
  })
})
