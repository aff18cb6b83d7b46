// What `kubernetes` does for other plugins of its block: facts about queries, search paths and whole zones.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseName, printName } from '../../../src/dns/name.ts'
import { printRecords } from '../../../src/dns/text.ts'
import type { Facets } from '../../../src/plugin.ts'
import { kubernetes } from '../../../src/plugins/kubernetes/index.ts'
import { fixtureCluster } from '../../ask.ts'
import { configOf, queryOf, workerContext } from '../../context.ts'

function offered(stanza: string): Facets {
  const cluster = fixtureCluster()
  const context = workerContext({ feed: <T>() => cluster as T, localAddresses: ['192.0.2.53'] })
  return kubernetes.offers?.(configOf(kubernetes, stanza), context) ?? assert.fail('nothing offered')
}

suite('metadata', () => {
  const { metadata } = offered('kubernetes cluster.local {\n pods verified\n}')
  const client = { address: '10.244.5.1' }
  for (const [ask, key, expected] of [
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/service', 'svc1'],
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/namespace', 'testns'],
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/kind', 'svc'],
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/endpoint', ''],
    ['db-0.hdls-dual.testns.svc.cluster.local. A', 'kubernetes/endpoint', 'db-0'],
    ['_http._tcp.svc1.testns.svc.cluster.local. SRV', 'kubernetes/port-name', 'http'],
    ['_http._tcp.svc1.testns.svc.cluster.local. SRV', 'kubernetes/protocol', 'tcp'],
    ['10-244-5-1.testns.pod.cluster.local. A', 'kubernetes/kind', 'pod'],
    ['x.nope.cluster.local. A', 'kubernetes/parse-error', 'invalid query name'],
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/client-namespace', 'testns'],
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/client-pod-name', 'client'],
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/client-label/app', 'client'],
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/client-label/toString', undefined],
    ['svc1.testns.svc.cluster.local. A', 'kubernetes/nope', undefined],
    ['svc1.testns.svc.cluster.local. A', 'forward/upstream', undefined],
    ['example.org. A', 'kubernetes/service', undefined],
  ] as const) {
    test(`${key} of ${ask}`, () => assert.equal(metadata?.(queryOf(ask, { client }), key), expected))
  }
})

suite('search path', () => {
  const { searchPath } = offered('kubernetes cluster.local {\n pods verified\n}')
  const pathOf = (ask: string, address: string) =>
    searchPath?.(queryOf(ask, { client: { address } }))?.map((name) => printName(name))
  test("a pod's own namespace comes first, and no search at last", () => {
    const path = pathOf('www.testns.svc.cluster.local. A', '10.244.5.1')
    assert.deepEqual(path?.slice(0, 3), ['testns.svc.cluster.local.', 'svc.cluster.local.', 'cluster.local.'])
    assert.equal(path?.at(-1), '.')
  })
  test('nobody knows that of a client that is no pod, or of other names', () => {
    assert.equal(pathOf('www.testns.svc.cluster.local. A', '192.0.2.1'), undefined)
    assert.equal(pathOf('example.org. A', '10.244.5.1'), undefined)
  })
})

suite('zone transfer', () => {
  const { transfer } = offered('kubernetes cluster.local in-addr.arpa {\n namespaces testns default\n}')
  const lines = [...(transfer?.(parseName('cluster.local.')) ?? [])].flatMap(printRecords)
  test('the SOA record is first and last, and nowhere else (RFC 5936 2.2)', () => {
    const places = lines.flatMap((line, at) => (line.includes(' SOA ') ? [at] : []))
    assert.deepEqual(places, [0, lines.length - 1])
  })
  for (const line of [
    'cluster.local. 5 IN NS ns.dns.cluster.local.',
    'ns.dns.cluster.local. 5 IN A 192.0.2.53',
    'svc1.testns.svc.cluster.local. 5 IN A 10.96.1.1',
    'svc-dual.testns.svc.cluster.local. 5 IN AAAA fd00:10:96::2',
    '_http._tcp.svc1.testns.svc.cluster.local. 5 IN SRV 0 100 80 svc1.testns.svc.cluster.local.',
    'hdls.testns.svc.cluster.local. 5 IN A 10.244.2.1',
    'alpha.hdls.testns.svc.cluster.local. 5 IN A 10.244.2.2',
    'ext.testns.svc.cluster.local. 5 IN CNAME www.example.com.',
  ]) {
    test(line, () => assert.ok(lines.includes(line)))
  }
  test('no record is there twice, and none of a hidden namespace', () => {
    const between = lines.slice(1, -1)
    assert.equal(new Set(between).size, between.length)
    assert.deepEqual(
      between.filter((line) => line.includes('.hidden.svc.')),
      [],
    )
  })
  test('of other zones there is none', () => assert.equal(transfer?.(parseName('example.org.')), undefined))
})
