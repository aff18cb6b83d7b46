import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint, EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { Mirror } from '../../src/cluster/mirror.ts'
import type { Pod } from '../../src/cluster/pod.ts'
import type { Service } from '../../src/cluster/service.ts'
import type { Kind } from '../../src/cluster/store.ts'

const service: Service = {
  namespace: 'a',
  name: 'web',
  type: 'ClusterIP',
  clusterIPs: ['10.0.0.1'],
  headless: false,
  externalName: '',
  ports: [],
  selects: false,
}

function listened(): { readonly mirror: Mirror; readonly events: string[] } {
  const mirror = new Mirror()
  const events: string[] = []
  mirror.listen({
    changed: (kind: Kind, key: string) => events.push(`${kind} ${key}`),
    synced: (kind: Kind) => events.push(`synced ${kind}`),
  })
  return { mirror, events }
}

test('mirror: says what changes, and nothing of what does not', () => {
  const { mirror, events } = listened()
  mirror.remove('services', 'a/web')
  mirror.apply('services', 'a/web', service)
  mirror.apply('services', 'a/web', structuredClone(service))
  mirror.setSynced('services')
  mirror.setSynced('services')
  mirror.remove('services', 'a/web')
  assert.deepEqual(events, ['services a/web', 'synced services', 'services a/web'])
})

test('mirror: a listener that has ended hears nothing more', () => {
  const mirror = new Mirror()
  const end = mirror.listen({ changed: () => assert.fail('heard'), synced: () => assert.fail('heard') })
  end()
  mirror.apply('services', 'a/web', service)
  mirror.setSynced('services')
})

test('mirror: the serial is the second of the last change of records, also where the clock is set back', (t) => {
  const { mirror, events } = listened()
  t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
  assert.equal(mirror.serial(), 0)
  mirror.apply('services', 'a/web', service)
  assert.equal(mirror.serial(), 1_800_000_000)
  t.mock.timers.setTime(1_800_000_007_999)
  mirror.apply('services', 'a/web', { ...service, selects: true })
  assert.equal(events.length, 2)
  assert.equal(mirror.serial(), 1_800_000_000)
  mirror.apply('services', 'a/web', { ...service, clusterIPs: ['10.0.0.2'] })
  assert.equal(mirror.serial(), 1_800_000_007)
  t.mock.timers.setTime(1_700_000_000_000)
  mirror.remove('services', 'a/web')
  assert.equal(mirror.serial(), 1_800_000_007)
})

const web: Service = service
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

const serialCases: readonly { readonly name: string; readonly moves: boolean; change(mirror: Mirror): void }[] = [
  {
    name: 'a new service',
    moves: true,
    change: (mirror) => mirror.apply('services', 'a/new', { ...web, name: 'new' }),
  },
  { name: 'a deleted service', moves: true, change: (mirror) => mirror.remove('services', 'a/web') },
  { name: 'a service that never was', moves: false, change: (mirror) => mirror.remove('services', 'a/none') },
  {
    name: 'another cluster IP',
    moves: true,
    change: (mirror) => mirror.apply('services', 'a/web', { ...web, clusterIPs: ['10.0.0.2'] }),
  },
  {
    name: 'a service gets a selector',
    moves: false,
    change: (mirror) => mirror.apply('services', 'a/web', { ...web, selects: true }),
  },
  {
    name: 'an endpoint less',
    moves: true,
    change: (mirror) => mirror.apply('endpointslices', 'a/web-1', { ...webSlice, endpoints: [] }),
  },
  {
    name: 'an endpoint more that is not ready',
    moves: false,
    change: (mirror) =>
      mirror.apply('endpointslices', 'a/web-1', {
        ...webSlice,
        endpoints: [ready, { ...ready, addresses: ['10.1.0.2'], ready: false, serving: false }],
      }),
  },
  {
    name: "a pod's label",
    moves: false,
    change: (mirror) => mirror.apply('pods', 'a/client', { ...client, labels: { app: 'client' } }),
  },
  {
    name: "a pod's address",
    moves: true,
    change: (mirror) => mirror.apply('pods', 'a/client', { ...client, addresses: ['10.1.0.8'] }),
  },
  { name: 'a new namespace', moves: true, change: (mirror) => mirror.apply('namespaces', 'b', { name: 'b' }) },
]

for (const { name, moves, change } of serialCases) {
  test(`mirror: ${name} ${moves ? 'moves' : 'does not move'} the serial`, (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
    const mirror = new Mirror()
    assert.equal(mirror.serial(), 0)
    mirror.apply('namespaces', 'a', { name: 'a' })
    mirror.apply('services', 'a/web', web)
    mirror.apply('endpointslices', 'a/web-1', webSlice)
    mirror.apply('pods', 'a/client', client)
    assert.equal(mirror.serial(), 1_800_000_000)
    mirror.setSerial(7)
    change(mirror)
    assert.equal(mirror.serial() !== 7, moves)
  })
}

test('mirror: what it is given is what it has', () => {
  const mirror = new Mirror()
  mirror.apply('services', 'a/web', service)
  mirror.apply('namespaces', 'a', { name: 'a' })
  assert.deepEqual(mirror.get('services', 'a/web'), service)
  assert.deepEqual(JSON.parse(mirror.text('services', 'a/web') ?? ''), service)
  assert.deepEqual([...mirror.keys('services')], ['a/web'])
  assert.deepEqual([...mirror.keys('namespaces')], ['a'])
  assert.equal(mirror.get('services', 'a/we'), undefined)
  assert.equal(mirror.text('pods', 'a/web'), undefined)
  assert.equal(mirror.count('services'), 1)
})

function labelled(i: number, label: string): Pod {
  return { namespace: 'a', name: `p${i}`, addresses: [`10.0.${i >> 8}.${i & 255}`], labels: { label } }
}

test('mirror: a record that may still be read stays until all have passed it', () => {
  const mirror = new Mirror()
  mirror.apply('pods', 'a/p1', labelled(1, 'first'))
  const [one, other] = [mirror.read(), mirror.read()]
  const first = mirror.addressOf('pods', 'a/p1')
  const taken = (): boolean => {
    // Whatever is free is used for new records of this size.
    const keys = Array.from({ length: 20 }, (_, i) => `a/q${mirror.count('pods') + i}`)
    for (const key of keys) mirror.apply('pods', key, { ...labelled(1, 'other'), name: key.slice(2) })
    return keys.some((key) => mirror.addressOf('pods', key) === first)
  }
  one.passed(mirror.version)
  mirror.apply('pods', 'a/p1', labelled(1, 'again'))
  assert.equal(taken(), false)
  one.passed(mirror.version)
  assert.equal(taken(), false)
  // One that comes later has never known it.
  mirror.read()
  other.end()
  assert.equal(taken(), true)
})

test('mirror: lists in which everything is other, and much that comes and goes, take no more and more memory', () => {
  const mirror = new Mirror()
  const reading = mirror.read()
  const round = (n: number): void => {
    for (let i = 0; i < 5000; i++) mirror.apply('pods', `a/p${i}`, labelled(i, String(n).padStart(50, 'x')))
    reading.passed(mirror.version)
  }
  round(1)
  const before = mirror.octets
  for (let n = 2; n < 30; n++) round(n)
  // What was there and what took its place are there together for a moment.
  assert.ok(mirror.octets < before * 2.5, `${mirror.octets} after ${before}`)
  for (let i = 0; i < 5000; i++) mirror.remove('pods', `a/p${i}`)
  reading.passed(mirror.version)
  assert.ok(mirror.octets <= 1 << 18)
})
