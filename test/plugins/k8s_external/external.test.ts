import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { clusterOf } from '../../../src/cluster/cluster-of.ts'
import { freshnessOf, monotonicMs } from '../../../src/cluster/freshness.ts'
import { Store } from '../../../src/cluster/store.ts'
import { ExtendedErrorCode } from '../../../src/dns/codes.ts'
import { parseName, printName } from '../../../src/dns/name.ts'
import { printRecords } from '../../../src/dns/text.ts'
import type { Facets } from '../../../src/plugin.ts'
import { k8s_external } from '../../../src/plugins/k8s_external/index.ts'
import { kubernetes } from '../../../src/plugins/kubernetes/index.ts'
import { readManifests } from '../../../src/sandbox/manifests.ts'
import { answerFrom, type Case, handlerFor, run } from '../../ask.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../../context.ts'

const objects = readManifests(fileURLToPath(new URL('cluster.yaml', import.meta.url)))
const cluster = () => clusterOf(objects, 1_700_000_000)

suite('stanzas', () => {
  const print = (stanza: string, key?: string) => {
    const config = configOf(k8s_external, `${stanza}\nkubernetes cluster.local`, key)
    const { zones, primary, apex, ttl, headless, fallthrough } = config
    return [
      zones.map(printName).join(' '),
      primary === undefined ? '' : printName(primary),
      printName(apex),
      ttl,
      headless,
      fallthrough.map(printName).join(' '),
    ]
  }
  test('of the block, with defaults', () => {
    assert.deepEqual(print('k8s_external', 'Example.org'), ['example.org.', 'example.org.', 'dns.', 5, false, ''])
  })
  test('with everything', () => {
    const stanza =
      'k8s_external 2.0.192.in-addr.arpa b.example.org b.example.org {\n apex ns\n ttl 60\n headless\n fallthrough x.org\n}'
    assert.deepEqual(print(stanza), [
      '2.0.192.in-addr.arpa. b.example.org.',
      'b.example.org.',
      'ns.',
      60,
      true,
      'x.org.',
    ])
  })
  test('several: the last one says the zones, and all what else there is', () => {
    const stanza = 'k8s_external a.org {\n ttl 7\n fallthrough\n}\nk8s_external in-addr.arpa {\n headless\n}'
    assert.deepEqual(print(stanza), ['in-addr.arpa.', '', 'dns.', 7, true, '.'])
  })
  for (const [stanza, message] of [
    [
      'k8s_external {\n  ttl\n}',
      "3 - Error during parsing: Wrong argument count or unexpected line ending after 'ttl'",
    ],
    ['k8s_external {\n  ttl 3601\n}', '3 - Error during parsing: ttl must be in range [0, 3600]: 3601'],
    ['k8s_external {\n  headless x\n}', "3 - Error during parsing: unknown property 'x'"],
    ['k8s_external {\n  apex .\n}', '3 - Error during parsing: invalid apex: .'],
    ['k8s_external', '2 - Error during parsing: kubernetes plugin not loaded'],
  ] as const) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(k8s_external, stanza), isCorefileError(`plugin/k8s_external: Corefile:${message}`)),
    )
  }
  test('an apex there is no room for', () => {
    const zone = Array.from({ length: 4 }, () => 'x'.repeat(58)).join('.')
    const text = `k8s_external ${zone} {\n  apex long.name\n}\nkubernetes cluster.local`
    assert.throws(() => configOf(k8s_external, text), /the names below apex long.name. of .* are too long/)
  })
})

const soa = 'example.org. 5 IN SOA ns1.dns.example.org. hostmaster.dns.example.org. 1700000000 7200 1800 86400 5'
const upstream = answerFrom(['lb.example.com. 60 IN A 203.0.113.9', 'fallen.example.org. 60 IN A 203.0.113.8'])
const surroundings = { next: upstream, localAddresses: ['10.1.0.99'], feeds: { kubernetes: cluster() } }
const make = (stanza: string) => () =>
  handlerFor(`${stanza}\nkubernetes cluster.local`, { ...surroundings, plugins: undefined } as typeof surroundings)

const nodata = { authority: [soa] }
const nxdomain = { rcode: 'NXDOMAIN', authority: [soa] }
const web = ['web.shop.example.org. 5 IN A 192.0.2.1', 'web.shop.example.org. 5 IN AAAA 2001:db8::1'] as const

const usual: readonly Case[] = [
  { ask: 'web.shop.example.org. A', answer: [web[0]], fresh: true, plugin: 'k8s_external' },
  { ask: 'web.shop.example.org. AAAA', answer: [web[1]] },
  { ask: 'WEB.Shop.example.org. A', answer: ['WEB.Shop.example.org. 5 IN A 192.0.2.1'] },
  { ask: 'web.shop.example.org. MX', ...nodata },
  { ask: 'web.shop.example.org. PTR', ...nodata },
  {
    ask: 'web.shop.example.org. SRV',
    answer: [
      'web.shop.example.org. 5 IN SRV 0 25 80 web.shop.example.org.',
      'web.shop.example.org. 5 IN SRV 0 25 53 web.shop.example.org.',
    ],
    additional: web,
  },
  {
    ask: '_http._tcp.web.shop.example.org. SRV',
    answer: ['_http._tcp.web.shop.example.org. 5 IN SRV 0 50 80 web.shop.example.org.'],
    additional: web,
  },
  { ask: '_http._tcp.web.shop.example.org. A', answer: ['_http._tcp.web.shop.example.org. 5 IN A 192.0.2.1'] },
  { ask: 'dns.udp.web.shop.example.org. A', answer: ['dns.udp.web.shop.example.org. 5 IN A 192.0.2.1'] },
  { ask: '_dns._tcp.web.shop.example.org. SRV', ...nxdomain },
  { ask: '_tcp.web.shop.example.org. SRV', ...nodata },
  { ask: '_sctp.web.shop.example.org. SRV', ...nxdomain },
  { ask: 'x.web.shop.example.org. A', ...nxdomain },
  { ask: 'x._http._tcp.web.shop.example.org. A', ...nxdomain },
  {
    ask: 'lb.shop.example.org. A',
    answer: ['lb.shop.example.org. 5 IN A 192.0.2.1', 'lb.shop.example.org. 5 IN A 192.0.2.2'],
  },
  {
    ask: 'lb.shop.example.org. SRV',
    answer: ['lb.shop.example.org. 5 IN SRV 0 50 443 lb.shop.example.org.'],
    additional: ['lb.shop.example.org. 5 IN A 192.0.2.1', 'lb.shop.example.org. 5 IN A 192.0.2.2'],
  },
  {
    ask: 'named.shop.example.org. A',
    answer: ['named.shop.example.org. 5 IN CNAME lb.example.com.', 'lb.example.com. 60 IN A 203.0.113.9'],
  },
  { ask: 'named.shop.example.org. AAAA', answer: ['named.shop.example.org. 5 IN CNAME lb.example.com.'] },
  { ask: 'named.shop.example.org. CNAME', answer: ['named.shop.example.org. 5 IN CNAME lb.example.com.'] },
  { ask: 'named.shop.example.org. TXT', ...nodata },
  {
    ask: '_http._tcp.named.shop.example.org. SRV',
    answer: ['_http._tcp.named.shop.example.org. 5 IN SRV 0 100 80 lb.example.com.'],
    additional: ['lb.example.com. 60 IN A 203.0.113.9'],
  },
  { ask: '_x._tcp.named.shop.example.org. SRV', ...nxdomain },
  { ask: 'db-out.shop.example.org. A', answer: ['db-out.shop.example.org. 5 IN A 192.0.2.3'] },
  // Not reached from outside.
  { ask: 'inner.shop.example.org. A', ...nxdomain },
  { ask: 'db.shop.example.org. A', ...nxdomain },
  { ask: 'db-0.db.shop.example.org. A', ...nxdomain },
  { ask: 'nothing.shop.example.org. A', ...nxdomain },
  { ask: 'web.nowhere.example.org. A', ...nxdomain },
  { ask: 'nowhere.example.org. A', ...nxdomain },
  { ask: 'shop.example.org. A', ...nodata },
  { ask: 'bare.example.org. A', ...nodata },
  // The apex and what is below it.
  { ask: 'example.org. SOA', answer: [soa] },
  {
    ask: 'example.org. NS',
    answer: ['example.org. 5 IN NS ns1.dns.example.org.'],
    additional: ['ns1.dns.example.org. 5 IN A 10.1.0.99'],
  },
  { ask: 'example.org. A', ...nodata },
  { ask: 'dns.example.org. A', ...nodata },
  { ask: 'ns1.dns.example.org. A', answer: ['ns1.dns.example.org. 5 IN A 10.1.0.99'] },
  { ask: 'ns1.dns.example.org. AAAA', ...nodata },
  { ask: 'ns1.dns.example.org. SRV', ...nodata },
  { ask: 'ns2.dns.example.org. A', ...nxdomain },
  { ask: 'x.ns1.dns.example.org. A', ...nxdomain },
  { ask: 'example.org. AXFR', rcode: 'REFUSED', authoritative: false },
  // Names of other zones.
  { ask: 'example.net. A', rcode: 'NXDOMAIN', authoritative: false, recursionAvailable: true },
]
run('services with addresses outside', make('k8s_external example.org'), usual)

run('with headless services', make('k8s_external example.org {\n  headless\n}'), [
  ...usual.filter(({ ask }) => !/^(?:db-0\.)?db\./.test(ask)),
  {
    ask: 'db.shop.example.org. A',
    answer: ['db.shop.example.org. 5 IN A 10.1.0.1', 'db.shop.example.org. 5 IN A 10.1.0.2'],
  },
  { ask: 'db-0.db.shop.example.org. A', answer: ['db-0.db.shop.example.org. 5 IN A 10.1.0.1'] },
  { ask: '10-1-0-2.db.shop.example.org. A', answer: ['10-1-0-2.db.shop.example.org. 5 IN A 10.1.0.2'] },
  {
    ask: '_pg._tcp.db.shop.example.org. SRV',
    answer: [
      '_pg._tcp.db.shop.example.org. 5 IN SRV 0 50 5432 db-0.db.shop.example.org.',
      '_pg._tcp.db.shop.example.org. 5 IN SRV 0 50 5432 10-1-0-2.db.shop.example.org.',
    ],
    additional: ['db-0.db.shop.example.org. 5 IN A 10.1.0.1', '10-1-0-2.db.shop.example.org. 5 IN A 10.1.0.2'],
  },
  { ask: '_tcp.db.shop.example.org. A', ...nodata },
  { ask: '10-1-0-3.db.shop.example.org. A', ...nxdomain },
  { ask: 'none.shop.example.org. A', ...nxdomain },
  // An endpoint of a service that isn't headless.
  { ask: 'inner-0.inner.shop.example.org. A', answer: ['inner-0.inner.shop.example.org. 5 IN A 10.1.0.4'] },
])

const reverseSoa =
  '2.0.192.in-addr.arpa. 5 IN SOA ns1.dns.2.0.192.in-addr.arpa. hostmaster.dns.2.0.192.in-addr.arpa. 1700000000 7200 1800 86400 5'
run('reverse names', make('k8s_external example.org 2.0.192.in-addr.arpa'), [
  {
    ask: '1.2.0.192.in-addr.arpa. PTR',
    answer: [
      '1.2.0.192.in-addr.arpa. 5 IN PTR lb.shop.example.org.',
      '1.2.0.192.in-addr.arpa. 5 IN PTR web.shop.example.org.',
    ],
  },
  { ask: '3.2.0.192.in-addr.arpa. PTR', answer: ['3.2.0.192.in-addr.arpa. 5 IN PTR db-out.shop.example.org.'] },
  { ask: '1.2.0.192.in-addr.arpa. A', authority: [reverseSoa] },
  { ask: '9.2.0.192.in-addr.arpa. PTR', rcode: 'NXDOMAIN', authority: [reverseSoa] },
])

run('names above those of addresses', make('k8s_external example.org in-addr.arpa ip6.arpa'), [
  ...['192.in-addr.arpa.', '2.0.192.in-addr.arpa.', '8.b.d.0.1.0.0.2.ip6.arpa.'].map((name) => {
    const zone = name.split('.').slice(-3).join('.')
    const authority = [`${zone} 5 IN SOA ns1.dns.${zone} hostmaster.dns.${zone} 1700000000 7200 1800 86400 5`]
    return { ask: `${name} PTR`, authority }
  }),
  ...['256.x.in-addr.arpa.', '1.1.2.0.192.in-addr.arpa.', 'g.ip6.arpa.'].map((name) => {
    const zone = name.split('.').slice(-3).join('.')
    const authority = [`${zone} 5 IN SOA ns1.dns.${zone} hostmaster.dns.${zone} 1700000000 7200 1800 86400 5`]
    return { ask: `${name} PTR`, rcode: 'NXDOMAIN', authority }
  }),
])

run('fallthrough, another TTL and apex', make('k8s_external example.org {\n  fallthrough\n  ttl 60\n  apex ns.x\n}'), [
  {
    ask: 'fallen.example.org. A',
    answer: ['fallen.example.org. 60 IN A 203.0.113.8'],
    authoritative: false,
    recursionAvailable: true,
  },
  { ask: 'web.shop.example.org. A', answer: ['web.shop.example.org. 60 IN A 192.0.2.1'] },
  { ask: 'ns1.ns.x.example.org. A', answer: ['ns1.ns.x.example.org. 60 IN A 10.1.0.99'] },
  {
    ask: 'ns.x.example.org. A',
    authority: [
      'example.org. 60 IN SOA ns1.ns.x.example.org. hostmaster.ns.x.example.org. 1700000000 7200 1800 86400 60',
    ],
  },
])

test('where a service leads to us, its addresses outside are those of the name server', async () => {
  const ask = async (stanza: string, localAddresses: readonly string[], question: string) => {
    const serve = handlerFor(`${stanza}\nkubernetes cluster.local`, {
      feeds: { kubernetes: cluster() },
      localAddresses,
    })
    return (await serve(queryOf(question))).answer.flatMap(printRecords)
  }
  const question = 'ns1.dns.example.org. A'
  assert.deepEqual(await ask('k8s_external example.org', ['10.1.0.1'], question), [])
  assert.deepEqual(await ask('k8s_external example.org {\n  headless\n}', ['10.1.0.1'], question), [
    'ns1.dns.example.org. 5 IN A 10.1.0.1',
    'ns1.dns.example.org. 5 IN A 10.1.0.2',
  ])
})

test('while the cluster is not known nothing is denied', async () => {
  const serve = handlerFor('k8s_external example.org {\n  fallthrough\n}\nkubernetes cluster.local', {
    next: () => assert.fail('asked'),
    feeds: { kubernetes: new Store() },
  })
  assert.equal((await serve(queryOf('web.shop.example.org. A'))).rcode, 2)
})

test('replies say it where nothing has been heard of the cluster for long', async () => {
  const known = cluster()
  const stanza = 'k8s_external example.org\nkubernetes cluster.local {\n  stale_after 10s\n}'
  const serve = handlerFor(stanza, { feeds: { kubernetes: known } })
  const codes = async (question: string) => (await serve(queryOf(question))).errors.map(({ code }) => code)
  assert.deepEqual(await codes('web.shop.example.org. A'), [])
  freshnessOf(known).setLost('services', monotonicMs() - 20_000)
  assert.deepEqual(await codes('web.shop.example.org. A'), [ExtendedErrorCode.STALE_ANSWER])
  assert.deepEqual(await codes('nothing.shop.example.org. A'), [ExtendedErrorCode.STALE_NXDOMAIN_ANSWER])
})

test('namespaces that kubernetes does not show are not shown here', async () => {
  const serve = handlerFor('k8s_external example.org in-addr.arpa\nkubernetes cluster.local {\n  namespaces bare\n}', {
    feeds: { kubernetes: cluster() },
  })
  assert.equal((await serve(queryOf('web.shop.example.org. A'))).rcode, 3)
  assert.equal((await serve(queryOf('1.2.0.192.in-addr.arpa. PTR'))).rcode, 3)
})

suite('zone transfer', () => {
  const offered = (stanza: string): Facets => {
    const known = cluster()
    const context = workerContext({ feed: <T>() => known as T, localAddresses: ['10.1.0.99'] })
    const inner = kubernetes.offers?.(configOf(kubernetes, 'kubernetes cluster.local'), context)
    const config = configOf(k8s_external, `${stanza}\nkubernetes cluster.local`)
    const offers = new Map([['kubernetes', inner ?? assert.fail('nothing offered')]])
    return k8s_external.offers?.(config, { ...context, offers }) ?? assert.fail('nothing offered')
  }
  const linesOf = (stanza: string, zone: string) =>
    [...(offered(stanza).transfer?.(parseName(zone)) ?? assert.fail('no such zone'))].flatMap(printRecords)

  test('is all that is answered, the SOA record first and last', () => {
    assert.deepEqual(linesOf('k8s_external example.org', 'example.org.'), [
      soa,
      'example.org. 5 IN NS ns1.dns.example.org.',
      'ns1.dns.example.org. 5 IN A 10.1.0.99',
      'db-out.shop.example.org. 5 IN A 192.0.2.3',
      'db-out.shop.example.org. 5 IN SRV 0 100 5432 db-out.shop.example.org.',
      '_pg._tcp.db-out.shop.example.org. 5 IN SRV 0 100 5432 db-out.shop.example.org.',
      'lb.shop.example.org. 5 IN A 192.0.2.1',
      'lb.shop.example.org. 5 IN A 192.0.2.2',
      'lb.shop.example.org. 5 IN SRV 0 50 443 lb.shop.example.org.',
      'named.shop.example.org. 5 IN CNAME lb.example.com.',
      '_http._tcp.named.shop.example.org. 5 IN SRV 0 100 80 lb.example.com.',
      ...web,
      'web.shop.example.org. 5 IN SRV 0 25 80 web.shop.example.org.',
      'web.shop.example.org. 5 IN SRV 0 25 53 web.shop.example.org.',
      '_http._tcp.web.shop.example.org. 5 IN SRV 0 50 80 web.shop.example.org.',
      '_dns._udp.web.shop.example.org. 5 IN SRV 0 50 53 web.shop.example.org.',
      soa,
    ])
  })
  test('every record of it is answered with', async () => {
    for (const stanza of ['k8s_external example.org', 'k8s_external example.org {\n  headless\n}']) {
      const serve = make(stanza)()
      for (const line of linesOf(stanza, 'example.org.')) {
        const [owner = '', , , type = ''] = line.split(' ')
        const { answer } = await serve(queryOf(`${owner} ${type}`))
        assert.ok(answer.flatMap(printRecords).includes(line), line)
      }
    }
  })
  test('headless services with their endpoints', () => {
    const lines = linesOf('k8s_external example.org {\n  headless\n}', 'example.org.')
    for (const line of [
      'db.shop.example.org. 5 IN A 10.1.0.2',
      'db-0.db.shop.example.org. 5 IN A 10.1.0.1',
      'db-0.db.shop.example.org. 5 IN SRV 0 100 5432 db-0.db.shop.example.org.',
      '_pg._tcp.db.shop.example.org. 5 IN SRV 0 50 5432 db-0.db.shop.example.org.',
    ]) {
      assert.ok(lines.includes(line), `${line}\n\n${lines.join('\n')}`)
    }
    assert.equal(new Set(lines).size, lines.length - 1)
    assert.ok(!lines.some((line) => line.includes('inner')))
  })
  test('of a reverse zone', () => {
    const zone = '2.0.192.in-addr.arpa.'
    const lines = linesOf(`k8s_external example.org ${zone}`, zone)
    assert.deepEqual(lines.filter((line) => line.includes(' PTR ')).sort(), [
      `1.${zone} 5 IN PTR lb.shop.example.org.`,
      `1.${zone} 5 IN PTR web.shop.example.org.`,
      `2.${zone} 5 IN PTR lb.shop.example.org.`,
      `3.${zone} 5 IN PTR db-out.shop.example.org.`,
    ])
  })
  test('of other zones there is none', () => {
    assert.equal(offered('k8s_external example.org').transfer?.(parseName('cluster.local.')), undefined)
  })
})
