import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterOf } from '../../src/cluster/cluster-of.ts'

test('clusterOf: a synced store of what DNS knows among API objects', () => {
  const metadata = { namespace: 'a', name: 'web' }
  const store = clusterOf(
    [
      { kind: 'Namespace', metadata: { name: 'a' } },
      {
        kind: 'List',
        items: [
          { kind: 'Service', metadata, spec: { clusterIP: '10.0.0.1' } },
          {
            kind: 'EndpointSlice',
            metadata: { namespace: 'a', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
            endpoints: [{ addresses: ['FD00:0::1'] }],
          },
        ],
      },
      { kind: 'Pod', metadata: { namespace: 'a', name: 'p' }, status: { podIP: '10.1.0.9' } },
      {
        kind: 'Pod',
        metadata: { namespace: 'a', name: 'q', deletionTimestamp: '2026-01-01T00:00:00Z' },
        status: { podIP: '10.1.0.9' },
      },
      { kind: 'StatefulSet', metadata },
      { kind: 'Service' },
      null,
    ],
    1499347823,
  )
  assert.deepEqual(
    [...store.services()].map((service) => service.clusterIPs),
    [['10.0.0.1']],
  )
  assert.deepEqual(store.namespace('a'), { name: 'a' })
  assert.equal(store.endpointsAt('fd00::1')[0]?.slice.service, 'web')
  assert.deepEqual(
    store.podsAt('10.1.0.9').map((pod) => pod.name),
    ['p'],
  )
  assert.equal(store.serial(), 1499347823)
  for (const kind of ['services', 'endpointslices', 'namespaces', 'pods'] as const) assert.ok(store.synced(kind))
})
