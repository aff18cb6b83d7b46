import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../../src/sandbox/resources.ts'
import { podManifest, withSandbox } from '../with-sandbox.ts'

test('what may change in a pod that is there', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply(podManifest('p'))
    await sandbox.settled()
    const containers = sandbox.get<Pod>('pod', 'default', 'p')?.spec.containers ?? []
    const patch = (spec: object) => () => sandbox.patch<Pod>('pod', 'default', 'p', { spec })
    const image = containers.map((container) => ({ ...container, image: 'other' }))
    assert.equal(patch({ containers: image })().spec.containers[0]?.image, 'other')
    const forbidden = /pod updates may not change fields other than/
    assert.throws(patch({ hostname: 'other' }), forbidden)
    assert.throws(patch({ nodeName: 'other' }), forbidden)
    assert.throws(patch({ containers: [...image, { name: 'more', image: 'i' }] }), forbidden)
  })
})

test('what is refused', async () => {
  await withSandbox({}, (sandbox) => {
    const fails =
      (name: string, spec: object = {}) =>
      () =>
        sandbox.apply(podManifest(name, { spec }))
    assert.throws(fails('A'), /metadata\.name/)
    assert.throws(fails('p', { containers: [] }), /spec\.containers: Required value/)
    assert.throws(fails('p', { subdomain: 'a.b' }), /spec\.subdomain/)
  })
})
