import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KindIntake } from '../../src/cluster/kind-intake.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { Mirror } from '../../src/cluster/mirror.ts'
import { trimService } from '../../src/cluster/service.ts'
import type { Kind } from '../../src/cluster/store.ts'

/** What is read of an object is what its kind's own reader makes of it. */
function opened<K extends Kind>(kind: K, namespace = '') {
  const mirror = new Mirror()
  const events: string[] = []
  const complaints: string[] = []
  mirror.listen({
    changed: (kind, key) => events.push(`${mirror.has(kind, key) ? 'put' : 'gone'} ${key}`),
    synced: (kind) => events.push(`synced ${kind}`),
  })
  const intake = new KindIntake({
    kind,
    mirror,
    namespace,
    singular: kinds[kind].singular,
    read: (object, complain) => [kinds[kind].trim(object, complain)].filter((trimmed) => trimmed !== undefined),
    complain: (problem) => complaints.push(problem),
    listed: () => mirror.setSynced(kind),
  })
  return { mirror, intake, complaints, take: () => events.splice(0) }
}

const service = (name: string, spec: object = { clusterIP: '10.0.0.1' }, more: object = {}) => ({
  metadata: { namespace: 'a', name, ...more },
  spec,
})

test('intake: the first list', () => {
  const { intake, take, mirror } = opened('services')
  intake.begin()
  intake.put(service('x'))
  intake.put(service('y'))
  assert.deepEqual(mirror.unsynced().includes('services'), true)
  intake.complete()
  assert.deepEqual(take(), ['put a/x', 'put a/y', 'synced services'])
})

test('intake: a later list wakes nobody but for what is other, new or gone', () => {
  const { intake, take } = opened('services')
  intake.begin()
  for (const name of ['same', 'other', 'gone']) intake.put(service(name))
  intake.complete()
  take()
  intake.begin()
  intake.put(service('same', { clusterIP: '10.0.0.1' }, { resourceVersion: '99', annotations: { a: 'b' } }))
  intake.put(service('other', { clusterIP: '10.0.0.2' }))
  intake.put(service('new'))
  assert.deepEqual(take(), ['put a/other', 'put a/new'])
  intake.complete()
  assert.deepEqual(take(), ['gone a/gone'])
})

test('intake: a list that breaks off deletes nothing', () => {
  const { intake, take, mirror } = opened('services')
  intake.begin()
  intake.put(service('x'))
  intake.put(service('y'))
  intake.complete()
  take()
  intake.begin()
  intake.put(service('x'))
  intake.begin()
  assert.deepEqual(take(), [])
  intake.put(service('y'))
  intake.complete()
  assert.deepEqual(take(), ['gone a/x'])
  assert.equal(mirror.count('services'), 1)
})

test('intake: a list of one namespace deletes nothing of others', () => {
  const { intake, take, mirror } = opened('services', 'a')
  const elsewhere = trimService({ metadata: { namespace: 'a-b', name: 'x' } })
  assert.ok(elsewhere !== undefined)
  mirror.apply('services', 'a-b/x', elsewhere)
  intake.put(service('x'))
  intake.put(service('y'))
  intake.begin()
  intake.put(service('y'))
  intake.complete()
  assert.deepEqual(take(), ['put a-b/x', 'put a/x', 'put a/y', 'gone a/x', 'synced services'])
})

test('intake: what can no longer be used is gone', () => {
  const { intake, take, complaints } = opened('endpointslices')
  const labels = { 'kubernetes.io/service-name': 'x' }
  intake.put({ metadata: { namespace: 'a', name: 'x-1', labels } })
  intake.put({ metadata: { namespace: 'a', name: 'x-1' } })
  assert.deepEqual(take(), ['put a/x-1', 'gone a/x-1'])
  assert.deepEqual(complaints, [])
})

test('intake: what is dropped or said twice does no harm', () => {
  const { intake, take } = opened('services')
  intake.drop(service('x'))
  intake.put(service('x'))
  intake.put(service('x'))
  intake.drop(service('x'))
  intake.drop(service('x'))
  assert.deepEqual(take(), ['put a/x', 'gone a/x'])
})

test('intake: complaints name the object', () => {
  const { intake, complaints } = opened('services')
  intake.put(service('x', { clusterIP: 'nonsense' }))
  intake.put({})
  intake.drop({})
  assert.deepEqual(complaints, [
    'Service a/x: "nonsense" is no address',
    'Service: it has no name',
    'a Service was deleted that has no name',
  ])
})

const pod = (name: string, more: object = {}, status: object = { podIP: '10.1.0.1' }) => ({
  metadata: { namespace: 'a', name, ...more },
  status,
})
const ending = { deletionTimestamp: '2026-01-01T00:00:00Z' }

test('intake: a pod that is told to end stays as it was until it is deleted', () => {
  const { intake, take, mirror } = opened('pods')
  intake.begin()
  intake.put(pod('known'))
  intake.put(pod('unknown', ending))
  intake.complete()
  assert.deepEqual(take(), ['put a/known', 'synced pods'])
  intake.put(pod('known', ending, {}))
  assert.deepEqual(take(), [])
  intake.begin()
  intake.put(pod('known', ending, {}))
  intake.complete()
  assert.deepEqual(take(), [])
  assert.equal(mirror.text('pods', 'a/known')?.includes('10.1.0.1'), true)
  intake.drop(pod('known', ending))
  assert.deepEqual(take(), ['gone a/known'])
})

test('intake: a pod that has come to its end is gone', () => {
  const { intake, take } = opened('pods')
  intake.put(pod('x'))
  intake.put(pod('x', {}, { podIP: '10.1.0.1', phase: 'Succeeded' }))
  assert.deepEqual(take(), ['put a/x', 'gone a/x'])
})

/** Server objects by name: whether they are of use. */
type Server = Map<string, boolean>
const names = ['a', 'b', 'c', 'd']
const someObject = fc.record({ name: fc.constantFrom(...names), usable: fc.boolean(), gone: fc.boolean() })
const someObjects = fc.array(someObject, { maxLength: 6 })
/** Changes that are seen, changes that are not but for the list after them, and changes while that comes. */
const era = fc.record({ seen: someObjects, unseen: someObjects, meanwhile: someObjects, whole: fc.boolean() })

test('intake: knows how many objects there are, and which, after any changes and lists', () => {
  fc.assert(
    fc.property(fc.array(era, { maxLength: 5 }), (eras) => {
      const { intake, mirror } = opened('endpointslices')
      const server: Server = new Map()
      const change = (
        { name, usable, gone }: { name: string; usable: boolean; gone: boolean },
        told: boolean,
      ): void => {
        const labels = usable ? { 'kubernetes.io/service-name': 'x' } : {}
        const object = { metadata: { namespace: 'a', name, labels } }
        if (gone ? server.delete(name) : server.set(name, usable)) {
          if (told) gone ? intake.drop(object) : intake.put(object)
        }
      }
      const check = (): void => {
        assert.equal(intake.count(), server.size)
        const usable = [...server].filter(([, usable]) => usable).map(([name]) => `a/${name}`)
        assert.deepEqual([...mirror.keys('endpointslices')].sort(), usable.sort())
      }
      for (const { seen, unseen, meanwhile, whole } of eras) {
        for (const object of unseen) change(object, false)
        // A list that breaks off is followed by another one.
        for (const completes of whole ? [true] : [false, true]) {
          intake.begin()
          const listed = [...server]
          for (const [name, usable] of completes ? listed : listed.slice(1)) change({ name, usable, gone: false }, true)
          for (const object of meanwhile) change(object, true)
          if (completes) intake.complete()
        }
        check()
        for (const object of seen) {
          change(object, true)
          check()
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('intake: a Namespace that says it is in a namespace', () => {
  const { intake, mirror, take } = opened('namespaces')
  const namespace = { metadata: { name: 'x', namespace: 'a' } }
  intake.put(namespace)
  intake.put({ metadata: { name: 'x' } })
  assert.equal(intake.count(), 1)
  intake.drop(namespace)
  assert.deepEqual(take(), ['put x', 'gone x'])
  assert.deepEqual([intake.count(), [...mirror.keys('namespaces')]], [0, []])
})
