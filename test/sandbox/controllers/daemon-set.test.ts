// DaemonSets: where their pods are, and how they give way to new ones.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { DaemonSet, Pod } from '../../../src/sandbox/resources.ts'
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import { withSandbox } from '../with-sandbox.ts'

function manifest(spec: object = {}, template: object = {}): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: {
        metadata: { labels: { app: 'agent' } },
        spec: { containers: [{ name: 'agent', image: 'agent:1' }], ...template },
      },
      ...spec,
    },
  })
}

const image = (tag: string) => ({
  spec: { template: { spec: { containers: [{ name: 'agent', image: `agent:${tag}` }] } } },
})
const podsIn = (sandbox: Sandbox) => sandbox.list<Pod>('pods', 'default')
const nodesOf = (sandbox: Sandbox) =>
  podsIn(sandbox)
    .map(({ spec }) => spec.nodeName)
    .sort()
const imagesOf = (sandbox: Sandbox) => podsIn(sandbox).map(({ spec }) => spec.containers[0]?.image)
const status = (sandbox: Sandbox) => sandbox.get<DaemonSet>('DaemonSet', 'default', 'agent')?.status

suite('a DaemonSet', () => {
  test('has a ready pod on each node', async () => {
    await withSandbox({ nodes: 3 }, async (sandbox) => {
      sandbox.apply(manifest())
      await sandbox.settled()
      assert.deepEqual(nodesOf(sandbox), ['node-0', 'node-1', 'node-2'])
      assert.deepEqual(status(sandbox), {
        observedGeneration: 1,
        desiredNumberScheduled: 3,
        currentNumberScheduled: 3,
        numberMisscheduled: 0,
        numberReady: 3,
        numberAvailable: 3,
        updatedNumberScheduled: 3,
      })
    })
  })

  test('has none where the node does not fit', async () => {
    await withSandbox({ nodes: 3 }, async (sandbox) => {
      sandbox.apply(manifest({}, { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }))
      await sandbox.settled()
      assert.deepEqual(nodesOf(sandbox), ['node-1'])
    })
  })

  test('comes and goes with labels of nodes, and stays on cordoned ones', async () => {
    await withSandbox({ nodes: 3 }, async (sandbox) => {
      sandbox.apply(manifest({}, { nodeSelector: { role: 'dns' } }))
      await sandbox.settled()
      assert.deepEqual(nodesOf(sandbox), [])
      sandbox.patch('Node', '', 'node-2', { metadata: { labels: { role: 'dns' } }, spec: { unschedulable: true } })
      await sandbox.settled()
      assert.deepEqual(nodesOf(sandbox), ['node-2'])
      sandbox.patch('Node', '', 'node-2', { metadata: { labels: { role: null } } })
      await sandbox.settled()
      assert.deepEqual(nodesOf(sandbox), [])
    })
  })

  test('puts another pod where one was deleted', async () => {
    await withSandbox({ nodes: 2 }, async (sandbox) => {
      sandbox.apply(manifest())
      await sandbox.settled()
      const [pod] = podsIn(sandbox)
      sandbox.delete('Pod', 'default', pod?.metadata.name ?? '')
      await sandbox.settled()
      assert.deepEqual(nodesOf(sandbox), ['node-0', 'node-1'])
      assert.ok(!podsIn(sandbox).some(({ metadata }) => metadata.uid === pod?.metadata.uid))
    })
  })

  for (const maxUnavailable of [1, 2, '50%'] as const) {
    test(`changes its pods ${maxUnavailable} at a time`, async () => {
      await withSandbox({ nodes: 4, pace: 5 }, async (sandbox) => {
        sandbox.apply(manifest({ updateStrategy: { rollingUpdate: { maxUnavailable } } }))
        await sandbox.settled()
        let fewest = 4
        const watch = setInterval(() => {
          const { numberReady = 4 } = (status(sandbox) ?? {}) as { numberReady?: number }
          fewest = Math.min(fewest, numberReady)
        }, 1)
        sandbox.patch('DaemonSet', 'default', 'agent', image('2'))
        await sandbox.settled()
        clearInterval(watch)
        assert.deepEqual(imagesOf(sandbox), Array(4).fill('agent:2'))
        assert.ok(fewest >= 4 - (maxUnavailable === 1 ? 1 : 2), `${fewest} were ready`)
        assert.ok(fewest < 4)
      })
    })
  }

  test('leaves old pods alone with OnDelete', async () => {
    await withSandbox({ nodes: 2 }, async (sandbox) => {
      sandbox.apply(manifest({ updateStrategy: { type: 'OnDelete' } }))
      await sandbox.settled()
      sandbox.patch('DaemonSet', 'default', 'agent', image('2'))
      await sandbox.settled()
      assert.deepEqual(imagesOf(sandbox), ['agent:1', 'agent:1'])
      sandbox.delete('Pod', 'default', podsIn(sandbox)[0]?.metadata.name ?? '')
      await sandbox.settled()
      assert.deepEqual(imagesOf(sandbox).sort(), ['agent:1', 'agent:2'])
    })
  })

  test('takes its pods along', async () => {
    await withSandbox({ nodes: 2 }, async (sandbox) => {
      sandbox.apply(manifest())
      await sandbox.settled()
      sandbox.delete('DaemonSet', 'default', 'agent')
      await sandbox.settled()
      assert.deepEqual(podsIn(sandbox), [])
    })
  })
})
