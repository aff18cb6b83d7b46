import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keyOf } from '../../src/cluster/api-object.ts'
import type { Endpoint, EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import type { Namespace } from '../../src/cluster/namespace.ts'
import { compareNamed } from '../../src/cluster/object-index.ts'
import type { Pod } from '../../src/cluster/pod.ts'
import type { Service } from '../../src/cluster/service.ts'
import { clusterOf, type Kind, Store } from '../../src/cluster/store.ts'

const namespaces = ['a', 'a-b', 'b']
const names = ['web', 'web-0', 'db']
const addresses = ['10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00::2']

// Prototypes would tell generated objects from their clones.
const plain = { noNullPrototype: true }
const someAddresses = fc.uniqueArray(fc.constantFrom(...addresses), { maxLength: 3 })
const identity = { namespace: fc.constantFrom(...namespaces), name: fc.constantFrom(...names) }
const port = fc.record(
  {
    name: fc.constantFrom('', 'http'),
    port: fc.constantFrom(80, 81),
    protocol: fc.constant('tcp'),
  },
  plain,
)
const ports = fc.array(port, { maxLength: 2 })
const service: fc.Arbitrary<Service> = fc.record(
  {
    ...identity,
    type: fc.constantFrom('ClusterIP', 'ExternalName'),
    clusterIPs: someAddresses,
    headless: fc.boolean(),
    externalName: fc.constant(''),
    ports,
    selects: fc.boolean(),
    externalAddresses: someAddresses,
    externalHostnames: fc.constant(['lb.example.com']),
  },
  {
    ...plain,
    requiredKeys: ['namespace', 'name', 'type', 'clusterIPs', 'headless', 'externalName', 'ports', 'selects'],
  },
)
const endpoint: fc.Arbitrary<Endpoint> = fc.record(
  {
    addresses: fc.uniqueArray(fc.constantFrom(...addresses), { minLength: 1, maxLength: 2 }),
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    hostname: fc.constantFrom('', 'web-0'),
    podName: fc.constant(''),
    zone: fc.constant(''),
  },
  plain,
)
const slice: fc.Arbitrary<EndpointSlice> = fc.record(
  {
    ...identity,
    service: fc.constantFrom(...names),
    endpoints: fc.array(endpoint, { maxLength: 3 }),
    ports,
  },
  plain,
)
const pod: fc.Arbitrary<Pod> = fc.record({ ...identity, addresses: someAddresses, labels: fc.constant({}) }, plain)

type Step =
  | { readonly kind: 'services'; readonly object: Service }
  | { readonly kind: 'endpointslices'; readonly object: EndpointSlice }
  | { readonly kind: 'namespaces'; readonly object: Namespace }
  | { readonly kind: 'pods'; readonly object: Pod }
  | { readonly remove: Kind; readonly key: string }

const step: fc.Arbitrary<Step> = fc.oneof(
  service.map((object): Step => ({ kind: 'services', object })),
  slice.map((object): Step => ({ kind: 'endpointslices', object })),
  fc.constantFrom(...namespaces).map((name): Step => ({ kind: 'namespaces', object: { name } })),
  pod.map((object): Step => ({ kind: 'pods', object })),
  fc
    .tuple(fc.constantFrom<Kind>('services', 'endpointslices', 'pods'), identity.namespace, identity.name)
    .map(([remove, namespace, name]): Step => ({ remove, key: `${namespace}/${name}` })),
  identity.namespace.map((key): Step => ({ remove: 'namespaces', key })),
)

/** Everything by its kind and key, searched from end to end. */
class Model {
  readonly services = new Map<string, Service>()
  readonly endpointslices = new Map<string, EndpointSlice>()
  readonly namespaces = new Map<string, Namespace>()
  readonly pods = new Map<string, Pod>()

  take(step: Step): void {
    if ('remove' in step) this[step.remove].delete(step.key)
    else if (step.kind === 'services') this.services.set(keyOf(step.object), step.object)
    else if (step.kind === 'endpointslices') this.endpointslices.set(keyOf(step.object), step.object)
    else if (step.kind === 'namespaces') this.namespaces.set(step.object.name, step.object)
    else this.pods.set(keyOf(step.object), step.object)
  }
}

function take(store: Store, step: Step): boolean {
  if ('remove' in step) return store.remove(step.remove, step.key)
  if (step.kind === 'services') return store.apply(step.kind, keyOf(step.object), step.object)
  if (step.kind === 'endpointslices') return store.apply(step.kind, keyOf(step.object), step.object)
  if (step.kind === 'namespaces') return store.apply(step.kind, step.object.name, step.object)
  return store.apply(step.kind, keyOf(step.object), step.object)
}

test('store: answers as a search through everything would, after any changes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = new Store()
      const model = new Model()
      for (const step of steps) {
        take(store, step)
        model.take(step)
      }
      const sorted = {
        services: [...model.services.values()].sort(compareNamed),
        slices: [...model.endpointslices.values()].sort(compareNamed),
        pods: [...model.pods.values()].sort(compareNamed),
      }
      assert.deepEqual([...store.services()], sorted.services)
      for (const namespace of namespaces) {
        assert.deepEqual(store.namespace(namespace), model.namespaces.get(namespace))
        for (const name of names) {
          assert.deepEqual(store.service(namespace, name), model.services.get(`${namespace}/${name}`))
          assert.deepEqual(
            store.slices(namespace, name),
            sorted.slices.filter((slice) => slice.namespace === namespace && slice.service === name),
          )
        }
      }
      for (const address of addresses) {
        assert.deepEqual(
          store.serviceAt(address),
          sorted.services.find((service) => service.clusterIPs.includes(address)),
        )
        assert.deepEqual(
          store.externalServicesAt(address),
          sorted.services.filter((service) => service.externalAddresses?.includes(address)),
        )
        assert.deepEqual(
          store.podsAt(address),
          sorted.pods.filter((pod) => pod.addresses.includes(address)),
        )
        const endpoints = []
        for (const slice of sorted.slices) {
          for (const endpoint of slice.endpoints) {
            if (endpoint.addresses.includes(address)) endpoints.push({ slice, endpoint })
          }
        }
        assert.deepEqual(store.endpointsAt(address), endpoints)
      }
    }),
    { numRuns: 500 },
  )
})

test('store: what is applied a second time changes nothing, and the first object stays', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 10 }), service, (steps, object) => {
      const store = new Store()
      for (const step of steps) take(store, step)
      store.apply('services', keyOf(object), object)
      const there = store.service(object.namespace, object.name)
      store.setSerial(1)
      assert.equal(store.apply('services', keyOf(object), structuredClone(object)), false)
      assert.equal(store.service(object.namespace, object.name), there)
      assert.equal(store.serial(), 1)
    }),
  )
})

test('store: objects handed out never change', () => {
  const store = new Store()
  const first: EndpointSlice = { namespace: 'a', name: 'web-1', service: 'web', endpoints: [], ports: [] }
  store.apply('endpointslices', 'a/web-1', first)
  const slices = store.slices('a', 'web')
  store.apply('endpointslices', 'a/web-0', { ...first, name: 'web-0' })
  store.apply('endpointslices', 'a/web-2', { ...first, name: 'web-2' })
  const three = store.slices('a', 'web')
  store.remove('endpointslices', 'a/web-1')
  assert.deepEqual(slices, [first])
  assert.deepEqual(
    three.map((slice) => slice.name),
    ['web-0', 'web-1', 'web-2'],
  )
  assert.deepEqual(
    store.slices('a', 'web').map((slice) => slice.name),
    ['web-0', 'web-2'],
  )
})

const web: Service = {
  namespace: 'a',
  name: 'web',
  type: 'ClusterIP',
  clusterIPs: ['10.0.0.1'],
  headless: false,
  externalName: '',
  ports: [],
  selects: false,
}
const ready: Endpoint = {
  addresses: ['10.1.0.1'],
  ready: true,
  serving: true,
  terminating: false,
  hostname: '',
  podName: '',
  zone: '',
}
const webSlice: EndpointSlice = { namespace: 'a', name: 'web-1', service: 'web', endpoints: [ready], ports: [] }
const client: Pod = { namespace: 'a', name: 'client', addresses: ['10.1.0.9'], labels: {} }

const serialCases: readonly { readonly name: string; readonly moves: boolean; change(store: Store): void }[] = [
  { name: 'a new service', moves: true, change: (store) => store.apply('services', 'a/new', { ...web, name: 'new' }) },
  { name: 'a deleted service', moves: true, change: (store) => store.remove('services', 'a/web') },
  { name: 'a service that never was', moves: false, change: (store) => store.remove('services', 'a/none') },
  {
    name: 'another cluster IP',
    moves: true,
    change: (store) => store.apply('services', 'a/web', { ...web, clusterIPs: ['10.0.0.2'] }),
  },
  {
    name: 'a service gets a selector',
    moves: false,
    change: (store) => store.apply('services', 'a/web', { ...web, selects: true }),
  },
  {
    name: 'an endpoint less',
    moves: true,
    change: (store) => store.apply('endpointslices', 'a/web-1', { ...webSlice, endpoints: [] }),
  },
  {
    name: 'an endpoint more that is not ready',
    moves: false,
    change: (store) =>
      store.apply('endpointslices', 'a/web-1', {
        ...webSlice,
        endpoints: [ready, { ...ready, addresses: ['10.1.0.2'], ready: false, serving: false }],
      }),
  },
  {
    name: "a pod's label",
    moves: false,
    change: (store) => store.apply('pods', 'a/client', { ...client, labels: { app: 'client' } }),
  },
  {
    name: "a pod's address",
    moves: true,
    change: (store) => store.apply('pods', 'a/client', { ...client, addresses: ['10.1.0.8'] }),
  },
  { name: 'a new namespace', moves: true, change: (store) => store.apply('namespaces', 'b', { name: 'b' }) },
]

for (const { name, moves, change } of serialCases) {
  test(`store: ${name} ${moves ? 'moves' : 'does not move'} the serial`, () => {
    const store = new Store()
    assert.equal(store.serial(), 0)
    store.apply('namespaces', 'a', { name: 'a' })
    store.apply('services', 'a/web', web)
    store.apply('endpointslices', 'a/web-1', webSlice)
    store.apply('pods', 'a/client', client)
    assert.ok(store.serial() > 1_600_000_000)
    store.setSerial(7)
    change(store)
    assert.equal(store.serial() !== 7, moves)
  })
}

test('store: nothing is synced until it is said to be', () => {
  const store = new Store()
  assert.equal(store.synced('services'), false)
  store.setSynced('services')
  assert.equal(store.synced('services'), true)
  assert.equal(store.synced('pods'), false)
})

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
