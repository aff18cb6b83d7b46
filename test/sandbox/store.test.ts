import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, pods } from '../../src/sandbox/kinds.ts'
import type { KubeObject } from '../../src/sandbox/object.ts'
import { byKey, type Change, Store } from '../../src/sandbox/store.ts'

const configMap = (name: string, namespace = 'default', data = {}): KubeObject & { data: object } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
})

test('every change has a version of its own, over all kinds', () => {
  const store = new Store(10)
  const first = store.put(configMaps, configMap('a'))
  const other = store.put(pods, { ...configMap('p'), kind: 'Pod' })
  const second = store.put(configMaps, configMap('a'))
  const gone = store.remove(configMaps, 'default', 'a')
  const versions = [first, other, second, gone].map((each) => Number(each?.metadata.resourceVersion))
  assert.deepEqual(
    versions,
    [1, 2, 3, 4].map((step) => (versions[0] ?? 0) + step - 1),
  )
  assert.equal(store.version, versions[3])
  assert.equal(store.remove(configMaps, 'default', 'a'), undefined)
  assert.equal(store.count(configMaps), 0)
})

test('listeners see each change with what was before', () => {
  const store = new Store(10)
  const seen: Change[] = []
  const end = store.subscribe(configMaps, (change) => seen.push(change))
  const made = store.put(configMaps, configMap('a'))
  store.put(configMaps, configMap('a', 'default', { x: '1' }))
  store.remove(configMaps, 'default', 'a')
  end()
  store.put(configMaps, configMap('b'))
  assert.deepEqual(
    seen.map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  )
  assert.equal(seen[0]?.previous, undefined)
  assert.equal(seen[1]?.previous, made)
})

test('history: what came after a version, until it is forgotten', () => {
  const store = new Store(3)
  const start = store.version
  for (const name of ['a', 'b', 'c']) store.put(configMaps, configMap(name))
  const names = (version: number) => store.changesSince(configMaps, version)?.map(({ object }) => object.metadata.name)
  assert.deepEqual(names(start), ['a', 'b', 'c'])
  assert.deepEqual(names(start + 2), ['c'])
  assert.deepEqual(names(start + 99), [])
  for (const name of ['d', 'e', 'f', 'g']) store.put(configMaps, configMap(name))
  assert.equal(names(start), undefined)
  assert.deepEqual(names(start + 4), ['e', 'f', 'g'])
  store.forget(pods)
  assert.deepEqual(names(start + 6), ['g'])
  store.forget(configMaps)
  assert.equal(names(start + 6), undefined)
  assert.deepEqual(names(start + 7), [])
})

test('a rewound store has the same objects under lower versions', () => {
  const store = new Store(10)
  for (const name of ['a', 'b']) store.put(configMaps, configMap(name))
  const before = store.version
  store.rewind()
  assert.ok(store.version < before)
  const all = [...store.list(configMaps)].sort(byKey)
  assert.deepEqual(
    all.map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
    [
      ['a', '1'],
      ['b', '2'],
    ],
  )
  assert.deepEqual(store.changesSince(configMaps, before), [])
  store.put(configMaps, configMap('c'))
  assert.equal(store.changesSince(configMaps, store.version - 1)?.length, 1)
})

test('lists: of a namespace or of all', () => {
  const store = new Store(10)
  for (const [name, namespace] of [
    ['b', 'two'],
    ['a', 'two'],
    ['c', 'one'],
  ] as const) {
    store.put(configMaps, configMap(name, namespace))
  }
  assert.deepEqual([...store.list(configMaps, 'two')].map(({ metadata }) => metadata.name).sort(), ['a', 'b'])
  const all = [...store.list(configMaps)].sort(byKey).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  assert.deepEqual(all, ['one/c', 'two/a', 'two/b'])
  assert.deepEqual([...store.list(configMaps, 'none')], [])
})
