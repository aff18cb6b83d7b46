// The option multicluster, as far as it isn't asked over the wire (conformance/plugins/kubernetes-names.test.ts).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { clusterOf, storeOf } from '../../../src/cluster/cluster-of.ts'
import { kindNames } from '../../../src/cluster/kinds.ts'
import { Mirror } from '../../../src/cluster/mirror.ts'
import type { Store } from '../../../src/cluster/store.ts'
import { parseName } from '../../../src/dns/name.ts'
import { printRecords } from '../../../src/dns/text.ts'
import { kubernetes } from '../../../src/plugins/kubernetes/index.ts'
import { readManifests } from '../../../src/sandbox/manifests.ts'
import { fixtureSerial, handlerFor, run } from '../../ask.ts'
import { configOf, queryOf, workerContext } from '../../context.ts'

const folder = fileURLToPath(new URL('../../fixtures/multicluster', import.meta.url))
const cluster = () => clusterOf(readManifests(folder), fixtureSerial)
const stanza = (options = '') =>
  `kubernetes cluster.local clusterset.local {\nmulticluster clusterset.local\n${options}\n}`
const chain =
  (options = '', store: Store = cluster(), localAddresses: readonly string[] = []) =>
  () =>
    handlerFor(stanza(options), { feeds: { kubernetes: store }, localAddresses })
const offersOf = (options = '', localAddresses: readonly string[] = []) =>
  kubernetes.offers?.(
    configOf(kubernetes, stanza(options)),
    workerContext({ feed: <T>() => cluster() as T, localAddresses }),
  ) ?? assert.fail('it offers something')

const soaOf = (zone: string) => `${zone} 5 IN SOA ns.dns.${zone} hostmaster.${zone} ${fixtureSerial} 7200 1800 86400 5`
const set = 'shop.svc.clusterset.local.'

run('empty services', chain('ignore empty_service'), [
  { ask: `web.${set} A`, answer: [`web.${set} 5 IN A 10.112.0.1`] },
  { ask: 'web.shop.svc.cluster.local. A', rcode: 'NXDOMAIN', authority: [soaOf('cluster.local.')] },
])

run('the case that was asked in', chain(), [
  {
    ask: 'DB-0.West.db.shop.svc.ClusterSet.local. SRV',
    answer: ['DB-0.West.db.shop.svc.ClusterSet.local. 5 IN SRV 0 100 5432 db-0.west.db.shop.svc.ClusterSet.local.'],
    additional: ['db-0.west.db.shop.svc.ClusterSet.local. 5 IN A 10.2.0.10'],
  },
])

run('name servers have names in the zone of this cluster', chain('', cluster(), ['192.0.2.53']), [
  {
    ask: 'clusterset.local. NS',
    answer: ['clusterset.local. 5 IN NS ns.dns.cluster.local.'],
    additional: ['ns.dns.cluster.local. 5 IN A 192.0.2.53'],
  },
])

/** Of which everything is listed but imports. */
function before(): Store {
  const mirror = new Mirror()
  for (const kind of kindNames) if (kind !== 'serviceimports' && kind !== 'importedslices') mirror.setSynced(kind)
  mirror.apply('namespaces', 'shop', { name: 'shop' })
  mirror.setSerial(fixtureSerial)
  return storeOf(mirror)
}

run('before imports are listed', chain('', before()), [
  { ask: `web.${set} A`, rcode: 'SERVFAIL', authority: [soaOf('clusterset.local.')] },
  { ask: `db-0.east.db.${set} A`, rcode: 'SERVFAIL', authority: [soaOf('clusterset.local.')] },
  { ask: 'web.shop.svc.cluster.local. A', rcode: 'NXDOMAIN', authority: [soaOf('cluster.local.')] },
])

test('a zone is handed over whole', () => {
  const records = [...(offersOf('', ['192.0.2.53']).transfer?.(parseName('clusterset.local.')) ?? [])].flatMap(
    printRecords,
  )
  assert.deepEqual(records, [
    soaOf('clusterset.local.'),
    'clusterset.local. 5 IN NS ns.dns.cluster.local.',
    'ns.dns.cluster.local. 5 IN A 192.0.2.53',
    `db.${set} 5 IN A 10.1.0.10`,
    `db.${set} 5 IN A 10.1.0.11`,
    `db.${set} 5 IN A 10.2.0.10`,
    `db-0.east.db.${set} 5 IN A 10.1.0.10`,
    `10-1-0-11.east.db.${set} 5 IN A 10.1.0.11`,
    `db-0.west.db.${set} 5 IN A 10.2.0.10`,
    `_sql._tcp.db.${set} 5 IN SRV 0 33 5432 db-0.east.db.${set}`,
    `_sql._tcp.db.${set} 5 IN SRV 0 33 5432 10-1-0-11.east.db.${set}`,
    `_sql._tcp.db.${set} 5 IN SRV 0 33 5432 db-0.west.db.${set}`,
    `web.${set} 5 IN A 10.112.0.1`,
    `web.${set} 5 IN AAAA fd00:112::1`,
    // Two addresses and two ports share 100.
    `web.${set} 5 IN SRV 0 25 80 web.${set}`,
    `web.${set} 5 IN SRV 0 25 443 web.${set}`,
    `_http._tcp.web.${set} 5 IN SRV 0 50 80 web.${set}`,
    `_quic._udp.web.${set} 5 IN SRV 0 50 443 web.${set}`,
    soaOf('clusterset.local.'),
  ])
})

test('metadata tell of the cluster in such a zone', () => {
  const { metadata } = offersOf()
  const told = (ask: string, key: string) => metadata?.(queryOf(ask), `kubernetes/${key}`)
  assert.equal(told(`db-0.west.db.${set} A`, 'cluster'), 'west')
  assert.equal(told(`db-0.west.db.${set} A`, 'endpoint'), 'db-0')
  assert.equal(told(`db.${set} A`, 'cluster'), '')
  assert.equal(told('db-0.west.db.shop.svc.cluster.local. A', 'cluster'), undefined)
  assert.equal(told('db-0.west.db.shop.svc.cluster.local. A', 'port-name'), 'db-0')
})

test('a zone below one of several clusters is one too', () => {
  const { zones } = configOf(kubernetes, 'kubernetes set.org a.set.org b.org {\nmulticluster set.org\nzonal\n}')
  const told = Object.fromEntries(zones.map(({ name, isMulticluster, isZonal }) => [name, [isMulticluster, isZonal]]))
  assert.deepEqual(told, {
    [parseName('a.set.org.')]: [true, false],
    [parseName('set.org.')]: [true, false],
    [parseName('b.org.')]: [false, true],
  })
})
