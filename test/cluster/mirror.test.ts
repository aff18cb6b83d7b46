import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Mirror } from '../../src/cluster/mirror.ts'
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
