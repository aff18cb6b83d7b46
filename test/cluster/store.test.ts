import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Endpoint, EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import type { Slot } from '../../src/cluster/key-table.ts'
import { Mirror } from '../../src/cluster/mirror.ts'
import type { Service } from '../../src/cluster/service.ts'
import { type Kind, Store } from '../../src/cluster/store.ts'
import { answersOf, applyTo, assertSame, change, PlainCluster } from './plain-cluster.ts'

/** A store that knows at once what changes in a mirror of this thread. */
function attached(): { readonly mirror: Mirror; readonly store: Store } {
  const mirror = new Mirror()
  const store = new Store()
  const reading = mirror.read()
  mirror.listen({
    changed(kind: Kind, _key: string, slot: Slot) {
      for (const [number, chunk] of mirror.chunks.entries()) store.setChunk(number, chunk)
      store.put(kind, slot, mirror.addressAt(kind, slot))
      reading.passed(mirror.version)
    },
    synced() {},
  })
  return { mirror, store }
}

test('store: answers as a search through everything would, after any changes', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ change, asked: fc.boolean() }), { maxLength: 60 }), (steps) => {
      const { mirror, store } = attached()
      const plain = new PlainCluster()
      for (const { change, asked } of steps) {
        applyTo(mirror, change)
        plain.take(change)
        // What has been asked for is remembered.
        if (asked) answersOf(store)
      }
      assertSame(store, plain)
    }),
    { numRuns: 300 },
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

test('store: objects stay the same ones while nothing changes in them', () => {
  const { mirror, store } = attached()
  mirror.apply('services', 'a/web', web)
  mirror.apply('services', 'a/db', { ...web, name: 'db', clusterIPs: ['10.0.0.2'] })
  mirror.apply('endpointslices', 'a/web-1', webSlice)
  const service = store.service('a', 'web')
  const slices = store.slices('a', 'web')
  mirror.apply('services', 'a/web', structuredClone(web))
  mirror.apply('services', 'a/db', { ...web, name: 'db', clusterIPs: ['10.0.0.3'] })
  mirror.apply('endpointslices', 'a/web-1', structuredClone(webSlice))
  assert.ok(service !== undefined)
  assert.equal(store.service('a', 'web'), service)
  assert.equal(store.serviceAt('10.0.0.1'), service)
  assert.equal(store.slices('a', 'web'), slices)
  mirror.apply('services', 'a/web', { ...web, selects: true })
  assert.notEqual(store.service('a', 'web'), service)
})

test('store: objects handed out never change', () => {
  const { mirror, store } = attached()
  mirror.apply('endpointslices', 'a/web-1', webSlice)
  const slices = store.slices('a', 'web')
  mirror.apply('endpointslices', 'a/web-0', { ...webSlice, name: 'web-0' })
  mirror.apply('endpointslices', 'a/web-2', { ...webSlice, name: 'web-2' })
  const three = store.slices('a', 'web')
  mirror.remove('endpointslices', 'a/web-1')
  assert.deepEqual(slices, [webSlice])
  assert.deepEqual(
    three.map((slice) => slice.name),
    ['web-0', 'web-1', 'web-2'],
  )
  assert.deepEqual(
    store.slices('a', 'web').map((slice) => slice.name),
    ['web-0', 'web-2'],
  )
})

test('store: services are gone through as they are at the time', () => {
  const { mirror, store } = attached()
  for (const name of ['a', 'b', 'c']) mirror.apply('services', `a/${name}`, { ...web, name })
  const services = store.services()[Symbol.iterator]()
  assert.equal(services.next().value?.name, 'a')
  mirror.remove('services', 'a/b')
  mirror.apply('services', 'a/c', { ...web, name: 'c', clusterIPs: ['10.0.0.9'] })
  assert.deepEqual(services.next().value?.clusterIPs, ['10.0.0.9'])
  assert.equal(services.next().done, true)
})

test('store: more than it keeps as objects', () => {
  const { mirror, store } = attached()
  const nth = (i: number): Service => ({ ...web, name: `s${i}`, clusterIPs: [`10.0.${i >> 8}.${i & 255}`] })
  for (let i = 0; i < 30_000; i++) mirror.apply('services', `a/s${i}`, nth(i))
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 30_000; i++) {
      const service = store.service('a', `s${i}`)
      assert.equal(service?.clusterIPs[0], `10.0.${i >> 8}.${i & 255}`)
      assert.equal(store.serviceAt(`10.0.${i >> 8}.${i & 255}`), service)
    }
  }
  assert.deepEqual(store.service('a', 's29999'), nth(29_999))
  assert.equal(store.count('services'), 30_000)
})

test('store: an address counts in the form it has', () => {
  const { mirror, store } = attached()
  mirror.apply('pods', 'a/p', { namespace: 'a', name: 'p', addresses: ['fd00::1'], labels: {} })
  assert.equal(store.podsAt('fd00::1').length, 1)
  assert.equal(store.podsAt('fd00:0::1').length, 0)
  assert.equal(store.podsAt('').length, 0)
})

test('store: nothing is synced until it is said to be', () => {
  const store = new Store()
  assert.equal(store.synced('services'), false)
  store.setSynced('services')
  assert.equal(store.synced('services'), true)
  assert.equal(store.synced('pods'), false)
})
