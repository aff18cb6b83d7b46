import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PodSurroundings, parseHostResolvConf, podResolvConf } from '../../src/resolver/kubelet.ts'
import { printResolvConf } from '../../src/resolver/resolv-conf.ts'

const host = parseHostResolvConf('nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch corp.example\noptions rotate\n')
const pod: PodSurroundings = {
  namespace: 'shop',
  policy: 'ClusterFirst',
  hostNetwork: false,
  dnsConfig: undefined,
  clusterDns: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
  host,
}
const cluster = 'shop.svc.cluster.local svc.cluster.local cluster.local corp.example'
const file = (search: string, servers: string, options: string) =>
  [
    ...(search === '' ? [] : [`search ${search}`]),
    ...servers.split(' ').map((server) => `nameserver ${server}`),
    ...(options === '' ? [] : [`options ${options}`]),
  ].map((line) => `${line}\n`)

// Kubernetes, "DNS for Services and Pods": Pod's DNS Policy, Pod's DNS Config.
for (const [what, changes, expected] of [
  ['ClusterFirst', {}, file(cluster, '10.96.0.10', 'ndots:5')],
  ['ClusterFirst in the host network', { hostNetwork: true }, file('corp.example', '192.0.2.1 192.0.2.2', 'rotate')],
  [
    'ClusterFirstWithHostNet',
    { policy: 'ClusterFirstWithHostNet', hostNetwork: true },
    file(cluster, '10.96.0.10', 'ndots:5'),
  ],
  ['Default', { policy: 'Default' }, file('corp.example', '192.0.2.1 192.0.2.2', 'rotate')],
  ['Default without a host file', { policy: 'Default', host: undefined }, file('.', '127.0.0.1', '')],
  [
    'None',
    {
      policy: 'None',
      dnsConfig: {
        nameservers: ['192.0.2.9'],
        searches: ['ns1.svc.cluster-domain.example', 'my.dns.search.suffix'],
        options: [
          { name: 'ndots', value: '2' },
          { name: 'edns0', value: '' },
        ],
      },
    },
    file('ns1.svc.cluster-domain.example my.dns.search.suffix', '192.0.2.9', 'ndots:2 edns0'),
  ],
  [
    'dnsConfig merged',
    {
      dnsConfig: {
        nameservers: ['10.96.0.10', '192.0.2.9'],
        searches: ['cluster.local', 'extra.example'],
        options: [
          { name: 'ndots', value: '2' },
          { name: 'use-vc', value: '' },
        ],
      },
    },
    file(`${cluster} extra.example`, '10.96.0.10 192.0.2.9', 'ndots:2 use-vc'),
  ],
  ['no cluster domain', { clusterDomain: '' }, file('corp.example', '10.96.0.10', 'ndots:5')],
  [
    'a domain that the host has too',
    { host: parseHostResolvConf('search cluster.local. corp.example.\n') },
    file(cluster, '10.96.0.10', 'ndots:5'),
  ],
  [
    'several cluster DNS addresses',
    { clusterDns: ['10.96.0.10', 'fd00::10'] },
    file(cluster, '10.96.0.10 fd00::10', 'ndots:5'),
  ],
] satisfies readonly (readonly [string, Partial<PodSurroundings>, readonly string[]])[]) {
  test(`kubelet: ${what}`, () => {
    const { conf, warnings } = podResolvConf({ ...pod, ...changes })
    assert.equal(printResolvConf(conf), expected.join(''))
    assert.deepEqual(warnings, [])
  })
}

test('kubelet: without cluster DNS, ClusterFirst is Default, and that is said', () => {
  const { conf, warnings } = podResolvConf({ ...pod, clusterDns: [] })
  assert.deepEqual(conf, host)
  assert.equal(warnings.length, 1)
})

const searches = (count: number, length = 10) =>
  Array.from({ length: count }, (_, i) => `${i}`.padStart(3, '0').padEnd(length, 'x'))
const none = { ...pod, policy: 'None' } as const
const limited = (nameservers: readonly string[], list: readonly string[]) =>
  podResolvConf({ ...none, dnsConfig: { nameservers, searches: list, options: [] } })

test('kubelet: three nameservers', () => {
  const { conf, warnings } = limited(['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'], [])
  assert.deepEqual(conf.nameservers, ['1.1.1.1', '2.2.2.2', '3.3.3.3'])
  assert.equal(warnings.length, 1)
})

test('kubelet: 32 search paths', () => {
  assert.equal(limited([], searches(32)).conf.search.length, 32)
  assert.deepEqual(limited([], searches(32)).warnings, [])
  const { conf, warnings } = limited([], searches(33))
  assert.deepEqual(conf.search, searches(32))
  assert.equal(warnings.length, 1)
})

test('kubelet: 2048 characters with the spaces between them', () => {
  assert.equal(limited([], searches(32, 63)).conf.search.length, 32, '32 * 63 + 31 = 2047')
  const { conf } = limited([], searches(32, 64))
  assert.equal(conf.search.length, 31)
})

test('kubelet: a search path of more than 253 characters is left out', () => {
  const { conf, warnings } = limited([], ['a', 'b'.repeat(254), 'c'.repeat(253)])
  assert.deepEqual(conf.search, ['a', 'c'.repeat(253)])
  assert.equal(warnings.length, 1)
})
