import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Endpoint, EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { hashName } from '../../src/cluster/hash-table.ts'
import { Mirror } from '../../src/cluster/mirror.ts'
import type { Service } from '../../src/cluster/service.ts'
import type { Slot } from '../../src/cluster/slot.ts'
import { type Kind, Store } from '../../src/cluster/store.ts'
import { parseName } from '../../src/dns/name.ts'
import { hashText } from '../../src/hash.ts'
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

test('store: the slot of what is gone is taken by something else before anybody hears of it', () => {
  const mirror = new Mirror()
  const store = new Store()
  const reading = mirror.read()
  const hear = (kind: Kind): void => {
    for (const [number, chunk] of mirror.chunks.entries()) store.setChunk(number, chunk)
    store.put(kind, 1, mirror.addressAt(kind, 1))
  }
  const other = { ...web, namespace: 'b', name: 'db', clusterIPs: ['10.0.0.2'] }
  mirror.apply('services', 'a/web', web)
  mirror.apply('endpointslices', 'a/web-1', webSlice)
  for (const kind of ['services', 'endpointslices'] as const) hear(kind)
  assert.deepEqual([store.service('a', 'web'), store.serviceAt('10.0.0.1')], [web, web])
  assert.deepEqual(store.slices('a', 'web'), [webSlice])
  mirror.remove('services', 'a/web')
  mirror.apply('services', 'b/db', other)
  mirror.remove('endpointslices', 'a/web-1')
  mirror.apply('endpointslices', 'b/db-1', { ...webSlice, namespace: 'b', name: 'db-1', service: 'db' })
  for (const kind of ['services', 'endpointslices'] as const) hear(kind)
  reading.passed(mirror.version)
  assert.deepEqual([store.service('a', 'web'), store.serviceAt('10.0.0.1')], [undefined, undefined])
  assert.deepEqual([store.service('b', 'db'), store.serviceAt('10.0.0.2')], [other, other])
  assert.deepEqual(store.slices('a', 'web'), [])
  assert.equal(store.slices('b', 'db').length, 1)
  assert.equal(store.count('services'), 1)
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

/** Two texts that have one hash: of 100,000 numbers in no order some make such, as a rule. */
function alike(textOf: (number: number) => string, hash: (text: string) => number): [string, string] {
  const known = new Map<number, string>()
  for (let i = 0; i < 0x100_0000; i++) {
    const text = textOf(Math.imul(i, 0x9e3779b1) >>> 0)
    const other = known.get(hash(text))
    // Of these numbers some differ only in what an address has no room for.
    if (other !== undefined && other !== text) return [other, text]
    known.set(hash(text), text)
  }
  return assert.fail('no two have one hash')
}

test('store: what has one hash is told apart', () => {
  const addresses = alike((i) => `10.${i >>> 24}.${(i >> 16) & 255}.${(i >> 8) & 255}`, hashText)
  const names = alike(
    (i) => `s${i}`,
    (name) => hashName('a', name),
  )
  const [one, other] = addresses
  const [first, second] = names
  const { mirror, store } = attached()
  const pod = { namespace: 'a', name: 'p', addresses, labels: {} }
  mirror.apply('namespaces', 'a', { name: 'a' })
  mirror.apply('pods', 'a/p', pod)
  mirror.apply('pods', 'a/q', { ...pod, name: 'q', addresses: [one] })
  mirror.apply('services', `a/${first}`, { ...web, name: first, clusterIPs: addresses })
  mirror.apply('services', `a/${second}`, { ...web, name: second, clusterIPs: addresses })
  mirror.apply('services', 'a/a', { ...web, name: 'a', clusterIPs: [one] })
  mirror.apply('endpointslices', 'a/web-1', { ...webSlice, service: first })
  mirror.apply('endpointslices', 'a/web-2', { ...webSlice, name: 'web-2', service: second })
  mirror.apply('serviceimports', `a/${first}`, { ...web, name: first })
  mirror.apply('serviceimports', `a/${second}`, { ...web, name: second })
  const podsAt = (address: string) => store.podsAt(address).map(({ name }) => name)
  const least = first < second ? first : second
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(podsAt(one), ['p', 'q'])
    assert.deepEqual(podsAt(other), ['p'])
    assert.equal(store.serviceAt(one)?.name, 'a')
    assert.equal(store.serviceAt(other)?.name, least)
    for (const name of names) {
      assert.equal(store.service('a', name)?.name, name)
      assert.equal(store.serviceImport('a', name)?.name, name)
      assert.deepEqual(
        store.slices('a', name).map(({ service }) => service),
        [name],
      )
    }
  }
  mirror.apply('services', `a/${first}`, { ...web, name: first })
  mirror.remove('pods', 'a/p')
  assert.deepEqual(store.clusterIPs(parseName(`${first}.a.svc`), 4), ['\x0a\x00\x00\x01'])
  assert.equal(store.clusterIPs(parseName(`${second}.a.svc`), 4)?.length, 2)
  assert.equal(store.serviceAt(other)?.name, second)
  assert.deepEqual([podsAt(one), podsAt(other)], [['q'], []])
  mirror.remove('services', `a/${second}`)
  assert.equal(store.clusterIPs(parseName(`${second}.a.svc`), 4), undefined)
  assert.deepEqual([store.service('a', second), store.serviceAt(other)], [undefined, undefined])
  assert.deepEqual(store.service('a', first)?.clusterIPs, web.clusterIPs)
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
