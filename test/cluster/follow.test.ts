import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { accessTo, type Following, type FollowingOptions, following, patienceMs, until } from './following.ts'

async function scene(
  options: FollowingOptions,
  play: (sandbox: Sandbox, follow: Following) => Promise<void>,
): Promise<void> {
  const sandbox = await startSandbox()
  try {
    for (const namespace of ['a', 'b', 'c']) {
      sandbox.apply([
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        service(namespace, 'web', '10.96.7.7'.replace('7.7', `7.${namespace.charCodeAt(0)}`)),
        slice(namespace, 'web', '10.1.0.1'),
      ])
    }
    await following(accessTo(sandbox.url), options, (follow) => play(sandbox, follow))
  } finally {
    await sandbox.close()
  }
}

const service = (namespace: string, name: string, clusterIP: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: { clusterIP, ports: [{ port: 80 }] },
})

const slice = (namespace: string, name: string, address: string) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace, name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
  ports: [],
})

const forbidden = {
  status: 403,
  body: '{"kind":"Status","code":403,"reason":"Forbidden","message":"services is forbidden"}',
}
/** What a server answers to somebody who has Roles in `a` and `b` and nothing else. */
const onlyRoles = (path: string) =>
  /^\/(api\/v1|apis\/[^?]*)\/namespaces\/[ab]\/[a-z]+\?/.test(path) ? undefined : forbidden

test('follow: where the whole cluster is forbidden, the namespaces that are named are watched', async () => {
  await scene({ namespaces: ['a', 'b'] }, async (sandbox, { proxy, watch, cluster, lines }) => {
    proxy.answer = onlyRoles
    assert.equal(await watch.started(patienceMs), true)
    await until('the feed', () => watch.pending().length === 0)
    assert.deepEqual(
      [...cluster.services()].map((service) => service.namespace),
      ['a', 'b'],
    )
    assert.deepEqual(cluster.namespace('a'), { name: 'a' })
    assert.equal(cluster.namespace('c'), undefined)
    assert.equal(cluster.slices('b', 'web').length, 1)
    sandbox.apply(service('a', 'new', '10.96.7.1'))
    sandbox.delete('services', 'b', 'web')
    sandbox.apply(service('c', 'unseen', '10.96.7.2'))
    await until('the changes', () => cluster.serviceAt('10.96.7.1') !== undefined && !cluster.service('b', 'web'))
    sandbox.trouble.expire()
    sandbox.apply(service('b', 'newer', '10.96.7.3'))
    await until('changes after a list', () => cluster.serviceAt('10.96.7.3') !== undefined)
    assert.ok(cluster.serviceAt('10.96.7.1') !== undefined)
    assert.deepEqual(
      lines.filter((line) => line.startsWith('[WARNING]')).sort(),
      ['endpointslices', 'namespaces', 'pods', 'services'].map(
        (kind) => `[WARNING] ${kind} of the whole cluster are forbidden, watching those of a, b alone`,
      ),
    )
  })
})

for (const podLabels of [true, false]) {
  test(`follow: pods ${podLabels ? 'with' : 'without'} labels`, async () => {
    await scene({ podLabels }, async (sandbox, { watch, cluster }) => {
      const metadata = { namespace: 'a', name: 'p', labels: { app: 'web' } }
      const spec = { containers: [{ name: 'main', image: 'web' }] }
      sandbox.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase: 'Running', podIP: '10.1.0.1' } })
      assert.equal(await watch.started(patienceMs), true)
      await until('the pod', () => cluster.podsAt('10.1.0.1').length === 1)
      const labels = podLabels ? { app: 'web' } : {}
      assert.deepEqual(cluster.podsAt('10.1.0.1'), [{ namespace: 'a', name: 'p', addresses: ['10.1.0.1'], labels }])
    })
  })
}

test('follow: a kind is synced once every namespace is listed', async () => {
  await scene({ namespaces: ['a', 'b'] }, async (_, { proxy, watch }) => {
    proxy.answer = (path) => (path.includes('/namespaces/b/services?') ? { status: 500 } : onlyRoles(path))
    await until('the other kinds', () => watch.pending().join() === 'services')
    assert.equal(await watch.started(100), false)
    assert.deepEqual(watch.pending(), ['services'])
    proxy.answer = onlyRoles
    assert.equal(await watch.started(patienceMs), true)
  })
})

test('follow: rights that are taken away later', async () => {
  await scene({ namespaces: ['a', 'b'] }, async (sandbox, { proxy, watch, cluster, converged }) => {
    assert.equal(await watch.started(patienceMs), true)
    await converged()
    assert.ok(cluster.service('c', 'web') !== undefined)
    proxy.answer = onlyRoles
    proxy.drop()
    await until('the rest to go', () => cluster.service('c', 'web') === undefined && !cluster.namespace('c'))
    sandbox.apply(service('a', 'new', '10.96.7.1'))
    await until('the change', () => cluster.serviceAt('10.96.7.1') !== undefined)
  })
})

test('follow: without namespaces to fall back on, the whole cluster is asked for until it may be listed', async () => {
  await scene({}, async (_, { proxy, watch, converged, lines }) => {
    proxy.answer = () => forbidden
    assert.equal(await watch.started(300), false)
    await until('the complaint', () =>
      lines.includes('[ERROR] failed to list endpointslices, namespaces, pods, services: services is forbidden'),
    )
    proxy.answer = () => undefined
    assert.equal(await watch.started(patienceMs), true)
    await converged()
  })
})

const noSlices = (path: string) =>
  path.startsWith('/apis/discovery.k8s.io/') ? { status: 404, body: '404 page not found' } : undefined

const endpoints = (name: string, ...subsets: readonly object[]) => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { namespace: 'a', name },
  subsets,
})

test('follow: a server without endpoint slices is asked for Endpoints', async () => {
  await scene({}, async (sandbox, { proxy, watch, cluster, lines }) => {
    proxy.answer = noSlices
    const first = { addresses: [{ ip: '10.1.0.1' }], notReadyAddresses: [{ ip: '10.1.0.2' }], ports: [{ port: 80 }] }
    const second = { addresses: [{ ip: '10.1.0.3' }], ports: [{ port: 81 }] }
    sandbox.apply(endpoints('by-hand', first, second))
    assert.equal(await watch.started(patienceMs), true)
    await until('the feed', () => watch.pending().length === 0)
    const readiness = (address: string) => cluster.endpointsAt(address).map(({ endpoint }) => endpoint.ready)
    assert.equal(cluster.slices('a', 'by-hand').length, 2)
    assert.deepEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3'].map(readiness), [[true], [false], [true]])
    sandbox.patch('endpoints', 'a', 'by-hand', { subsets: [{ addresses: [{ ip: '10.1.0.2' }] }] })
    await until('a subset less', () => cluster.slices('a', 'by-hand').length === 1)
    assert.deepEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3'].map(readiness), [[], [true], []])
    sandbox.apply(endpoints('later', first, second))
    await until('another one', () => cluster.slices('a', 'later').length === 2)
    sandbox.delete('endpoints', 'a', 'later')
    await until('it to go', () => cluster.slices('a', 'later').length === 0)
    assert.ok(lines.includes('[WARNING] the API server has no endpoint slices, watching Endpoints'))
  })
})

test('follow: Endpoints of the namespaces that are named', async () => {
  await scene({ namespaces: ['a', 'b'] }, async (sandbox, { proxy, watch, cluster }) => {
    proxy.answer = (path) => onlyRoles(path) ?? noSlices(path)
    sandbox.apply(endpoints('by-hand', { addresses: [{ ip: '10.1.0.9' }] }))
    assert.equal(await watch.started(patienceMs), true)
    await until('the feed', () => watch.pending().length === 0)
    assert.equal(cluster.endpointsAt('10.1.0.9').length, 1)
  })
})
