// What goes with what: owners and dependents, namespaces and what is in them, pods and their grace.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Namespace, Pod } from '../../../src/sandbox/resources.ts'
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import { call } from '../api-client.ts'
import { podManifest, withSandbox } from '../with-sandbox.ts'

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'w' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'w' } },
    template: { metadata: { labels: { app: 'w' } }, spec: { containers: [{ name: 'main', image: 'i' }] } },
  },
}
const path = '/apis/apps/v1/namespaces/default/deployments/w'
const counts = (sandbox: Sandbox) =>
  ['deployments', 'replicasets', 'pods'].map((kind) => sandbox.list(kind, 'default').length)

test('dependents go with their owner, before it, or not at all', async () => {
  for (const [propagationPolicy, left] of [
    ['Background', [0, 0, 0]],
    ['Foreground', [0, 0, 0]],
    ['Orphan', [0, 1, 2]],
  ] as const) {
    await withSandbox({}, async (sandbox) => {
      sandbox.apply(deployment)
      await sandbox.settled()
      assert.deepEqual(counts(sandbox), [1, 1, 2])
      const { code, body } = await call(sandbox, 'DELETE', path, { propagationPolicy })
      assert.equal(code, 200)
      if (propagationPolicy === 'Foreground') {
        assert.deepEqual(body.metadata?.finalizers, ['foregroundDeletion'])
      }
      await sandbox.settled()
      assert.deepEqual(counts(sandbox), left, propagationPolicy)
      if (propagationPolicy === 'Orphan') {
        assert.equal(sandbox.list('replicasets', 'default')[0]?.metadata.ownerReferences, undefined)
        sandbox.apply(deployment)
        await sandbox.settled()
      }
    })
  }
})

test('what was made for an owner that is gone does not stay', async () => {
  await withSandbox({}, async (sandbox) => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'no-such-uid' }
    sandbox.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'left', ownerReferences: [owner] } })
    await sandbox.settled()
    assert.equal(sandbox.get('configmap', 'default', 'left'), undefined)
  })
})

test('a namespace takes all that is in it along, and takes nothing new', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } })
    await sandbox.settled()
    assert.notEqual(sandbox.get('serviceaccount', 'n', 'default'), undefined)
    const held = { name: 'held', namespace: 'n', finalizers: ['example.org/hold'] }
    sandbox.apply({ ...deployment, metadata: { name: 'w', namespace: 'n' } })
    sandbox.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: held })
    await sandbox.settled()
    sandbox.delete('namespace', '', 'n')
    await sandbox.settled()
    const ending = sandbox.get<Namespace>('namespace', '', 'n')
    assert.deepEqual([ending?.status?.phase, sandbox.list('pods', 'n').length], ['Terminating', 0])
    assert.throws(
      () => sandbox.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new', namespace: 'n' } }),
      {
        code: 403,
        message: /because it is being terminated/,
      },
    )
    sandbox.patch('configmap', 'n', 'held', { metadata: { finalizers: null } })
    await sandbox.settled()
    assert.equal(sandbox.get('namespace', '', 'n'), undefined)
    sandbox.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } })
    assert.deepEqual(sandbox.list('configmaps', 'n'), [])
  })
})

test('a pod ends within its grace, at once without one', async () => {
  await withSandbox({}, async (sandbox) => {
    const annotations = { 'sandbox.clusterdns.io/termination-seconds': '60' }
    for (const name of ['slow', 'forced', 'short']) sandbox.apply(podManifest(name, { annotations }))
    await sandbox.settled()
    const remove = (name: string, body?: object) =>
      call(sandbox, 'DELETE', `/api/v1/namespaces/default/pods/${name}`, body)
    const { body } = await remove('slow')
    assert.notEqual(body.metadata?.deletionTimestamp, undefined)
    assert.equal(sandbox.get<Pod>('pod', 'default', 'slow')?.metadata.deletionGracePeriodSeconds, 30)
    await remove('forced', { gracePeriodSeconds: 0 })
    assert.equal(sandbox.get('pod', 'default', 'forced'), undefined)
    await remove('short', { gracePeriodSeconds: 1 })
    assert.equal(sandbox.get<Pod>('pod', 'default', 'short')?.metadata.deletionGracePeriodSeconds, 1)
    await remove('slow', { gracePeriodSeconds: 0 })
    await sandbox.settled()
    assert.deepEqual(sandbox.list('pods', 'default'), [])
  })
})
