import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { KubeObject } from '../../src/sandbox/object.ts'
import type { Pod, Service } from '../../src/sandbox/resources.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { endpointsOf, podManifest, withSandbox } from './with-sandbox.ts'

const walkthroughs = join(import.meta.dirname, '../../manifests/walkthroughs')

test('every cluster has these from the start', async () => {
  await withSandbox({}, (sandbox) => {
    const names = sandbox.list('namespaces').map((each) => each.metadata.name)
    assert.deepEqual(names, ['default', 'kube-node-lease', 'kube-public', 'kube-system'])
    assert.equal(sandbox.get<Service>('service', 'default', 'kubernetes')?.spec.clusterIP, '10.96.0.1')
    assert.equal(sandbox.get<Service>('service', 'kube-system', 'kube-dns')?.spec.clusterIP, '10.96.0.10')
    assert.deepEqual(endpointsOf(sandbox, 'kubernetes'), ['172.18.0.2 -'])
    assert.equal(endpointsOf(sandbox, 'kube-dns', 'kube-system').length, 2)
    assert.equal(sandbox.list('nodes').length, 3)
  })
})

test('walkthrough 1: nginx-test', async () => {
  await withSandbox({ manifests: [join(walkthroughs, '1-nginx-test.yaml')] }, (sandbox) => {
    assert.deepEqual(endpointsOf(sandbox, 'nginx-test'), ['192.168.40.103 nginx-web-0', '192.168.40.96 nginx-web-1'])
  })
})

test('walkthrough 2: mysql-svc, DNS at 10.43.0.10', async () => {
  const options = { manifests: [join(walkthroughs, '2-mysql-svc.yaml')], dnsAddress: '10.43.0.10' }
  await withSandbox(options, (sandbox) => {
    assert.deepEqual(endpointsOf(sandbox, 'mysql-svc'), [
      '10.42.0.6 mysql-sts-2',
      '10.42.1.8 mysql-sts-0',
      '10.42.2.12 mysql-sts-1',
    ])
    assert.equal(sandbox.get<Service>('svc', 'default', 'kubernetes')?.spec.clusterIP, '10.43.0.1')
    assert.equal(sandbox.get<Service>('svc', 'kube-system', 'kube-dns')?.spec.clusterIP, '10.43.0.10')
  })
})

test('walkthrough 3: deleted pods come back with other addresses', async () => {
  await withSandbox({ manifests: [join(walkthroughs, '3-headless-demo.yaml')] }, async (sandbox) => {
    assert.deepEqual(endpointsOf(sandbox, 'headless-demo'), [
      '10.244.0.7 hello-kubernetes-2',
      '10.244.1.6 hello-kubernetes-0',
      '10.244.2.6 hello-kubernetes-1',
    ])
    for (const ordinal of [0, 1, 2]) sandbox.delete('pod', 'default', `hello-kubernetes-${ordinal}`)
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'headless-demo'), [
      '10.244.0.8 hello-kubernetes-2',
      '10.244.1.7 hello-kubernetes-0',
      '10.244.2.7 hello-kubernetes-1',
    ])
    // When the rounds of the annotation are over, addresses come from the node's range.
    const before = endpointsOf(sandbox, 'headless-demo')
    for (const ordinal of [0, 1, 2]) sandbox.delete('pod', 'default', `hello-kubernetes-${ordinal}`)
    await sandbox.settled()
    const after = endpointsOf(sandbox, 'headless-demo')
    assert.equal(after.length, 3)
    assert.ok(after.every((endpoint) => !before.includes(endpoint)))
  })
})

test('walkthrough 4: kubia and kubia-headless, DNS at 10.254.0.2', async () => {
  const options = { manifests: [join(walkthroughs, '4-kubia.yaml')], dnsAddress: '10.254.0.2' }
  await withSandbox(options, async (sandbox) => {
    assert.equal(sandbox.get<Service>('svc', 'default', 'kubia')?.spec.clusterIP, '10.254.129.235')
    assert.deepEqual(endpointsOf(sandbox, 'kubia-headless'), [
      '172.30.14.3 -',
      '172.30.35.2 - not ready',
      '172.30.35.3 -',
    ])
    sandbox.patch('svc', 'default', 'kubia-headless', { spec: { publishNotReadyAddresses: true } })
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'kubia-headless'), ['172.30.14.3 -', '172.30.35.2 -', '172.30.35.3 -'])
    // The annotation on one pod wins over that of the ReplicaSet.
    const third = sandbox.list<Pod>('pods', 'default').find((pod) => pod.status?.podIP === '172.30.35.2')
    const annotations = { 'sandbox.clusterdns.io/ready': 'true' }
    sandbox.patch('pod', 'default', third?.metadata.name ?? '', { metadata: { annotations } })
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'kubia'), ['172.30.14.3 -', '172.30.35.2 -', '172.30.35.3 -'])
  })
})

test('walkthrough 5: every kind of Service', async () => {
  await withSandbox({ manifests: [join(walkthroughs, '5-services.yaml')] }, (sandbox) => {
    const ips = (name: string) => sandbox.get<Service>('svc', 'default', name)?.spec
    assert.equal(ips('nginx-service')?.clusterIP, '10.99.248.138')
    assert.equal(endpointsOf(sandbox, 'nginx-service').length, 3)
    assert.equal(ips('myapp-svc-nodeport')?.clusterIP, '10.111.137.18')
    assert.equal(ips('myapp-svc-nodeport')?.ports?.[0]?.nodePort, 32223)
    assert.equal(ips('myapp-svc-lb')?.ports?.[0]?.nodePort, 32224)
    assert.equal(ips('externalname-redis-svc')?.clusterIP, undefined)
    assert.equal(endpointsOf(sandbox, 'myapp-headless-svc').length, 2)
    assert.deepEqual(endpointsOf(sandbox, 'headless-without-selector'), [])
    assert.deepEqual(endpointsOf(sandbox, 'headless-by-hand'), ['192.168.40.201 -', '192.168.40.202 second'])
  })
})

test('all walkthroughs together', async () => {
  await withSandbox({ manifests: [walkthroughs] }, (sandbox) => {
    assert.equal(sandbox.list('statefulsets').length, 3)
    assert.deepEqual(endpointsOf(sandbox, 'mysql-svc').length, 3)
    assert.ok(sandbox.list<Pod>('pods').every((pod) => pod.status?.phase === 'Running'))
  })
})

test('objects and text are applied, laid over what is there, listed and deleted', async () => {
  await withSandbox({}, async (sandbox) => {
    const [made] = sandbox.apply(`
apiVersion: v1
kind: ConfigMap
metadata: {name: one, labels: {a: b}}
data: {x: "1", y: "2"}
`)
    assert.equal(made?.metadata.namespace, 'default')
    sandbox.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' }, ...{ data: { y: '3' } } })
    const changed = sandbox.get<KubeObject & { data: object }>('cm', 'default', 'one')
    assert.deepEqual([changed?.data, changed?.metadata.labels], [{ x: '1', y: '3' }, { a: 'b' }])
    sandbox.delete('configmaps', 'default', 'one')
    assert.equal(sandbox.get('cm', 'default', 'one'), undefined)
    assert.throws(() => sandbox.delete('cm', 'default', 'one'), { code: 404 })
    assert.throws(() => sandbox.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: o}, date: {}}'), {
      code: 400,
    })
    assert.throws(
      () => sandbox.apply('{apiVersion: v2, kind: ConfigMap, metadata: {name: o}}'),
      /no kind ConfigMap in v2/,
    )
    assert.throws(() => sandbox.apply('a: {'), /^Error: manifest: /)
    assert.throws(() => sandbox.get('nonsense', '', 'x'), /the sandbox has no kind nonsense/)
  })
})

test('a status in a manifest counts', async () => {
  await withSandbox({}, async (sandbox) => {
    const pod = JSON.parse(podManifest('fixed')) as KubeObject
    sandbox.apply({ ...pod, status: { phase: 'Running', podIP: '10.9.9.9', podIPs: [{ ip: '10.9.9.9' }] } })
    await sandbox.settled()
    assert.equal(sandbox.get<Pod>('pod', 'default', 'fixed')?.status?.podIP, '10.9.9.9')
  })
})

test('it closes when its signal is aborted, and frees its port', async () => {
  const stop = new AbortController()
  const first = await startSandbox({ signal: stop.signal })
  stop.abort()
  await first.close()
  const port = Number(new URL(first.url).port)
  const second = await startSandbox({ port })
  assert.equal(second.url, first.url)
  await assert.rejects(startSandbox({ port }), { code: 'EADDRINUSE' })
  await second.close()
})

test('a manifest that is refused fails the start', async () => {
  await assert.rejects(startSandbox({ manifests: [join(walkthroughs, 'none.yaml')] }), { code: 'ENOENT' })
})
