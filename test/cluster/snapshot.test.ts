import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { keyOf } from '../../src/cluster/api-object.ts'
import { trimEndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { kindNames } from '../../src/cluster/kinds.ts'
import { Mirror } from '../../src/cluster/mirror.ts'
import { trimNamespace } from '../../src/cluster/namespace.ts'
import { trimPod } from '../../src/cluster/pod.ts'
import { type Service, trimService } from '../../src/cluster/service.ts'
import { readSnapshot, SnapshotError, snapshotVersion, writeSnapshot } from '../../src/cluster/snapshot.ts'
import { SnapshotKeeper } from '../../src/cluster/snapshot-keeper.ts'
import { logTo } from '../../src/log.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { accessTo, following, until } from './following.ts'

const folder = mkdtempSync(join(tmpdir(), 'snapshot-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'cluster')

const metadata = { namespace: 'a', name: 'web' }
const service = (name: string): Service => ({
  namespace: 'a',
  name,
  type: 'ClusterIP',
  clusterIPs: ['10.0.0.1'],
  headless: false,
  externalName: '',
  ports: [],
  selects: false,
})

function filled(): Mirror {
  const mirror = new Mirror()
  for (let i = 0; i < 1000; i++) mirror.apply('services', `a/s${i}`, service(`s${i}`))
  mirror.apply('services', 'a/odd', { ...service('odd'), externalName: 'tab\there "quoted"\nünï\u2028' })
  mirror.apply('namespaces', 'a', { name: 'a' })
  mirror.apply('pods', 'a/p', { namespace: 'a', name: 'p', addresses: ['10.1.0.1'], labels: { a: 'b' } })
  mirror.setSerial(1499347823)
  return mirror
}

function contentOf(mirror: Mirror): unknown {
  return [mirror.serial(), kindNames.map((kind) => [...mirror.keys(kind)].map((key) => [key, mirror.text(kind, key)]))]
}

test('snapshot: what is written is read', () => {
  const mirror = filled()
  writeSnapshot(file, 'this', mirror)
  const read = new Mirror()
  assert.equal(readSnapshot(file, 'this', read), 1003)
  assert.deepEqual(contentOf(read), contentOf(mirror))
  assert.equal(existsSync(`${file}.tmp`), false)
})

test('snapshot: of an empty cluster', () => {
  writeSnapshot(file, 'this', new Mirror())
  assert.equal(readSnapshot(file, 'this', new Mirror()), 0)
})

test('snapshot: any damage is noticed, and nothing is taken from it', () => {
  const mirror = new Mirror()
  mirror.apply('services', 'a/web', service('web'))
  writeSnapshot(file, 'this', mirror)
  const whole = readFileSync(file)
  const damaged = join(folder, 'damaged')
  const attempt = (octets: Buffer) => {
    writeFileSync(damaged, octets)
    const read = new Mirror()
    assert.throws(() => readSnapshot(damaged, 'this', read), SnapshotError)
    assert.equal(read.count('services'), 0)
  }
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (place, bits) => {
      const octets = Buffer.from(whole)
      octets[place] = (octets[place] ?? 0) ^ bits
      attempt(octets)
    }),
  )
  for (let length = 0; length < whole.length; length++) attempt(whole.subarray(0, length))
})

const foreign = [
  { name: 'of something else', text: undefined, says: 'it is of something else that was watched' },
  { name: 'of another make', text: '{"format":"something"}\n', says: 'it is no snapshot' },
  { name: 'of words', text: 'words\n', says: 'it is no snapshot' },
  {
    name: 'of another version',
    text: `{"format":"clusterdns snapshot","version":${snapshotVersion + 1}}\n`,
    says: `it is of version ${snapshotVersion + 1}, not ${snapshotVersion}`,
  },
]

for (const { name, text, says } of foreign) {
  test(`snapshot: ${name}`, () => {
    if (text === undefined) writeSnapshot(file, 'that', filled())
    else writeFileSync(file, text)
    assert.throws(() => readSnapshot(file, 'this', new Mirror()), { name: 'SnapshotError', message: says })
  })
}

test('snapshot: its version stands for this form of trimmed objects', () => {
  const ports = [{ name: 'http', port: 80 }]
  const labels = { 'kubernetes.io/service-name': 'web' }
  const endpoints = [{ addresses: ['10.1.0.1'] }]
  const forms = [
    trimService({ metadata, spec: { clusterIP: '10.0.0.1', ports } }),
    trimEndpointSlice({ metadata: { ...metadata, labels }, endpoints, ports }),
    trimNamespace({ metadata }),
    trimPod({ metadata: { ...metadata, labels: { app: 'web' } }, status: { podIP: '10.1.0.1' } }),
  ]
  assert.deepEqual(
    { version: snapshotVersion, forms: forms.map((form) => JSON.stringify(form)) },
    {
      version: 1,
      forms: [
        '{"namespace":"a","name":"web","type":"ClusterIP","clusterIPs":["10.0.0.1"],"headless":false,"externalName":"","ports":[{"name":"http","port":80,"protocol":"tcp"}],"selects":false}',
        '{"namespace":"a","name":"web","service":"web","endpoints":[{"addresses":["10.1.0.1"],"ready":true,"serving":true,"terminating":false,"hostname":"","podName":"","zone":""}],"ports":[{"name":"http","port":80,"protocol":"tcp"}]}',
        '{"name":"web"}',
        '{"namespace":"a","name":"web","addresses":["10.1.0.1"],"labels":{"app":"web"}}',
      ],
    },
    'raise snapshotVersion along with this',
  )
  assert.equal(keyOf(metadata), 'a/web')
})

function kept(path: string, everyMs?: number) {
  const lines: string[] = []
  const stop = new AbortController()
  const mirror = new Mirror()
  const keeper = new SnapshotKeeper({
    file: path,
    source: 'this',
    kinds: ['services', 'namespaces'],
    mirror,
    log: logTo((line) => lines.push(line.trimEnd())),
    signal: stop.signal,
    ...(everyMs === undefined ? {} : { everyMs }),
  })
  return { keeper, mirror, lines, stop: () => stop.abort() }
}

test('snapshot: is written at the end, once everything has been listed', () => {
  const path = join(folder, 'end')
  const first = kept(path)
  first.mirror.apply('services', 'a/web', service('web'))
  first.keeper.listed('services')
  first.stop()
  assert.equal(existsSync(path), false)
  const second = kept(path)
  second.mirror.apply('services', 'a/web', service('web'))
  second.keeper.listed('services')
  second.keeper.listed('namespaces')
  second.stop()
  const third = kept(path)
  assert.equal(third.mirror.has('services', 'a/web'), true)
  assert.deepEqual(third.lines, [`[INFO] 1 objects read from snapshot ${path}`])
  third.stop()
})

test('snapshot: is written now and then', async () => {
  const path = join(folder, 'now-and-then')
  const { keeper, mirror, stop } = kept(path, 1)
  keeper.listed('services')
  keeper.listed('namespaces')
  await until('the first file', () => existsSync(path))
  mirror.apply('services', 'a/web', service('web'))
  await until('the second one', () => readFileSync(path, 'utf8').includes('a/web'))
  stop()
})

test('snapshot: a file that is written over is not lost to a failure, which is said once', async () => {
  const path = join(folder, 'failure')
  writeSnapshot(path, 'this', filled())
  mkdirSync(`${path}.tmp`)
  const { keeper, mirror, lines, stop } = kept(path, 1)
  keeper.listed('services')
  keeper.listed('namespaces')
  await until('the complaint', () => lines.some((line) => line.includes("can't be written")))
  mirror.apply('services', 'a/web', service('web'))
  stop()
  assert.equal(lines.filter((line) => line.includes("can't be written")).length, 1)
  assert.equal(readSnapshot(path, 'this', new Mirror()), 1003)
})

test('snapshot: is used for what can not be listed, and not after it was', () => {
  const path = join(folder, 'used')
  writeSnapshot(path, 'this', filled())
  const { keeper, mirror, lines, stop } = kept(path)
  keeper.unreachable('services')
  keeper.unreachable('services')
  assert.deepEqual(
    ['services', 'namespaces'].map((kind) => mirror.unsynced().includes(kind as 'services')),
    [false, true],
  )
  keeper.listed('namespaces')
  keeper.unreachable('namespaces')
  assert.deepEqual(lines.slice(1), [`[WARNING] services can't be listed, answering from snapshot ${path}`])
  stop()
})

test('snapshot: a damaged one is ignored', () => {
  const path = join(folder, 'ignored')
  writeFileSync(path, 'nonsense\n')
  const { keeper, mirror, lines, stop } = kept(path)
  keeper.unreachable('services')
  assert.equal(mirror.synced('services'), false)
  assert.deepEqual(lines, [`[WARNING] snapshot ${path} is ignored: it is no snapshot`])
  stop()
})

test('snapshot: a process that starts during an outage answers as the last one did, and catches up after it', async () => {
  const sandbox = await startSandbox()
  const path = join(folder, 'outage')
  // The same kubeconfig for both, or the second would take the first one's snapshot for that of another cluster.
  const connection = (url: string) => {
    writeFileSync(
      join(folder, 'kubeconfig'),
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: url } }],
        contexts: [{ name: 'x', context: { cluster: 'c' } }],
        'current-context': 'x',
      }),
    )
    return { from: 'kubeconfig', file: join(folder, 'kubeconfig'), context: '' } as const
  }
  const web = (name: string, clusterIP: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name },
    spec: { clusterIP, ports: [{ port: 80 }] },
  })
  try {
    const access = accessTo(sandbox.url)
    sandbox.apply([web('kept', '10.96.7.1'), web('deleted', '10.96.7.2')])
    await following(access, { connection, snapshot: path }, async ({ converged }) => await converged())
    sandbox.delete('services', 'default', 'deleted')
    sandbox.apply(web('new', '10.96.7.3'))
    const outage = () => ({ status: 503 })
    await following(access, { connection }, async ({ watch, proxy }) => {
      proxy.answer = outage
      assert.equal(await watch.started(300), false)
    })
    await following(access, { connection, snapshot: path }, async ({ watch, proxy, cluster, converged }) => {
      proxy.answer = outage
      assert.equal(await watch.started(30_000), true)
      await until('the feed', () => watch.pending().length === 0)
      assert.equal(cluster.serviceAt('10.96.7.2')?.name, 'deleted')
      assert.equal(cluster.serviceAt('10.96.7.3'), undefined)
      assert.ok(cluster.serial() > 1_600_000_000)
      proxy.answer = () => undefined
      await converged()
      assert.equal(cluster.serviceAt('10.96.7.2'), undefined)
      assert.equal(cluster.serviceAt('10.96.7.3')?.name, 'new')
    })
  } finally {
    await sandbox.close()
  }
})
