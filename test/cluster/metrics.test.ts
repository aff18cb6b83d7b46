// What is counted while a cluster is followed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { samplesOf } from '../samples.ts'
import { accessTo, following, patienceMs, until } from './following.ts'

const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name },
  spec: { ports: [{ port: 80 }], ...spec },
})

const slice = (name: string, stamp?: string) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    namespace: 'default',
    name: `${name}-1`,
    labels: { 'kubernetes.io/service-name': name },
    annotations: stamp === undefined ? {} : { 'endpoints.kubernetes.io/last-change-trigger-time': stamp },
  },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.1.0.1'] }],
  ports: [],
})

const programming = () => samplesOf('coredns_kubernetes_dns_programming_duration_seconds')

test('metrics: the time from a change of endpoints to its being known, by kind of service', async () => {
  const sandbox = await startSandbox()
  try {
    const stamp = '2026-01-02T03:04:05.123456789Z'
    sandbox.apply([
      service('ip', { clusterIP: '10.96.5.5' }),
      service('headless', { clusterIP: 'None', selector: { a: 'b' } }),
      service('bare', { clusterIP: 'None' }),
      slice('ip', stamp),
    ])
    // Its controllers write slices too.
    await sandbox.settled()
    await following(accessTo(sandbox.url), {}, async ({ watch, cluster, lines }) => {
      await watch.started(patienceMs)
      assert.deepEqual(programming(), {}, 'what a list brings may be old')
      sandbox.apply(slice('headless', stamp))
      sandbox.apply(slice('bare', new Date(Date.now() + 3_600_000).toISOString()))
      sandbox.apply(slice('nobody', stamp))
      sandbox.apply(slice('ip'))
      sandbox.apply(slice('ip', 'yesterday'))
      sandbox.apply(slice('ip', stamp))
      sandbox.apply(service('last', { clusterIP: 'None' }))
      sandbox.apply(slice('last'))
      await until('the changes', () => cluster.slices('default', 'last').length === 1)
      assert.deepEqual(programming(), {
        'service_kind="headless_with_selector"': 1,
        'service_kind="headless_without_selector"': 1,
        'service_kind="cluster_ip"': 1,
      })
      assert.deepEqual(
        lines.filter((line) => line.startsWith('[WARNING]')),
        [
          '[WARNING] EndpointSlice default/ip-1: its annotation endpoints.kubernetes.io/last-change-trigger-time is no time: "yesterday"',
        ],
      )
    })
  } finally {
    await sandbox.close()
  }
})

test('metrics: requests, events, relists and how it stands with each kind', async () => {
  const sandbox = await startSandbox()
  try {
    await following(accessTo(sandbox.url), {}, async ({ proxy, url, watch, cluster, converged }) => {
      const { host } = new URL(url)
      await watch.started(patienceMs)
      await converged()
      const value = (name: string, kind: string) =>
        samplesOf(`clusterdns_kubernetes_${name}`)[`kind="${kind}"`] ?? Number.NaN
      const events = () => samplesOf('clusterdns_kubernetes_events_total')['kind="services",type="added"'] ?? 0
      const before = events()
      sandbox.apply(service('new', {}))
      await until('the event', () => events() === before + 1)
      await until(
        'the gauges',
        () => value('objects', 'services') === cluster.count('services') && value('watch_age_seconds', 'pods') > 0,
      )
      assert.equal(value('staleness_seconds', 'services'), 0)
      assert.ok(value('silence_seconds', 'namespaces') >= 0)
      const relists = () => samplesOf('clusterdns_kubernetes_relists_total')['kind="services",reason="expired"'] ?? 0
      const relistsBefore = relists()
      sandbox.trouble.expire('services')
      await until('a relist', () => relists() === relistsBefore + 1)
      await converged()
      proxy.down = true
      proxy.drop()
      await until('staleness', () => value('staleness_seconds', 'pods') > 0 && value('watch_age_seconds', 'pods') === 0)
      proxy.down = false
      await converged()
      await until('freshness', () => value('staleness_seconds', 'pods') === 0)
      const requests = samplesOf('coredns_kubernetes_rest_client_requests_total')
      assert.ok((requests[`code="200",method="GET",host="${host}"`] ?? 0) >= 4)
      assert.ok((requests[`code="<error>",method="GET",host="${host}"`] ?? 0) >= 1)
      const total = Object.entries(requests).reduce((sum, [labels, n]) => sum + (labels.includes(host) ? n : 0), 0)
      const labels = `verb="GET",host="${host}"`
      const timed = samplesOf('coredns_kubernetes_rest_client_request_duration_seconds')[labels] ?? 0
      assert.ok(timed > 0 && timed < total, 'watches are not timed')
      assert.equal(samplesOf('coredns_kubernetes_rest_client_rate_limiter_duration_seconds')[labels], timed)
    })
    await until('the gauges to go', () => Object.keys(samplesOf('clusterdns_kubernetes_objects')).length === 0)
  } finally {
    await sandbox.close()
  }
})
