import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { type Batch, Feed } from '../../src/cluster/feed.ts'
import { Mirror } from '../../src/cluster/mirror.ts'
import { replica } from '../../src/cluster/replica.ts'
import type { Service } from '../../src/cluster/service.ts'
import { Store } from '../../src/cluster/store.ts'
import { until } from './following.ts'

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
    replying = true
    port2.postMessage('taken in')
    const sent = () => heard.flatMap((batch) => batch.changes)
    await until('the last change', () => sent().some(([, key]) => key === 'a/s4999'))
    assert.equal(sent().filter(([, key]) => key === 'a/s4000').length, 1)
    assert.equal(
      sent()
        .find(([, key]) => key === 'a/s4000')?.[2]
        ?.includes('10.0.0.2'),
      true,
    )
    assert.equal(sent().find(([, key]) => key === 'a/s1500')?.[2], undefined)
    // The other kind didn't have to wait until the long list of the first was through.
    assert.ok(heard.findIndex((batch) => batch.changes.some(([kind]) => kind === 'endpointslices')) < 3)
    for (const { changes } of heard) {
      assert.ok(changes.length <= 128)
      const characters = changes.reduce((sum, [, key, text]) => sum + key.length + (text?.length ?? 0), 0)
      assert.ok(characters < 20_000)
    }
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

test('feed: a port that closes ends it', async () => {
  const mirror = new Mirror()
  const { port1, port2 } = new MessageChannel()
  const feed = new Feed(mirror, port1)
  port2.close()
  await new Promise((resolve) => port1.once('close', resolve))
  for (let i = 0; i < 1000; i++) mirror.apply('services', `a/s${i}`, service(`s${i}`))
  assert.equal(feed.told('services'), false)
})
