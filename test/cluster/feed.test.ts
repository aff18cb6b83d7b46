import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import fc from 'fast-check'
import type { EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { type Batch, Feed } from '../../src/cluster/feed.ts'
import { kindNames } from '../../src/cluster/kinds.ts'
import { Mirror } from '../../src/cluster/mirror.ts'
import { replica } from '../../src/cluster/replica.ts'
import type { Service } from '../../src/cluster/service.ts'
import { Store } from '../../src/cluster/store.ts'
import { until } from './following.ts'
import { applyTo, assertKnown, assertSame, type Change, change, keyOfObject, PlainCluster } from './plain-cluster.ts'

const service = (name: string, clusterIP = '10.0.0.1'): Service => ({
  namespace: 'a',
  name,
  type: 'ClusterIP',
  clusterIPs: [clusterIP],
  headless: false,
  externalName: '',
  ports: [],
  selects: false,
})

const slice = (name: string): EndpointSlice => ({ namespace: 'a', name, service: 'x', endpoints: [], ports: [] })

function batches(port: MessagePort, reply: () => boolean): Batch[] {
  const heard: Batch[] = []
  port.on('message', (batch: Batch) => {
    heard.push(batch)
    if (reply()) port.postMessage('taken in')
  })
  return heard
}

test('feed: everything there is, then what changes', async () => {
  const mirror = new Mirror()
  for (let i = 0; i < 1000; i++) mirror.apply('services', `a/s${i}`, service(`s${i}`))
  const { port1, port2 } = new MessageChannel()
  const feed = new Feed(mirror, port1)
  const cluster = replica(port2)
  try {
    assert.equal(cluster.synced('services'), false)
    await until('all services', () => [...cluster.services()].length === 1000)
    assert.equal(cluster.synced('services'), false)
    mirror.setSynced('services')
    await until('the end of the list', () => feed.told('services'))
    assert.equal(cluster.synced('services'), true)
    assert.equal(cluster.synced('pods'), false)
    assert.equal(cluster.serial(), mirror.serial())
    mirror.apply('services', 'a/s5', service('s5', '10.0.0.5'))
    mirror.remove('services', 'a/s6')
    await until('the removal', () => cluster.service('a', 's6') === undefined)
    assert.deepEqual(cluster.serviceAt('10.0.0.5'), service('s5', '10.0.0.5'))
  } finally {
    feed.close()
  }
})

test('feed: a kind is synced for a worker only after all that was listed', async () => {
  const mirror = new Mirror()
  for (let i = 0; i < 1000; i++) mirror.apply('endpointslices', `a/e${i}`, slice(`e${i}`))
  mirror.setSynced('endpointslices')
  const { port1, port2 } = new MessageChannel()
  const feed = new Feed(mirror, port1)
  const heard = batches(port2, () => true)
  try {
    await until('the end of the list', () => feed.told('endpointslices'))
    const last = heard.findIndex((batch) => batch.synced.includes('endpointslices'))
    assert.equal(last, heard.length - 1)
    assert.equal(heard.flatMap((batch) => batch.changes).length, 1000)
  } finally {
    feed.close()
  }
})

test('feed: batches are small, and none is sent before the last is taken in', async () => {
  const mirror = new Mirror()
  const { port1, port2 } = new MessageChannel()
  const feed = new Feed(mirror, port1)
  let replying = false
  const heard = batches(port2, () => replying)
  try {
    for (let i = 0; i < 5000; i++) mirror.apply('services', `a/s${i}`, service(`s${i}`))
    mirror.apply('endpointslices', 'a/e', slice('e'))
    await until('the first batch', () => heard.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(heard.length, 1)
    // Meanwhile most of it changes again, some goes: only what is there at last is sent.
    for (let i = 1000; i < 5000; i++) mirror.apply('services', `a/s${i}`, service(`s${i}`, '10.0.0.2'))
    for (let i = 1000; i < 2000; i++) mirror.remove('services', `a/s${i}`)
    mirror.remove('services', 'a/s0')
    replying = true
    port2.postMessage('taken in')
    const told = () => heard.flatMap((batch) => batch.changes.map(([, , address]) => address))
    const isTold = (key: string) => told().includes(mirror.addressOf('services', key) ?? 0)
    await until('the last change', () => isTold('a/s4999'))
    // Told of once, and as it is now.
    assert.equal(told().filter((address) => address === mirror.addressOf('services', 'a/s4000')).length, 1)
    assert.ok(told().length < 5000)
    // Only the first had been told of, and it alone is told of as gone.
    const gone = () => heard.flatMap((batch) => batch.changes.filter(([, , address]) => address === 0))
    await until('the removal', () => gone().length === 1)
    assert.equal(heard[0]?.changes[0]?.[1], gone()[0]?.[1])
    // The other kind didn't have to wait until the long list of the first was through.
    assert.ok(heard.findIndex((batch) => batch.changes.some(([kind]) => kind === 'endpointslices')) < 3)
    for (const { changes } of heard) assert.ok(changes.length <= 128)
  } finally {
    feed.close()
  }
})

test('feed: a worker that comes later hears the same', async () => {
  const mirror = new Mirror()
  const stores: Store[] = []
  const feeds: Feed[] = []
  try {
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 100; i++) mirror.apply('services', `a/s${i}`, service(`s${i}`, `10.0.${round}.${i}`))
      mirror.remove('services', `a/s${round}`)
      const { port1, port2 } = new MessageChannel()
      feeds.push(new Feed(mirror, port1))
      const store = replica(port2)
      assert.ok(store instanceof Store)
      stores.push(store)
    }
    mirror.setSynced('services')
    await until('all workers', () => feeds.every((feed) => feed.told('services')))
    const first = JSON.stringify([...(stores[0]?.services() ?? [])])
    for (const store of stores) {
      assert.equal(JSON.stringify([...store.services()]), first)
      assert.equal(store.serial(), mirror.serial())
      assert.equal(store.count('services'), 99)
    }
  } finally {
    for (const feed of feeds) feed.close()
  }
})

test('feed: large records come one by one', async () => {
  const mirror = new Mirror()
  const endpoint = { ready: true, serving: true, terminating: false, podName: '', zone: '' }
  const endpoints = Array.from({ length: 1000 }, (_, i) => ({
    ...endpoint,
    addresses: [`10.0.${i >> 8}.${i & 255}`],
    hostname: `${'h'.repeat(50)}${i}`,
  }))
  for (let i = 0; i < 20; i++) mirror.apply('endpointslices', `a/e${i}`, { ...slice(`e${i}`), endpoints })
  mirror.setSynced('endpointslices')
  const { port1, port2 } = new MessageChannel()
  const feed = new Feed(mirror, port1)
  const cluster = replica(port2)
  const heard = batches(port2, () => false)
  try {
    await until('the end of the list', () => feed.told('endpointslices'))
    assert.equal(heard.filter((batch) => batch.changes.length > 1).length, 0)
    assert.equal(cluster.slices('a', 'x').length, 20)
    assert.deepEqual(cluster.slices('a', 'x')[7]?.endpoints, endpoints)
    for (let i = 0; i < 20; i++) mirror.remove('endpointslices', `a/e${i}`)
    await until('the removals', () => cluster.slices('a', 'x').length === 0)
    await until('the memory they were in', () => mirror.octets <= 1 << 18)
    // The worker is told of that too.
    mirror.apply('endpointslices', 'a/e', slice('e'))
    await until('the last change', () => cluster.slices('a', 'x').length === 1)
    const dropped = heard.flatMap((batch) =>
      batch.chunks.filter(([number, chunk]) => number > 0 && chunk === undefined),
    )
    // One number has been given to the chunk of the last.
    assert.equal(dropped.length, 19)
  } finally {
    feed.close()
  }
})

/** What happens to a mirror and the workers that are fed from it. */
type Event =
  | { readonly is: 'change'; readonly change: Change }
  /** A list that has these changes made and nothing else in it. */
  | { readonly is: 'relist'; readonly changes: readonly Change[] }
  | { readonly is: 'turn'; readonly of: number }
  | { readonly is: 'asked'; readonly of: number }
  | { readonly is: 'death'; readonly of: number }

const worker = fc.nat(1)
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: change.map((change): Event => ({ is: 'change', change })) },
  { weight: 1, arbitrary: fc.array(change, { maxLength: 10 }).map((changes): Event => ({ is: 'relist', changes })) },
  { weight: 4, arbitrary: worker.map((of): Event => ({ is: 'turn', of })) },
  { weight: 2, arbitrary: worker.map((of): Event => ({ is: 'asked', of })) },
  { weight: 1, arbitrary: worker.map((of): Event => ({ is: 'death', of })) },
)

/** A worker that hears of a batch only when it is let. */
class HeldWorker {
  readonly feed: Feed
  readonly store: Store
  readonly #port: MessagePort
  readonly #held: unknown[] = []
  readonly #inner: MessagePort

  constructor(mirror: Mirror, changes = 4) {
    const [outer, inner] = [new MessageChannel(), new MessageChannel()]
    this.feed = new Feed(mirror, outer.port1, { changes, octets: 1000, graceMs: 0 })
    this.store = replica(inner.port2) as Store
    this.#port = outer.port2
    this.#inner = inner.port1
    this.#port.on('message', (batch) => this.#held.push(batch))
    this.#inner.on('message', (taken) => this.#port.postMessage(taken))
  }

  /** Returns whether there was one. */
  release(): boolean {
    const batch = this.#held.shift()
    if (batch !== undefined) this.#inner.postMessage(batch)
    return batch !== undefined
  }

  die(): void {
    this.#port.close()
    this.#inner.close()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('feed: workers answer as a search through everything would, whatever happens and however slow they are', async () => {
  const property = fc.asyncProperty(fc.array(event, { maxLength: 80 }), async (events) => {
    const mirror = new Mirror()
    const plain = new PlainCluster()
    const workers = [new HeldWorker(mirror), new HeldWorker(mirror)]
    const take = (change: Change): void => {
      applyTo(mirror, change)
      plain.take(change)
    }
    try {
      for (const event of events) {
        const worker = 'of' in event ? (workers[event.of] as HeldWorker) : undefined
        if (event.is === 'change') take(event.change)
        if (event.is === 'relist') relist(mirror, event.changes, take)
        if (event.is === 'asked') assertKnown((worker as HeldWorker).store, plain)
        if (event.is === 'turn') {
          worker?.release()
          for (let i = 0; i < 3; i++) await turn()
        }
        if (event.is === 'death') {
          worker?.die()
          workers[event.of] = new HeldWorker(mirror)
        }
      }
      for (const kind of kindNames) mirror.setSynced(kind)
      const isLevel = () => workers.every(({ feed }) => kindNames.every((kind) => feed.told(kind)))
      while (!isLevel()) {
        for (const worker of workers) worker.release()
        await turn()
      }
      for (const { store } of workers) {
        assertSame(store, plain)
        assert.equal(store.serial(), mirror.serial())
      }
    } finally {
      for (const worker of workers) worker.die()
    }
  })
  await fc.assert(property, { numRuns: 200 })
})

test('feed: a record stays until the worker has been told what took its place', async () => {
  const mirror = new Mirror()
  const worker = new HeldWorker(mirror, 1)
  const { store } = worker
  const isLevel = () => [...mirror.keys('services')].every((key) => isTold(key))
  const isTold = (key: string) => isDeepStrictEqual(store.service('a', key.slice(2)), mirror.get('services', key))
  const nth = (n: number) => service(`s${n}`, `10.0.0.${n}`)
  try {
    for (const n of [1, 2, 3]) mirror.apply('services', `a/s${n}`, nth(n))
    await until('the beginning', () => (worker.release() ? false : isLevel()))
    const old = [1, 2, 3].map((n) => mirror.addressOf('services', `a/s${n}`))
    for (const n of [1, 2, 3]) mirror.apply('services', `a/s${n}`, { ...nth(n), headless: true })
    for (const known of [0, 1, 2]) {
      for (let n = 10 * known + 10; n < 10 * known + 20; n++) mirror.apply('services', `a/s${n}`, nth(n))
      const addresses = [...mirror.keys('services')].map((key) => mirror.addressOf('services', key))
      for (const address of old.slice(known)) assert.ok(!addresses.includes(address))
      // Not looked up before, so that it is read now.
      const n = known + 1
      assert.deepEqual(store.service('a', `s${n}`), nth(n))
      // New ones are told of first.
      await until('its change', () => isTold(`a/s${n}`) || (worker.release() && false))
    }
    await until('the end', () => (worker.release() ? false : isLevel()))
    for (let n = 50; n < 60; n++) mirror.apply('services', `a/s${n}`, nth(n))
    const addresses = [...mirror.keys('services')].map((key) => mirror.addressOf('services', key))
    for (const address of old) assert.ok(addresses.includes(address))
  } finally {
    worker.die()
  }
})

/** As a reflector does it: what is not in the list goes at its end. */
function relist(mirror: Mirror, changes: readonly Change[], take: (change: Change) => void): void {
  const unseen = new Map(kindNames.map((kind) => [kind, new Set(mirror.keys(kind))]))
  for (const change of changes) {
    take(change)
    if (change.object !== undefined) unseen.get(change.kind)?.delete(keyOfObject(change.object))
  }
  for (const [kind, keys] of unseen) for (const key of keys) take({ kind, key } as Change)
}

test('feed: a port that closes ends it', async () => {
  const mirror = new Mirror()
  const { port1, port2 } = new MessageChannel()
  const feed = new Feed(mirror, port1)
  port2.close()
  await new Promise((resolve) => port1.once('close', resolve))
  for (let i = 0; i < 1000; i++) mirror.apply('services', `a/s${i}`, service(`s${i}`))
  assert.equal(feed.told('services'), false)
})
