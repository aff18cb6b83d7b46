import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Deployment } from '../../../src/sandbox/resources.ts'
import { ApiError } from '../../../src/sandbox/status.ts'
import { withSandbox } from '../with-sandbox.ts'

const container = { name: 'main', image: 'image' }
const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container] } }
const selector = { matchLabels: { app: 'a' } }

const workload = (kind: string, spec: object) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'w' },
  spec: { selector, template, ...spec },
})

function faultsOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
  return ''
}

const refused: readonly (readonly [spec: object, message: RegExp])[] = [
  [{ selector: undefined }, /spec\.selector: Required value/],
  [{ selector: {} }, /empty selector is invalid/],
  [{ selector: { matchLabels: { app: 'b' } } }, /`selector` does not match template `labels`/],
  [{ replicas: -1 }, /spec\.replicas: Invalid value: -1/],
  [{ template: { ...template, spec: { containers: [] } } }, /spec\.template\.spec\.containers: Required value/],
  [
    { template: { ...template, spec: { containers: [{ name: 'A', image: 'i' }] } } },
    /containers\[0\]\.name: Invalid value/,
  ],
  [{ template: { ...template, spec: { containers: [{ name: 'a' }] } } }, /containers\[0\]\.image: Required value/],
  [
    { template: { ...template, spec: { containers: [container, container] } } },
    /containers\[1\]\.name: Duplicate value/,
  ],
  [
    { template: { ...template, spec: { containers: [{ ...container, ports: [{ containerPort: 0 }] }] } } },
    /ports\[0\]\.containerPort/,
  ],
  [{ template: { ...template, spec: { containers: [container], hostname: 'a.b' } } }, /spec\.template\.spec\.hostname/],
]

test('what is refused', async () => {
  await withSandbox({}, (sandbox) => {
    for (const kind of ['Deployment', 'ReplicaSet', 'StatefulSet']) {
      for (const [spec, message] of refused) {
        assert.match(
          faultsOf(() => sandbox.apply(workload(kind, spec))),
          message,
          `${kind} ${JSON.stringify(spec)}`,
        )
      }
    }
  })
})

test('what may not change', async () => {
  await withSandbox({}, (sandbox) => {
    for (const kind of ['Deployment', 'ReplicaSet', 'StatefulSet']) {
      sandbox.apply(workload(kind, { replicas: 0 }))
      const other = { matchLabels: { app: 'a', more: 'b' } }
      const changed = { selector: other, template: { ...template, metadata: { labels: { app: 'a', more: 'b' } } } }
      assert.match(
        faultsOf(() => sandbox.apply(workload(kind, changed))),
        /field is immutable/,
        kind,
      )
    }
    const service = faultsOf(() => sandbox.apply(workload('StatefulSet', { serviceName: 'other' })))
    assert.match(service, /updates to statefulset spec for fields other than/)
  })
})

test('what is filled in, and generations', async () => {
  await withSandbox({}, async (sandbox) => {
    const [made] = sandbox.apply(workload('Deployment', {})) as Deployment[]
    assert.equal(made?.spec.replicas, 1)
    assert.deepEqual(made?.spec.strategy?.rollingUpdate, { maxUnavailable: '25%', maxSurge: '25%' })
    assert.equal(made?.spec.template.spec.restartPolicy, 'Always')
    assert.equal(made?.metadata.generation, 1)
    await sandbox.settled()
    const generation = () => sandbox.get('deployment', 'default', 'w')?.metadata.generation
    sandbox.patch('deployment', 'default', 'w', { metadata: { labels: { a: 'b' } } })
    assert.equal(generation(), 1, 'labels are no change of what is wanted')
    sandbox.patch('deployment', 'default', 'w', { spec: { replicas: 2 } })
    assert.equal(generation(), 2)
  })
})
