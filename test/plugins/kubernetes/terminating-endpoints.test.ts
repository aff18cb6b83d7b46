// The option terminating_endpoints: endpoints that end and still serve, where no other is ready.
import { clusterOf } from '../../../src/cluster/cluster-of.ts'
import { fixtureSerial, handlerFor, run } from '../../ask.ts'

type State = 'ready' | 'ending' | 'ended'

const conditions = {
  ready: { ready: true, serving: true, terminating: false },
  ending: { ready: false, serving: true, terminating: true },
  ended: { ready: false, serving: false, terminating: true },
}

/** A service whose slices have endpoints in these states, the addresses of the nth slice being 10.N.0.1 and so on. */
const serviceWith = (name: string, spec: object, ...slices: readonly (readonly State[])[]): object[] => [
  { kind: 'Service', metadata: { namespace: 'a', name }, spec: { ports: [{ name: 'http', port: 80 }], ...spec } },
  ...slices.map((states, s) => ({
    kind: 'EndpointSlice',
    metadata: { namespace: 'a', name: `${name}-${s}`, labels: { 'kubernetes.io/service-name': name } },
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: states.map((state, i) => ({
      addresses: [`10.${name.charCodeAt(0) - 96}.${s}.${i + 1}`],
      conditions: conditions[state],
      hostname: `h${s}${i}`,
    })),
  })),
]
const headless = { clusterIP: 'None' }

const cluster = () =>
  clusterOf(
    [
      { kind: 'Namespace', metadata: { name: 'a' } },
      ...serviceWith('d-some', headless, ['ready', 'ending'], ['ending']),
      ...serviceWith('e-none', headless, ['ended', 'ending'], ['ending']),
      ...serviceWith('f-all', headless, ['ended']),
      ...serviceWith('g-ip', { clusterIP: '10.96.0.1' }, ['ending']),
    ],
    fixtureSerial,
  )
const chain = (options: string) => () =>
  handlerFor(`kubernetes cluster.local in-addr.arpa {\n${options}\n}`, { feeds: { kubernetes: cluster() } })

const zone = 'a.svc.cluster.local.'
const soaOf = (top: string) => `${top} 5 IN SOA ns.dns.${top} hostmaster.${top} ${fixtureSerial} 7200 1800 86400 5`
const none = { rcode: 'NXDOMAIN', authority: [soaOf('cluster.local.')] }
const nobody = { rcode: 'NXDOMAIN', authority: [soaOf('in-addr.arpa.')] }

run('without the option only what is ready counts', chain('ignore empty_service'), [
  { ask: `d-some.${zone} A`, answer: [`d-some.${zone} 5 IN A 10.4.0.1`] },
  { ask: `e-none.${zone} A`, ...none },
  { ask: `h01.e-none.${zone} A`, ...none },
  { ask: `g-ip.${zone} A`, ...none },
  { ask: '2.0.5.10.in-addr.arpa. PTR', ...nobody },
])

run(
  'with it, what still serves stands in where nothing is ready',
  chain('terminating_endpoints\nignore empty_service'),
  [
    { ask: `d-some.${zone} A`, answer: [`d-some.${zone} 5 IN A 10.4.0.1`] },
    { ask: `h01.d-some.${zone} A`, ...none },
    { ask: '2.0.4.10.in-addr.arpa. PTR', ...nobody },
    { ask: `e-none.${zone} A`, answer: [`e-none.${zone} 5 IN A 10.5.0.2`, `e-none.${zone} 5 IN A 10.5.1.1`] },
    { ask: `h01.e-none.${zone} A`, answer: [`h01.e-none.${zone} 5 IN A 10.5.0.2`] },
    { ask: `h00.e-none.${zone} A`, ...none },
    {
      ask: `_http._tcp.e-none.${zone} SRV`,
      answer: [
        `_http._tcp.e-none.${zone} 5 IN SRV 0 50 8080 h01.e-none.${zone}`,
        `_http._tcp.e-none.${zone} 5 IN SRV 0 50 8080 h10.e-none.${zone}`,
      ],
      additional: [`h01.e-none.${zone} 5 IN A 10.5.0.2`, `h10.e-none.${zone} 5 IN A 10.5.1.1`],
    },
    { ask: '2.0.5.10.in-addr.arpa. PTR', answer: [`2.0.5.10.in-addr.arpa. 5 IN PTR h01.e-none.${zone}`] },
    { ask: '1.0.5.10.in-addr.arpa. PTR', ...nobody },
    { ask: `f-all.${zone} A`, ...none },
    { ask: `g-ip.${zone} A`, answer: [`g-ip.${zone} 5 IN A 10.96.0.1`] },
  ],
)
