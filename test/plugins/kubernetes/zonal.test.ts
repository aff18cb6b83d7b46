// The option zonal: names for the endpoints of a headless service that are in one topology zone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterOf } from '../../../src/cluster/cluster-of.ts'
import { kubernetes } from '../../../src/plugins/kubernetes/index.ts'
import { fixtureSerial, handlerFor, run } from '../../ask.ts'
import { configOf, queryOf, workerContext } from '../../context.ts'

interface Place {
  readonly address: string
  readonly zone?: string
  readonly ready?: boolean
  readonly hostname?: string
}

const serviceWith = (name: string, spec: object, ...endpoints: readonly Place[]): object[] => [
  { kind: 'Service', metadata: { namespace: 'a', name }, spec: { ports: [{ name: 'db', port: 80 }], ...spec } },
  {
    kind: 'EndpointSlice',
    metadata: { namespace: 'a', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    ports: [{ name: 'db', port: 5432, protocol: 'TCP' }],
    endpoints: endpoints.map(({ address, zone, ready = true, hostname }) => ({
      addresses: [address],
      conditions: { ready },
      ...(zone === undefined ? {} : { zone }),
      ...(hostname === undefined ? {} : { hostname }),
    })),
  },
]

const cluster = () =>
  clusterOf(
    [
      { kind: 'Namespace', metadata: { name: 'a' } },
      ...serviceWith(
        'db',
        { clusterIP: 'None' },
        { address: '10.1.0.1', zone: 'west-2a', hostname: 'db-0' },
        { address: '10.1.0.2', zone: 'West-2A' },
        { address: '10.1.0.3', zone: 'west-2b' },
        { address: '2001:db8::4', zone: 'west-2b' },
        { address: '10.1.0.5', zone: 'corp.example.com' },
        { address: '10.1.0.6' },
        { address: '10.1.0.7', zone: 'west-2c', ready: false },
      ),
      ...serviceWith('none', { clusterIP: 'None' }, { address: '10.2.0.1', zone: 'west-2a', ready: false }),
      ...serviceWith('web', { clusterIP: '10.96.0.1' }, { address: '10.3.0.1', zone: 'west-2a' }),
      ...serviceWith('out', { type: 'ExternalName', externalName: 'x.example' }),
    ],
    fixtureSerial,
  )
const chain = (options: string) => () =>
  handlerFor(`kubernetes cluster.local in-addr.arpa {\n${options}\n}`, { feeds: { kubernetes: cluster() } })

const zone = 'a.svc.cluster.local.'
const soa = `cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. ${fixtureSerial} 7200 1800 86400 5`
const empty = { authority: [soa] }
const none = { rcode: 'NXDOMAIN', authority: [soa] }
const a = (name: string, ...addresses: readonly string[]) => ({
  ask: `${name} A`,
  answer: addresses.map((address) => `${name} 5 IN A ${address}`),
})
const all = ['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.5', '10.1.0.6']

run('names of topology zones', chain('zonal'), [
  a(`west-2a.pin._zone.db.${zone}`, '10.1.0.1', '10.1.0.2'),
  a(`West-2A.PIN._Zone.db.${zone}`, '10.1.0.1', '10.1.0.2'),
  a(`west-2b.pin._zone.db.${zone}`, '10.1.0.3'),
  a(`corp.example.com.pin._zone.db.${zone}`, '10.1.0.5'),
  a(`west-2a.prefer._zone.db.${zone}`, '10.1.0.1', '10.1.0.2'),
  a(`nowhere.prefer._zone.db.${zone}`, ...all),
  a(`west-2c.prefer._zone.db.${zone}`, ...all),
  a(`_zone.prefer._zone.db.${zone}`, ...all),
  a(`db.${zone}`, ...all),
  { ask: `west-2b.pin._zone.db.${zone} AAAA`, answer: [`west-2b.pin._zone.db.${zone} 5 IN AAAA 2001:db8::4`] },
  {
    ask: `west-2a.pin._zone.db.${zone} SRV`,
    answer: [
      `west-2a.pin._zone.db.${zone} 5 IN SRV 0 50 5432 db-0.db.${zone}`,
      `west-2a.pin._zone.db.${zone} 5 IN SRV 0 50 5432 10-1-0-2.db.${zone}`,
    ],
    additional: [`db-0.db.${zone} 5 IN A 10.1.0.1`, `10-1-0-2.db.${zone} 5 IN A 10.1.0.2`],
  },
  {
    ask: `west-2a.pin._zone.db.a.svc.Cluster.Local. SRV`,
    answer: [
      'west-2a.pin._zone.db.a.svc.Cluster.Local. 5 IN SRV 0 50 5432 db-0.db.a.svc.Cluster.Local.',
      'west-2a.pin._zone.db.a.svc.Cluster.Local. 5 IN SRV 0 50 5432 10-1-0-2.db.a.svc.Cluster.Local.',
    ],
    additional: ['db-0.db.a.svc.Cluster.Local. 5 IN A 10.1.0.1', '10-1-0-2.db.a.svc.Cluster.Local. 5 IN A 10.1.0.2'],
  },
  { ask: `west-2a.pin._zone.db.${zone} TXT`, ...empty },
  { ask: `west-2a.pin._zone.db.${zone} AAAA`, ...empty },
  { ask: `nowhere.pin._zone.db.${zone} A`, ...empty },
  { ask: `west-2c.pin._zone.db.${zone} A`, when: 'where nobody is ready', ...empty },
  { ask: `west-2a.prefer._zone.none.${zone} A`, when: 'of a service without endpoints', ...empty },
  { ask: `west-2a.pin._zone.none.${zone} HTTPS`, ...empty },
  { ask: `_zone.db.${zone} A`, when: 'above those that are there', ...empty },
  { ask: `pin._zone.db.${zone} A`, when: 'above those that are there', ...empty },
  { ask: `west-2a.other._zone.db.${zone} A`, ...none },
  { ask: `other._zone.db.${zone} A`, ...none },
  { ask: `west-2a.pin.zone.db.${zone} A`, ...none },
  { ask: `west-2a.pin._zone.web.${zone} A`, when: 'of a service with a cluster IP', ...none },
  { ask: `_zone.web.${zone} A`, ...none },
  { ask: `west-2a.pin._zone.out.${zone} A`, ...none },
  { ask: `west-2a.pin._zone.gone.${zone} A`, ...none },
  { ask: 'west-2a.pin._zone.db.b.svc.cluster.local. A', ...none },
  { ask: 'west-2a.pin._zone.1-2-3-4.a.pod.cluster.local. A', ...none },
])

run('without the option', chain(''), [
  { ask: `west-2a.pin._zone.db.${zone} A`, ...none },
  { ask: `pin._zone.db.${zone} A`, ...none },
  { ask: `_zone.db.${zone} A`, ...none },
])

test('metadata tell of the zone where the option is set', () => {
  const told = (options: string, ask: string, key: string) =>
    kubernetes
      .offers?.(
        configOf(kubernetes, `kubernetes cluster.local {\n${options}\n}`),
        workerContext({ feed: <T>() => cluster() as T }),
      )
      .metadata?.(queryOf(ask), key)
  const zonal = `corp.example.com.pin._zone.db.${zone} A`
  assert.equal(told('zonal', zonal, 'kubernetes/zone'), 'corp.example.com')
  assert.equal(told('zonal', zonal, 'kubernetes/service'), 'db')
  assert.equal(told('zonal', zonal, 'kubernetes/kind'), 'svc')
  assert.equal(told('zonal', `db.${zone} A`, 'kubernetes/zone'), '')
  assert.equal(told('', `db.${zone} A`, 'kubernetes/zone'), undefined)
  assert.equal(told('', zonal, 'kubernetes/parse-error'), 'invalid query name')
})
