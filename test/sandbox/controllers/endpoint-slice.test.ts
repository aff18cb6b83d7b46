import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointSlice, Endpoints, Node, Pod } from '../../../src/sandbox/resources.ts'
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import { endpointsOf, podManifest, serviceManifest, slicesOf, withSandbox } from '../with-sandbox.ts'

const pinned = 'sandbox.clusterdns.io/addresses'
const ready = 'sandbox.clusterdns.io/ready'
const labels = { app: 'web' }

function pod(
  sandbox: Sandbox,
  name: string,
  address: string,
  more: { annotations?: object; spec?: object } = {},
): void {
  const annotations = { [pinned]: address, ...more.annotations }
  sandbox.apply(podManifest(name, { labels, annotations, ...(more.spec === undefined ? {} : { spec: more.spec }) }))
}

const only = (slices: readonly EndpointSlice[]): EndpointSlice => {
  const [slice] = slices
  assert.ok(slice !== undefined && slices.length === 1)
  return slice
}

test('what a slice says of a pod', async () => {
  await withSandbox({}, async (sandbox) => {
    pod(sandbox, 'a', '10.1.1.1', { spec: { hostname: 'first', subdomain: 'web', nodeName: 'node-1' } })
    pod(sandbox, 'b', '10.1.1.2', { spec: { hostname: 'second', subdomain: 'other' } })
    pod(sandbox, 'c', '10.1.1.3', { spec: { subdomain: 'web' }, annotations: { [ready]: 'false' } })
    sandbox.apply(
      serviceManifest(
        'web',
        { selector: labels, clusterIP: 'None', ports: [{ name: 'http', port: 80, targetPort: 'web' }] },
        { tier: 'front' },
      ),
    )
    await sandbox.settled()
    const slice = only(slicesOf(sandbox, 'web'))
    assert.match(slice.metadata.name, /^web-\w{5}$/)
    assert.deepEqual(slice.metadata.labels, {
      tier: 'front',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      'service.kubernetes.io/headless': '',
    })
    assert.equal(slice.metadata.ownerReferences?.[0]?.name, 'web')
    assert.match(slice.metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time'] ?? '', /^\d{4}-.*Z$/)
    assert.deepEqual(slice.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }])
    const [a] = slice.endpoints
    const uid = sandbox.get('pod', 'default', 'a')?.metadata.uid ?? ''
    assert.deepEqual(a, {
      addresses: ['10.1.1.1'],
      conditions: { ready: true, serving: true, terminating: false },
      hostname: 'first',
      targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid },
      nodeName: 'node-1',
      zone: 'zone-b',
    })
    assert.deepEqual(endpointsOf(sandbox, 'web'), ['10.1.1.1 first', '10.1.1.2 -', '10.1.1.3 - not ready'])
    const endpoints = sandbox.get<Endpoints>('endpoints', 'default', 'web')
    assert.deepEqual(
      endpoints?.subsets?.[0]?.addresses?.map(({ ip, hostname }) => [ip, hostname]),
      [
        ['10.1.1.1', 'first'],
        ['10.1.1.2', undefined],
      ],
    )
    assert.deepEqual(
      endpoints?.subsets?.[0]?.notReadyAddresses?.map(({ ip }) => ip),
      ['10.1.1.3'],
    )
  })
})

test('a pod that ends is not ready but serving, and is gone in the end', async () => {
  await withSandbox({}, async (sandbox) => {
    pod(sandbox, 'a', '10.1.1.1', { annotations: { 'sandbox.clusterdns.io/termination-seconds': '0.3' } })
    sandbox.apply(serviceManifest('web', { selector: labels }))
    sandbox.apply(serviceManifest('all', { selector: labels, publishNotReadyAddresses: true }))
    await sandbox.settled()
    const conditions = (service: string) => only(slicesOf(sandbox, service)).endpoints[0]?.conditions
    sandbox.delete('pod', 'default', 'a')
    while (conditions('web')?.terminating !== true) await new Promise((resolve) => setTimeout(resolve, 1))
    assert.deepEqual(conditions('web'), { ready: false, serving: true, terminating: true })
    assert.deepEqual(conditions('all'), { ready: true, serving: true, terminating: true })
    assert.equal(sandbox.get<Endpoints>('endpoints', 'default', 'web')?.subsets, undefined)
    assert.notEqual(sandbox.get<Endpoints>('endpoints', 'default', 'all')?.subsets, undefined)
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'web'), [])
    assert.equal(sandbox.get('pod', 'default', 'a'), undefined)
  })
})

test('at most 100 endpoints in a slice; those that stay, stay where they are', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply(serviceManifest('web', { selector: labels }))
    for (let index = 0; index < 230; index++) sandbox.apply(podManifest(`p${index}`, { labels }))
    await sandbox.settled()
    const sizes = () =>
      slicesOf(sandbox, 'web')
        .map(({ endpoints }) => endpoints.length)
        .sort((a, b) => a - b)
    assert.equal(sizes().length, 3)
    assert.deepEqual([sizes().at(-1), sizes().reduce((sum, size) => sum + size, 0)], [100, 230])
    const where = () =>
      new Map(
        slicesOf(sandbox, 'web').flatMap(({ metadata, endpoints }) =>
          endpoints.map((each) => [each.targetRef?.name, metadata.name]),
        ),
      )
    const before = where()
    for (let index = 0; index < 20; index++) sandbox.delete('pod', 'default', `p${index}`, { gracePeriodSeconds: 0 })
    for (let index = 0; index < 10; index++) sandbox.apply(podManifest(`q${index}`, { labels }))
    await sandbox.settled()
    const after = where()
    assert.equal(after.size, 220)
    for (const [name, slice] of after) if (before.has(name)) assert.equal(slice, before.get(name))
    sandbox.patch('service', 'default', 'web', { spec: { selector: { app: 'nobody' } } })
    await sandbox.settled()
    assert.deepEqual(sizes(), [0], 'a service that nothing stands behind has one slice all the same')
  })
})

test('a slice per family and per set of ports', async () => {
  await withSandbox({}, async (sandbox) => {
    pod(sandbox, 'a', '10.1.1.1 fd00::a')
    const containers = [{ name: 'main', image: 'i', ports: [{ name: 'web', containerPort: 9090 }] }]
    pod(sandbox, 'b', '10.1.1.2 fd00::b', { spec: { containers } })
    pod(sandbox, 'c', '10.1.1.3', { spec: { containers: [{ name: 'main', image: 'i' }] } })
    const ports = [{ port: 80, targetPort: 'web' }]
    sandbox.apply(serviceManifest('web', { selector: labels, ports, ipFamilyPolicy: 'RequireDualStack' }))
    await sandbox.settled()
    const shown = slicesOf(sandbox, 'web').map(({ addressType, ports: offered, endpoints }) =>
      [addressType, offered?.[0]?.port ?? 'no port', ...endpoints.map(({ addresses }) => addresses[0])].join(' '),
    )
    const automatic = sandbox.get<Pod>('pod', 'default', 'c')?.status?.podIPs?.[1]?.ip
    assert.deepEqual(shown.sort(), [
      'IPv4 8080 10.1.1.1',
      'IPv4 9090 10.1.1.2',
      'IPv4 no port 10.1.1.3',
      'IPv6 8080 fd00::a',
      'IPv6 9090 fd00::b',
      `IPv6 no port ${automatic}`,
    ])
  })
})

test('pods that are over, that have no address yet, and those of host networks', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply(serviceManifest('web', { selector: labels }))
    pod(sandbox, 'failed', '10.1.1.1', { annotations: { 'sandbox.clusterdns.io/phase': 'Failed' } })
    pod(sandbox, 'waiting', '10.1.1.2', { annotations: { 'sandbox.clusterdns.io/phase': 'Pending' } })
    sandbox.apply(podManifest('host', { labels, spec: { hostNetwork: true, nodeName: 'node-2' } }))
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'web'), ['172.18.0.4 -'])
    assert.equal(sandbox.get<Pod>('pod', 'default', 'failed')?.status?.phase, 'Failed')
    assert.equal(sandbox.get<Pod>('pod', 'default', 'waiting')?.status?.phase, 'Pending')
  })
})

test('a node that moves to another zone takes its endpoints along', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply(serviceManifest('web', { selector: labels }))
    pod(sandbox, 'a', '10.1.1.1', { spec: { nodeName: 'node-0' } })
    await sandbox.settled()
    sandbox.patch<Node>('node', '', 'node-0', { metadata: { labels: { 'topology.kubernetes.io/zone': 'elsewhere' } } })
    await sandbox.settled()
    assert.equal(only(slicesOf(sandbox, 'web')).endpoints[0]?.zone, 'elsewhere')
  })
})

test('services come and go, and change what they select', async () => {
  await withSandbox({}, async (sandbox) => {
    pod(sandbox, 'a', '10.1.1.1')
    sandbox.apply(serviceManifest('web', { selector: { app: 'other' } }))
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'web'), [])
    sandbox.patch('pod', 'default', 'a', { metadata: { labels: { app: 'other' } } })
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'web'), ['10.1.1.1 -'])
    sandbox.patch('service', 'default', 'web', { spec: { selector: null } })
    await sandbox.settled()
    const makers = slicesOf(sandbox, 'web').map(
      ({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by'],
    )
    assert.deepEqual(
      makers,
      ['endpointslicemirroring-controller.k8s.io'],
      'its Endpoints are now like those written by hand',
    )
    sandbox.delete('service', 'default', 'web')
    await sandbox.settled()
    assert.deepEqual(slicesOf(sandbox, 'web'), [])
    assert.equal(sandbox.get('endpoints', 'default', 'web'), undefined)
  })
})
