// Evictions hold to disruption budgets.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Pod } from '../../../src/sandbox/resources.ts'
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import { withSandbox } from '../with-sandbox.ts'

const labels = { app: 'web' }

function deployment(replicas: number): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web' }] } },
    },
  })
}

function budget(spec: object): string {
  return JSON.stringify({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, ...spec },
  })
}

interface Refusal {
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly message: string }[] }
}

async function evict(sandbox: Sandbox, pod: Pod): Promise<{ readonly status: number; readonly body: Refusal }> {
  const { name } = pod.metadata
  const response = await fetch(`${sandbox.url}/api/v1/namespaces/default/pods/${name}/eviction`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } }),
  })
  return { status: response.status, body: (await response.json()) as Refusal }
}

/** Of a Deployment whose pods take their time to end. */
async function withPods(
  replicas: number,
  spec: object,
  use: (sandbox: Sandbox, pods: readonly Pod[]) => Promise<void>,
): Promise<void> {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply(deployment(replicas))
    sandbox.apply(budget(spec))
    await sandbox.settled()
    const pods = sandbox.list<Pod>('pods', 'default')
    for (const { metadata } of pods) {
      const annotations = { 'sandbox.clusterdns.io/termination-seconds': '30' }
      sandbox.patch('Pod', 'default', metadata.name, { metadata: { annotations } })
    }
    await use(sandbox, pods)
  })
}

suite('a budget', () => {
  for (const [spec, allowed] of [
    [{ maxUnavailable: 1 }, 1],
    [{ maxUnavailable: '25%' }, 1],
    [{ maxUnavailable: 0 }, 0],
    [{ minAvailable: 2 }, 1],
    [{ minAvailable: '50%' }, 1],
    [{ minAvailable: 0 }, 3],
    [{ selector: { matchLabels: { app: 'other' } }, maxUnavailable: 0 }, 3],
  ] as const) {
    test(`${JSON.stringify(spec)} lets ${allowed} of 3 pods go`, async () => {
      await withPods(3, spec, async (sandbox, pods) => {
        // Pods that come in the place of those that go don't become ready.
        const mark = (ready: string) => ({ metadata: { annotations: { 'sandbox.clusterdns.io/ready': ready } } })
        for (const { metadata } of pods) sandbox.patch('Pod', 'default', metadata.name, mark('true'))
        for (const { metadata } of sandbox.list('ReplicaSet', 'default')) {
          sandbox.patch('ReplicaSet', 'default', metadata.name, mark(Array(9).fill('false').join(',')))
        }
        const statuses: number[] = []
        for (const pod of pods) statuses.push((await evict(sandbox, pod)).status)
        assert.deepEqual(statuses, [...Array(allowed).fill(201), ...Array(3 - allowed).fill(429)])
      })
    })
  }

  test('refuses in the words of the real server', async () => {
    await withPods(1, { minAvailable: 1 }, async (sandbox, [pod]) => {
      assert.ok(pod)
      const { status, body } = await evict(sandbox, pod)
      assert.equal(status, 429)
      assert.equal(body.reason, 'TooManyRequests')
      assert.equal(body.message, "Cannot evict pod as it would violate the pod's disruption budget.")
      assert.equal(
        body.details?.causes?.[0]?.message,
        'The disruption budget web needs 1 healthy pods and has 1 currently',
      )
      assert.equal(sandbox.get<Pod>('Pod', 'default', pod.metadata.name)?.metadata.deletionTimestamp, undefined)
    })
  })

  test('does not hold pods that are not ready', async () => {
    await withPods(1, { minAvailable: 1 }, async (sandbox, [pod]) => {
      assert.ok(pod)
      const annotations = { 'sandbox.clusterdns.io/ready': 'false' }
      sandbox.patch('Pod', 'default', pod.metadata.name, { metadata: { annotations } })
      await sandbox.settled()
      assert.equal((await evict(sandbox, pod)).status, 201)
    })
  })
})
