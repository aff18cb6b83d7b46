import assert from 'node:assert/strict'
import { test } from 'node:test'
import { strategicMerge } from '../../../src/sandbox/patch/strategic-merge.ts'
import { objectType } from '../../../src/sandbox/schema/schema.ts'

const service = {
  metadata: { name: 's', finalizers: ['a/a', 'b/b'] },
  spec: {
    selector: { app: 'web' },
    ports: [
      { name: 'one', port: 1, protocol: 'TCP' },
      { name: 'two', port: 2, protocol: 'TCP' },
    ],
    externalIPs: ['10.0.0.1'],
  },
}
const [one, two] = service.spec.ports

/** A change of the spec, and what becomes of the part it is about. */
const cases: readonly (readonly [title: string, patch: object, result: object])[] = [
  [
    'an item of a list with names is merged',
    { ports: [{ port: 2, name: 'zwei' }] },
    { ports: [one, { ...two, name: 'zwei' }] },
  ],
  [
    'an item that is new is added',
    { ports: [{ port: 3, name: 'three' }] },
    { ports: [one, two, { port: 3, name: 'three' }] },
  ],
  ['an item is deleted', { ports: [{ port: 1, $patch: 'delete' }] }, { ports: [two] }],
  ['a list is replaced', { ports: [{ port: 9 }, { $patch: 'replace' }] }, { ports: [{ port: 9 }] }],
  ['items are put in order', { '$setElementOrder/ports': [{ port: 2 }, { port: 1 }] }, { ports: [two, one] }],
  [
    'items are merged and put in order',
    { '$setElementOrder/ports': [{ port: 3 }, { port: 1 }, { port: 2 }], ports: [{ port: 3 }] },
    { ports: [{ port: 3 }, one, two] },
  ],
  ['a list without names is replaced', { externalIPs: ['10.0.0.2'] }, { externalIPs: ['10.0.0.2'] }],
  ['a map is merged', { selector: { tier: 'front' } }, { selector: { app: 'web', tier: 'front' } }],
  ['null deletes', { selector: { app: null } }, { selector: {} }],
  ['a map is replaced', { selector: { tier: 'front', $patch: 'replace' } }, { selector: { tier: 'front' } }],
]

test('what a patch does', () => {
  for (const [title, patch, result] of cases) {
    const merged = strategicMerge(objectType('Service'), service, { spec: patch })
    assert.deepEqual(merged.spec, { ...service.spec, ...result }, title)
  }
})

test('lists of plain values', () => {
  const finalizers = (patch: object) => {
    const merged = strategicMerge(objectType('Service'), service, { metadata: patch })
    return (merged.metadata as typeof service.metadata).finalizers
  }
  assert.deepEqual(finalizers({ finalizers: ['b/b', 'c/c'] }), ['a/a', 'b/b', 'c/c'])
  assert.deepEqual(finalizers({ '$deleteFromPrimitiveList/finalizers': ['a/a'] }), ['b/b'])
  assert.deepEqual(finalizers({ '$setElementOrder/finalizers': ['b/b', 'a/a'] }), ['b/b', 'a/a'])
})

test('only the keys that are named are retained', () => {
  const deployment = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }
  const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }
  const merged = strategicMerge(objectType('Deployment'), deployment, patch)
  assert.deepEqual(merged, { spec: { strategy: { type: 'Recreate' } } })
})

test('a part is replaced, as the undo of a StatefulSet does', () => {
  const set = { spec: { replicas: 3, template: { metadata: { labels: { a: 'b' } }, spec: { hostname: 'x' } } } }
  const patch = { spec: { template: { $patch: 'replace', spec: { containers: [] } } } }
  const merged = strategicMerge(objectType('StatefulSet'), set, patch)
  assert.deepEqual(merged, { spec: { replicas: 3, template: { spec: { containers: [] } } } })
})

test('what is refused', () => {
  for (const patch of [
    1,
    { spec: { ports: [{ name: 'x' }] } },
    { spec: { ports: [1] } },
    { spec: { $patch: 'spoil' } },
  ]) {
    assert.throws(() => strategicMerge(objectType('Service'), service, patch), { code: 400 }, JSON.stringify(patch))
  }
})
