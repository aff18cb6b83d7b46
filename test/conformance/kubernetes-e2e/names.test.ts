// The names that Kubernetes's own e2e tests of DNS ask for (test/e2e/network/dns.go), by UDP and TCP, as a pod's resolver does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { printName } from '../../../src/dns/name.ts'
import { type Behaviour, records, replyTo } from '../../upstream.ts'
import { compare, linesFor, withSubject } from '../suite.ts'

const corefile = `. {
    bind 127.0.0.1
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       kubeconfig {$KUBECONFIG}
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . {$UPSTREAM}
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loadbalance
}
`

/** Knows one name, as those tests' own server does. */
const behave: Behaviour = ({ query }) => {
  const question = query.questions[0] ?? assert.fail('no question')
  const known = printName(question.name) === 'foo.example.com.'
  const answer = known && question.type === 1 ? records('foo.example.com. 60 IN A 192.0.2.123') : []
  return [{ send: replyTo(query, { rcode: known ? 0 : 3, answer }) }]
}

const manifests = [fileURLToPath(new URL('cluster.yaml', import.meta.url))]
const podSearch = ['dns-1.svc.cluster.local', 'svc.cluster.local', 'cluster.local']
const manySearch = [...Array.from({ length: 6 }, (_, index) => `${'a'.repeat(38)}.s${index}.x`), ...podSearch]

interface Row {
  readonly title: string
  /** Without a dot at its end it is looked for through the search list, as with ndots:5. */
  readonly ask: string
  readonly search?: readonly string[]
  /** RCODE and flags of the last reply, and its records. */
  readonly expect: readonly string[]
}

const headless = 'dns-test-service.dns-1.svc.cluster.local.'
const ip = 'test-service-2.dns-1.svc.cluster.local.'
const soa = 'cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 30'
const api = ['NOERROR aa', 'kubernetes.default.svc.cluster.local. 30 IN A 10.96.0.1']
const headlessA = ['NOERROR aa', `${headless} 30 IN A 10.244.7.1`]
const headlessSrv = [
  'NOERROR aa',
  `_http._tcp.${headless} 30 IN SRV 0 100 80 dns-querier-1.${headless}`,
  `dns-querier-1.${headless} 30 IN A 10.244.7.1`,
]
const ipSrv = ['NOERROR aa', `_http._tcp.${ip} 30 IN SRV 0 100 80 ${ip}`, `${ip} 30 IN A 10.96.7.2`]

const rows: readonly Row[] = [
  { title: 'DNS for the cluster', ask: 'kubernetes.default.svc.cluster.local. A', expect: api },
  { title: 'partial names for the cluster: of a namespace', ask: 'kubernetes.default A', expect: api },
  { title: 'partial names for the cluster: with svc', ask: 'kubernetes.default.svc A', expect: api },
  { title: 'services: a headless one', ask: `${headless} A`, expect: headlessA },
  { title: 'services: the port of a headless one', ask: `_http._tcp.${headless} SRV`, expect: headlessSrv },
  { title: 'services: the port of one with an address', ask: `_http._tcp.${ip} SRV`, expect: ipSrv },
  {
    title: 'services: the name of an address',
    ask: '2.7.96.10.in-addr.arpa. PTR',
    expect: ['NOERROR aa', `2.7.96.10.in-addr.arpa. 30 IN PTR ${ip}`],
  },
  { title: 'partial names for services: the name alone', ask: 'dns-test-service A', expect: headlessA },
  { title: 'partial names for services: with the namespace', ask: 'dns-test-service.dns-1 A', expect: headlessA },
  { title: 'partial names for services: with svc', ask: 'dns-test-service.dns-1.svc A', expect: headlessA },
  {
    title: 'partial names for services: the port of a headless one',
    ask: '_http._tcp.dns-test-service.dns-1.svc SRV',
    expect: headlessSrv,
  },
  {
    title: 'partial names for services: the port of one with an address',
    ask: '_http._tcp.test-service-2.dns-1.svc SRV',
    expect: ipSrv,
  },
  {
    title: 'pods for Hostname',
    ask: `dns-querier-1.${headless} A`,
    expect: ['NOERROR aa', `dns-querier-1.${headless} 30 IN A 10.244.7.1`],
  },
  {
    title: 'pods for Subdomain: the pod',
    ask: 'dns-querier-2.dns-test-service-2.dns-1.svc.cluster.local. A',
    expect: ['NOERROR aa', 'dns-querier-2.dns-test-service-2.dns-1.svc.cluster.local. 30 IN A 10.244.7.2'],
  },
  {
    title: 'pods for Subdomain: the service',
    ask: 'dns-test-service-2.dns-1.svc.cluster.local. A',
    expect: ['NOERROR aa', 'dns-test-service-2.dns-1.svc.cluster.local. 30 IN A 10.244.7.2'],
  },
  {
    title: 'ExternalName',
    ask: 'dns-test-service-3.dns-1.svc.cluster.local. CNAME',
    expect: ['NOERROR aa', 'dns-test-service-3.dns-1.svc.cluster.local. 30 IN CNAME foo.example.com.'],
  },
  {
    title: 'a service name that begins with a digit (KEP-5311)',
    ask: '1kubernetes A',
    expect: ['NOERROR aa', '1kubernetes.dns-1.svc.cluster.local. 30 IN A 10.96.7.1'],
  },
  {
    title: 'a service name that begins with a digit (KEP-5311): its port',
    ask: '_http._tcp.1kubernetes.dns-1.svc SRV',
    expect: [
      'NOERROR aa',
      '_http._tcp.1kubernetes.dns-1.svc.cluster.local. 30 IN SRV 0 100 80 1kubernetes.dns-1.svc.cluster.local.',
      '1kubernetes.dns-1.svc.cluster.local. 30 IN A 10.96.7.1',
    ],
  },
  {
    title: 'more than 6 search paths',
    ask: 'kubernetes.default.svc A',
    search: manySearch,
    expect: api,
  },
  { title: 'the search path .', ask: 'kubernetes.default.svc A', search: ['.', ...podSearch], expect: api },
  {
    title: 'a search path with underscores',
    ask: 'kubernetes.default.svc A',
    search: ['_sip._tcp.abc_d.example.com', ...podSearch],
    expect: api,
  },
  { title: "a name that isn't", ask: 'nope.dns-1.svc.cluster.local. A', expect: ['NXDOMAIN aa', soa] },
]

/** The names a resolver asks for, in its order. */
function candidates(name: string, search: readonly string[]): readonly string[] {
  if (name.endsWith('.')) return [name]
  return [...search.map((suffix) => (suffix === '.' ? `${name}.` : `${name}.${suffix}.`)), `${name}.`]
}

withSubject(
  'e2e',
  (portOf, _, clusterOf) => {
    for (const { title, ask, search = podSearch, expect } of rows) {
      for (const transport of ['udp', 'tcp'] as const) {
        test(`${title}, by ${transport}`, async () => {
          const [name = '', type = ''] = ask.split(' ')
          let got: string[] = []
          for (const candidate of candidates(name, search)) {
            got = await linesFor(portOf(), `${candidate} ${type}`, { transport })
            if (got[0]?.startsWith('NOERROR') && got.length > 1) break
          }
          compare(got, expect, undefined)
        })
      }
    }
    test('ExternalName: its address', async () => {
      const got = await linesFor(portOf(), 'dns-test-service-3.dns-1.svc.cluster.local. A', { ttls: false })
      const name = 'dns-test-service-3.dns-1.svc.cluster.local.'
      const lines = [`${name} IN CNAME foo.example.com.`, 'foo.example.com. IN A 192.0.2.123']
      compare(got, ['NOERROR aa', ...lines], undefined)
    })
    test('ExternalName: changed to another name, to an address, and back', async () => {
      const name = 'dns-test-service-3.dns-1.svc.cluster.local.'
      /** Once it comes to be so, for those tests ask until then; what they ask by is compared of both transports. */
      const becomes = async (type: string, expect: string): Promise<string[]> => {
        for (let tries = 0; tries < 100; tries++) {
          const got = await Promise.all(
            (['udp', 'tcp'] as const).map((transport) =>
              linesFor(portOf(), `${name} ${type}`, { transport, ttls: false }),
            ),
          )
          if (got.every((lines) => lines.join('; ') === `NOERROR aa; ${name} IN ${expect}`)) return []
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
        return [`never: ${type} ${expect}`]
      }
      const change = (spec: object) => clusterOf().patch('Service', 'dns-1', 'dns-test-service-3', { spec })
      const told: string[] = []
      change({ externalName: 'bar.example.com' })
      told.push(...(await becomes('CNAME', 'CNAME bar.example.com.')))
      change({ type: 'ClusterIP', externalName: null, clusterIP: '10.96.7.3', ports: [{ port: 80, name: 'http' }] })
      told.push(...(await becomes('A', 'A 10.96.7.3')))
      change({ type: 'ExternalName', externalName: 'foo.example.com', clusterIP: null, clusterIPs: null, ports: null })
      told.push(...(await becomes('CNAME', 'CNAME foo.example.com.')))
      assert.deepEqual(told, [])
    })
  },
  { corefile, behave, manifests, relaxedServiceNames: true },
)
