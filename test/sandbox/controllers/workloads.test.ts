// Deployments, ReplicaSets and StatefulSets, together with what runs their pods.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Deployment, Pod, ReplicaSet, StatefulSet } from '../../../src/sandbox/resources.ts'
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import { withSandbox } from '../with-sandbox.ts'

const labels = { app: 'w' }

const workload = (kind: string, spec: object, { image = 'one', annotations = {} } = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'w', annotations },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
    ...spec,
  },
})

const podsOf = (sandbox: Sandbox) => sandbox.list<Pod>('pods', 'default')
const imagesOf = (sandbox: Sandbox) => podsOf(sandbox).map(({ spec }) => spec.containers[0]?.image)
const readyOf = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status

/** What happens to pods while `action` and what follows from it are done: `+NAME`, `-NAME`, `~NAME` for ready ones. */
async function history(sandbox: Sandbox, action: () => void): Promise<string[]> {
  const seen: string[] = []
  let known = new Map(podsOf(sandbox).map((pod) => [pod.metadata.uid, pod]))
  const look = () => {
    const now = new Map(podsOf(sandbox).map((pod) => [pod.metadata.uid, pod]))
    for (const [uid, { metadata }] of known) if (!now.has(uid)) seen.push(`-${metadata.name}`)
    for (const [uid, pod] of now) {
      const before = known.get(uid)
      if (before === undefined) seen.push(`+${pod.metadata.name}`)
      if (readyOf(pod) === 'True' && (before === undefined || readyOf(before) !== 'True'))
        seen.push(`~${pod.metadata.name}`)
    }
    known = now
  }
  action()
  let over = false
  const settled = sandbox.settled().then(() => {
    over = true
  })
  while (!over) {
    look()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await settled
  look()
  return seen
}

test('a StatefulSet makes its pods in order, and deletes them in the other', async () => {
  await withSandbox({ pace: 5 }, async (sandbox) => {
    const up = await history(sandbox, () => sandbox.apply(workload('StatefulSet', { replicas: 3, serviceName: 'w' })))
    assert.deepEqual(up, ['+w-0', '~w-0', '+w-1', '~w-1', '+w-2', '~w-2'])
    const [first] = podsOf(sandbox)
    assert.deepEqual([first?.spec.hostname, first?.spec.subdomain], ['w-0', 'w'])
    assert.equal(first?.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'w-0')
    assert.equal(first?.metadata.labels?.['apps.kubernetes.io/pod-index'], '0')
    const down = await history(sandbox, () => sandbox.patch('sts', 'default', 'w', { spec: { replicas: 1 } }))
    assert.deepEqual(down, ['-w-2', '-w-1'])
    const status = sandbox.get<StatefulSet>('sts', 'default', 'w')?.status
    assert.deepEqual([status?.replicas, status?.readyReplicas], [1, 1])
  })
})

test('a StatefulSet waits for a pod that is not ready, unless it is told not to', async () => {
  const annotations = { 'sandbox.clusterdns.io/ready': 'true, false, true' }
  for (const [podManagementPolicy, names] of [
    ['OrderedReady', ['w-0', 'w-1']],
    ['Parallel', ['w-0', 'w-1', 'w-2']],
  ] as const) {
    await withSandbox({}, async (sandbox) => {
      sandbox.apply(workload('StatefulSet', { replicas: 3, podManagementPolicy }, { annotations }))
      await sandbox.settled()
      assert.deepEqual(
        podsOf(sandbox).map(({ metadata }) => metadata.name),
        names,
        podManagementPolicy,
      )
    })
  }
})

test('a StatefulSet is updated from the highest ordinal down, as far as its partition', async () => {
  await withSandbox({ pace: 5 }, async (sandbox) => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } }
    sandbox.apply(workload('StatefulSet', { replicas: 3, updateStrategy }))
    await sandbox.settled()
    const seen = await history(sandbox, () =>
      sandbox.apply(workload('StatefulSet', { replicas: 3, updateStrategy }, { image: 'two' })),
    )
    assert.deepEqual(
      seen.filter((line) => !line.startsWith('~')),
      ['-w-2', '+w-2', '-w-1', '+w-1'],
    )
    assert.deepEqual(imagesOf(sandbox), ['one', 'two', 'two'])
    sandbox.delete('pod', 'default', 'w-0')
    await sandbox.settled()
    assert.deepEqual(imagesOf(sandbox), ['one', 'two', 'two'], 'below the partition the old template counts')
    sandbox.patch('sts', 'default', 'w', { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } })
    await sandbox.settled()
    assert.deepEqual(imagesOf(sandbox), ['two', 'two', 'two'])
    assert.equal(sandbox.list('controllerrevisions', 'default').length, 2)
  })
})

test('pods under an OnDelete strategy change when they are deleted', async () => {
  await withSandbox({}, async (sandbox) => {
    const spec = { replicas: 2, updateStrategy: { type: 'OnDelete' } }
    sandbox.apply(workload('StatefulSet', spec))
    await sandbox.settled()
    sandbox.apply(workload('StatefulSet', spec, { image: 'two' }))
    await sandbox.settled()
    assert.deepEqual(imagesOf(sandbox), ['one', 'one'])
    sandbox.delete('pod', 'default', 'w-0')
    await sandbox.settled()
    assert.deepEqual(imagesOf(sandbox), ['two', 'one'])
  })
})

for (const pace of [0, 5])
  test(`pinned addresses, by ordinal and by round, at a pace of ${pace}`, async () => {
    const annotations = { 'sandbox.clusterdns.io/addresses': '10.1.1.1, 10.1.1.2 fd00::2; 10.1.2.1' }
    await withSandbox({ pace }, async (sandbox) => {
      sandbox.apply(workload('StatefulSet', { replicas: 2 }, { annotations }))
      await sandbox.settled()
      const addresses = (name: string) =>
        sandbox.get<Pod>('pod', 'default', name)?.status?.podIPs?.map(({ ip }) => ip) ?? []
      assert.equal(addresses('w-0')[0], '10.1.1.1')
      assert.deepEqual(addresses('w-1'), ['10.1.1.2', 'fd00::2'])
      for (const name of ['w-0', 'w-1']) sandbox.delete('pod', 'default', name)
      await sandbox.settled()
      assert.equal(addresses('w-0')[0], '10.1.2.1')
      assert.match(addresses('w-1')[0] ?? '', /^10\.244\./)
    })
  })

test('a Deployment replaces its pods a few at a time', async () => {
  await withSandbox({ pace: 5 }, async (sandbox) => {
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
    sandbox.apply(workload('Deployment', { replicas: 4, strategy }))
    await sandbox.settled()
    let fewest = 4
    let most = 4
    const end = setInterval(() => {
      const all = podsOf(sandbox).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      fewest = Math.min(fewest, all.filter((pod) => readyOf(pod) === 'True').length)
      most = Math.max(most, all.length)
    }, 1)
    sandbox.apply(workload('Deployment', { replicas: 4, strategy }, { image: 'two' }))
    await sandbox.settled()
    clearInterval(end)
    assert.deepEqual(imagesOf(sandbox), ['two', 'two', 'two', 'two'])
    assert.ok(fewest >= 3, `${fewest} ready`)
    assert.ok(most <= 5, `${most} pods`)
    const sets = sandbox.list<ReplicaSet>('replicasets', 'default')
    assert.deepEqual(sets.map(({ spec }) => spec.replicas).sort(), [0, 4])
    assert.deepEqual(sets.map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision']).sort(), [
      '1',
      '2',
    ])
    const status = sandbox.get<Deployment>('deployment', 'default', 'w')?.status
    assert.deepEqual([status?.updatedReplicas, status?.availableReplicas, status?.observedGeneration], [4, 4, 2])
    const conditions = status?.conditions?.map(({ type, status: is, reason }) => `${type} ${is} ${reason}`)
    assert.deepEqual(conditions, ['Available True MinimumReplicasAvailable', 'Progressing True NewReplicaSetAvailable'])
  })
})

test('a Deployment whose new pods do not become ready keeps the old ones', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply(workload('Deployment', { replicas: 4 }))
    await sandbox.settled()
    const bad = workload('Deployment', { replicas: 4 }, { image: 'two' })
    const template = {
      ...bad.spec.template,
      metadata: { labels, annotations: { 'sandbox.clusterdns.io/ready': 'false' } },
    }
    sandbox.apply({ ...bad, spec: { ...bad.spec, template } })
    await sandbox.settled()
    const images = imagesOf(sandbox)
    assert.deepEqual(
      [images.filter((each) => each === 'one').length, images.filter((each) => each === 'two').length],
      [3, 2],
    )
  })
})

test('Recreate: the old pods go before the new ones come', async () => {
  await withSandbox({ pace: 5 }, async (sandbox) => {
    const strategy = { type: 'Recreate' }
    sandbox.apply(workload('Deployment', { replicas: 2, strategy }))
    await sandbox.settled()
    const seen = await history(sandbox, () =>
      sandbox.apply(workload('Deployment', { replicas: 2, strategy }, { image: 'two' })),
    )
    assert.deepEqual(seen.map((line) => line[0]).join(''), '--++~~')
  })
})

test('old ReplicaSets are forgotten beyond the limit', async () => {
  await withSandbox({}, async (sandbox) => {
    for (const image of ['one', 'two', 'three', 'four']) {
      sandbox.apply(workload('Deployment', { replicas: 1, revisionHistoryLimit: 1 }, { image }))
      await sandbox.settled()
    }
    const images = sandbox
      .list<ReplicaSet>('replicasets', 'default')
      .map(({ spec }) => spec.template.spec.containers[0]?.image)
    assert.deepEqual(images.sort(), ['four', 'three'])
  })
})

test('a ReplicaSet replaces what is gone or failed, adopts what fits, and drops those not ready first', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'orphan', labels },
      spec: { containers: [{ name: 'main', image: 'one' }] },
    })
    sandbox.apply(workload('ReplicaSet', { replicas: 3 }))
    await sandbox.settled()
    assert.equal(podsOf(sandbox).length, 3)
    assert.equal(sandbox.get('pod', 'default', 'orphan')?.metadata.ownerReferences?.[0]?.name, 'w')
    const [failing, unready] = podsOf(sandbox)
      .filter(({ metadata }) => metadata.name !== 'orphan')
      .map(({ metadata }) => metadata.name)
    const annotate = (name: string | undefined, key: string, value: string) =>
      sandbox.patch('pod', 'default', name ?? '', {
        metadata: { annotations: { [`sandbox.clusterdns.io/${key}`]: value } },
      })
    annotate(failing, 'phase', 'Failed')
    await sandbox.settled()
    assert.equal(podsOf(sandbox).length, 4)
    annotate(unready, 'ready', 'false')
    await sandbox.settled()
    sandbox.patch('rs', 'default', 'w', { spec: { replicas: 2 } })
    await sandbox.settled()
    assert.equal(sandbox.get('pod', 'default', unready ?? ''), undefined)
  })
})

test('pods without a node that takes them wait for one', async () => {
  await withSandbox({}, async (sandbox) => {
    for (const node of sandbox.list('nodes'))
      sandbox.patch('node', '', node.metadata.name, { spec: { unschedulable: true } })
    sandbox.apply(workload('ReplicaSet', { replicas: 1 }))
    await sandbox.settled()
    const scheduled = podsOf(sandbox)[0]?.status?.conditions?.find(({ type }) => type === 'PodScheduled')
    assert.deepEqual([scheduled?.status, scheduled?.reason], ['False', 'Unschedulable'])
    sandbox.patch('node', '', 'node-1', { spec: { unschedulable: null } })
    await sandbox.settled()
    assert.deepEqual([podsOf(sandbox)[0]?.spec.nodeName, podsOf(sandbox)[0]?.status?.phase], ['node-1', 'Running'])
  })
})
