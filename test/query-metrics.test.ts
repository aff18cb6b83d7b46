import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Rcode } from '../src/dns/codes.ts'
import { errorReply, type Reply, reply, silence } from '../src/dns/reply.ts'
import { queryCounter } from '../src/query-metrics.ts'
import { queryOf } from './context.ts'
import { samplesOf } from './samples.ts'

const metrics = {
  requests: 'coredns_dns_requests_total',
  do: 'coredns_dns_do_requests_total',
  responses: 'coredns_dns_responses_total',
  durations: 'coredns_dns_request_duration_seconds',
  requestSizes: 'coredns_dns_request_size_bytes',
  responseSizes: 'coredns_dns_response_size_bytes',
} as const

type Counted = { -readonly [name in keyof typeof metrics]?: string }

/** The labels of what was counted meanwhile, without those that are the same for all; twice where it was counted twice. */
function countedBy(server: string, work: () => void): Counted {
  const read = () => Object.entries(metrics).map(([name, metric]) => [name, samplesOf(metric)] as const)
  const before = new Map(read())
  work()
  const counted: Counted = {}
  for (const [name, samples] of read()) {
    const labels = Object.entries(samples)
      .flatMap(([labels, count]) => Array(count - (before.get(name)?.[labels] ?? 0)).fill(labels) as string[])
      .map((labels) => labels.replace(`server="${server}",`, '').replace('view="",', '').replace(',view=""', ''))
    if (labels.length > 0) counted[name as keyof typeof metrics] = labels.join(' ')
  }
  return counted
}

const edns = { udpSize: 1232, version: 0, dnssecOk: true, options: [] }
const cases: readonly (readonly [title: string, query: Parameters<typeof queryOf>, answer: Reply, Counted])[] = [
  [
    'IPv4 by UDP',
    ['example.org A'],
    reply({ plugin: 'whoami' }),
    {
      requests: 'zone="z.",proto="udp",family="1",type="A"',
      responses: 'zone="z.",rcode="NOERROR",plugin="whoami"',
      durations: 'zone="z."',
      requestSizes: 'zone="z.",proto="udp"',
      responseSizes: 'zone="z.",proto="udp"',
    },
  ],
  [
    'IPv6 by TCP, with DO',
    ['example.org HTTPS', { edns, client: { address: '2001:db8::1', transport: 'tcp' } }],
    reply({ rcode: Rcode.NXDOMAIN, plugin: 'kubernetes' }),
    {
      requests: 'zone="z.",proto="tcp",family="2",type="HTTPS"',
      do: 'zone="z."',
      responses: 'zone="z.",rcode="NXDOMAIN",plugin="kubernetes"',
      durations: 'zone="z."',
      requestSizes: 'zone="z.",proto="tcp"',
      responseSizes: 'zone="z.",proto="tcp"',
    },
  ],
  [
    'IPv4 by TLS, IPv6 by UDP: ways of their own',
    ['example.org A', { client: { transport: 'tls' } }],
    errorReply(Rcode.SERVFAIL),
    {
      requests: 'zone="z.",proto="tcp",family="1",type="A"',
      responses: 'zone="z.",rcode="SERVFAIL",plugin=""',
      durations: 'zone="z."',
      requestSizes: 'zone="z.",proto="tcp"',
      responseSizes: 'zone="z.",proto="tcp"',
    },
  ],
  [
    'a type without a name of its own, an rcode without a name, and EDNS without DO',
    ['example.org HINFO', { edns: { ...edns, dnssecOk: false } }],
    reply({ rcode: 3841, plugin: 'forward' }),
    {
      requests: 'zone="z.",proto="udp",family="1",type="other"',
      responses: 'zone="z.",rcode="RCODE3841",plugin="forward"',
      durations: 'zone="z."',
      requestSizes: 'zone="z.",proto="udp"',
      responseSizes: 'zone="z.",proto="udp"',
    },
  ],
  [
    'silence',
    ['example.org TYPE65500'],
    silence,
    {
      requests: 'zone="z.",proto="udp",family="1",type="other"',
      responses: 'zone="z.",rcode="NOERROR",plugin=""',
      durations: 'zone="z."',
      requestSizes: 'zone="z.",proto="udp"',
      responseSizes: 'zone="z.",proto="udp"',
    },
  ],
]

suite('a query is counted by its listener, zone, way, type and reply', () => {
  const count = queryCounter('z.')
  for (const [title, [question, fields], answer, expected] of cases) {
    test(title, () => {
      const query = queryOf(question, fields)
      const counted = () => countedBy('dns://:53', () => count(query, answer, 0.001))
      assert.deepEqual(counted(), expected)
      assert.deepEqual(counted(), expected, 'and once more')
    })
  }
  test('listeners apart', () => {
    const query = queryOf('example.org A', { client: { server: 'dns://127.0.0.1:53' } })
    const { requests } = countedBy('dns://127.0.0.1:53', () => count(query, reply({}), 0))
    assert.equal(requests, 'zone="z.",proto="udp",family="1",type="A"')
  })
  test('types that strangers invent make no more series', () => {
    const before = Object.keys(samplesOf(metrics.requests)).length
    for (let type = 300; type < 400; type++) count(queryOf(`example.org TYPE${type}`), reply({}), 0)
    assert.equal(Object.keys(samplesOf(metrics.requests)).length, before)
  })
})
