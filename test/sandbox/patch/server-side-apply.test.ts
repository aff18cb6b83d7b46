import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../../src/sandbox/object.ts'
import { serverSideApply } from '../../../src/sandbox/patch/server-side-apply.ts'
import { objectType } from '../../../src/sandbox/schema/schema.ts'

const service = (spec: object, labels?: object) =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', ...(labels === undefined ? {} : { labels }) },
    spec,
  }) as KubeObject

/** What is there after each of some applications, one manager after the other. */
function applied(...steps: readonly (readonly [manager: string, wanted: KubeObject, force?: 'force'])[]): KubeObject {
  let live: KubeObject | undefined
  for (const [manager, wanted, force] of steps) {
    live = serverSideApply(objectType('Service'), live, wanted, { manager, force: force === 'force', subresource: '' })
  }
  assert.ok(live)
  return live
}

test('items of lists are told apart by their keys, which have defaults', () => {
  const first = service({ ports: [{ port: 80, name: 'one' }] })
  const second = service({
    ports: [
      { port: 80, protocol: 'TCP', targetPort: 8080 },
      { port: 80, protocol: 'UDP' },
    ],
  })
  assert.deepEqual(applied(['a', first], ['b', second]).spec, {
    ports: [
      { port: 80, name: 'one', protocol: 'TCP', targetPort: 8080 },
      { port: 80, protocol: 'UDP' },
    ],
  })
})

test('what a manager no longer wants goes, unless another wants it', () => {
  const both = service({ ports: [{ port: 1 }, { port: 2, name: 'two' }], selector: { a: 'b' } }, { x: '1', y: '2' })
  const less = service({ ports: [{ port: 1 }] }, { y: '2' })
  const alone = applied(['a', both], ['a', less])
  assert.deepEqual([alone.spec, alone.metadata.labels], [{ ports: [{ port: 1 }] }, { y: '2' }])
  const other = service({ ports: [{ port: 2, name: 'two' }] }, { x: '1' })
  const shared = applied(['a', both], ['b', other], ['a', less])
  assert.deepEqual(shared.spec, { ports: [{ port: 1 }, { port: 2, name: 'two' }] })
  assert.deepEqual(shared.metadata.labels, { x: '1', y: '2' })
  const nothing = applied(['a', both], ['a', service({})])
  assert.deepEqual([nothing.spec, nothing.metadata.labels], [{}, undefined])
})

test('what others set without applying stays', () => {
  const first = applied(['a', service({ ports: [{ port: 1 }] })])
  const defaulted = { ...first, spec: { ...first.spec, clusterIP: '10.0.0.1' } }
  const application = { manager: 'a', force: false, subresource: '' }
  const later = serverSideApply(objectType('Service'), defaulted, service({ type: 'ClusterIP' }), application)
  assert.deepEqual(later.spec, { clusterIP: '10.0.0.1', type: 'ClusterIP' })
})

test('a field that another manager applied is a conflict, but not where both want the same', () => {
  const wants = (type: string) => service({ type })
  applied(['a', wants('ClusterIP')], ['b', wants('ClusterIP')])
  assert.throws(() => applied(['a', wants('ClusterIP')], ['b', wants('NodePort')]), {
    code: 409,
    message: 'Apply failed with 1 conflict: conflict with "a" using v1: .spec.type',
  })
  const ports = (name: string) => service({ ports: [{ port: 80, name }] })
  assert.throws(() => applied(['a', ports('x')], ['b', ports('y')]), {
    message: /\.spec\.ports\[port=80,protocol="TCP"\]\.name$/,
  })
  const forced = applied(['a', wants('ClusterIP')], ['b', wants('NodePort'), 'force'])
  assert.deepEqual(forced.spec, { type: 'NodePort' })
  const after = serverSideApply(objectType('Service'), forced, service({}), {
    manager: 'a',
    force: false,
    subresource: '',
  })
  assert.deepEqual(after.spec, { type: 'NodePort' }, 'what was taken over is no longer its own to drop')
})

test('managedFields say who applied what', () => {
  const object = applied(['a', service({ ports: [{ port: 80, name: 'x' }], clusterIPs: ['10.0.0.1'] }, { l: 'v' })])
  const [entry] = object.metadata.managedFields as readonly { manager: string; operation: string; fieldsV1: object }[]
  assert.deepEqual([entry?.manager, entry?.operation], ['a', 'Apply'])
  assert.deepEqual(entry?.fieldsV1, {
    'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } },
    'f:spec': {
      'f:clusterIPs': {},
      'f:ports': { '.': {}, 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
    },
  })
})
