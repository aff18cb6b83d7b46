// The migration, both ways, and everything else that replaces pods, while clients ask without pause: kubeadm's objects in a
// sandbox, two replicas behind the Service's address (nftables, conntrack), and kubectl as an operator types it. Runs in
// the node's network namespace; started by main.ts. COREDNS=/path/to/coredns makes CoreDNS the image before.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Pod } from '../../src/sandbox/resources.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { loadAll } from '../../src/yaml.ts'
import { objectsOf } from '../bench/synthetic-cluster.ts'
import { stockText } from '../stock-corefiles.ts'
import type { Counts } from './asker.ts'
import { type ContainerSpec, limitObstacle, type UnpackedImage } from './container.ts'
import { Kubelet } from './kubelet.ts'
import { clusterIP, type Network, nodeAddress } from './network.ts'

const image = JSON.parse(process.env.E2E_UNPACKED_IMAGE ?? '{"root":""}') as Omit<UnpackedImage, 'remove'>
const network = JSON.parse(process.env.E2E_NETWORK ?? '{"node":"","pods":{}}') as Network
const folder = process.env.E2E_FOLDER ?? ''
const isSetUp = image.root !== ''
const rounds = Number(process.env.E2E_ROUNDS ?? 50)
const { COREDNS } = process.env
const stock = fileURLToPath(new URL('../fixtures/stock/kubeadm.yaml', import.meta.url))
const budget = fileURLToPath(new URL('../../manifests/base/pod-disruption-budget.yaml', import.meta.url))
const internet = fileURLToPath(new URL('internet.ts', import.meta.url))
const asker = fileURLToPath(new URL('asker.ts', import.meta.url))

const imageBefore = 'registry.k8s.io/coredns/coredns:v1.14.7'
const ours = 'registry.example/clusterdns:0.1.0'
const size = { services: 500, endpoints: 2, namespaces: 10 }

let sandbox: Sandbox
let kubelet: Kubelet
let environment: Readonly<Record<string, string>>
let client: ChildProcess
let counted = ''

/** What an image of the cluster is here. */
function containerOf(name: string): Omit<ContainerSpec, 'name' | 'network' | 'mounts'> {
  const shared = {
    folder,
    user: image.user,
    capabilities: ['CAP_NET_BIND_SERVICE'],
    limits: limitObstacle() === undefined ? { memory: 170 * 2 ** 20, cpu: undefined } : undefined,
  }
  if (name === imageBefore && COREDNS !== undefined) {
    return { ...shared, root: join(folder, 'coredns-image'), args: ['/coredns'], env: environment }
  }
  return { ...shared, root: image.root, args: image.args, env: { ...image.env, ...environment } }
}

async function kubectl(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') }
  const child = spawn('kubectl', ['-n', 'kube-system', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const [code] = await once(child, 'close')
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${errors}`)
  return output
}

/** Until this many pods are left, ready and behind the Service. */
async function settled(pods: number): Promise<void> {
  const started = performance.now()
  while (!kubelet.isSettled(pods)) {
    assert.ok(performance.now() - started < 120_000, `the pods don't settle; ${kubelet.faults.join('\n')}`)
    await sleep(100)
  }
}

const rolledOut = () => kubectl('rollout', 'status', 'deployment/coredns', '--timeout=120s')

/** Where the pods of kube-dns are. */
function nodesOfPods(): string[] {
  const pods = sandbox.list<Pod>('pods', 'kube-system')
  const ours = pods.filter(({ metadata }) => metadata.labels?.['k8s-app'] === 'kube-dns')
  return ours.flatMap(({ spec }) => spec.nodeName ?? [])
}

/** What an operator does, by its name; each ends with two pods of one image. */
const operations: Readonly<Record<string, () => Promise<void>>> = {
  async 'the image is set'() {
    await kubectl('set', 'image', 'deployment/coredns', `coredns=${ours}`)
    await rolledOut()
  },
  async 'the pods are restarted'() {
    await kubectl('rollout', 'restart', 'deployment/coredns')
    await rolledOut()
  },
  async 'one replica less, and back'() {
    await kubectl('scale', 'deployment/coredns', '--replicas=1')
    await settled(1)
    await kubectl('scale', 'deployment/coredns', '--replicas=2')
    await rolledOut()
  },
  async 'a node is drained'() {
    const [node = ''] = nodesOfPods()
    await kubectl('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s')
    await settled(2)
    await kubectl('uncordon', node)
  },
  async 'the image is set back'() {
    await kubectl('set', 'image', 'deployment/coredns', `coredns=${imageBefore}`)
    await rolledOut()
  },
}

before(async () => {
  if (!isSetUp) return
  chmodSync(folder, 0o755)
  for (const part of ['config', 'account', 'coredns-image']) mkdirSync(join(folder, part))
  if (COREDNS !== undefined) {
    copyFileSync(COREDNS, join(folder, 'coredns-image/coredns'))
    // Where it is linked to the C library, ours will do.
    for (const path of ['lib', 'lib64', 'usr/lib']) {
      const options = { recursive: true, verbatimSymlinks: true }
      if (existsSync(join(image.root, path)))
        cpSync(join(image.root, path), join(folder, 'coredns-image', path), options)
    }
    chmodSync(join(folder, 'coredns-image/coredns'), 0o755)
  }
  const corefile = stockText('kubeadm', '/etc/coredns')
  writeFileSync(join(folder, 'config/Corefile'), corefile)
  sandbox = await startSandbox({ host: nodeAddress, podCidr: '10.244.128.0/17', nodes: 3 })
  sandbox.apply([...objectsOf(size)] as Parameters<Sandbox['apply']>[0])
  sandbox.writeKubeconfig(join(folder, 'kubeconfig'))
  environment = sandbox.writeServiceAccount(join(folder, 'account'), { name: 'coredns' })
  for (const file of ['token', 'ca.crt', 'namespace']) chmodSync(join(folder, 'account', file), 0o644)

  // Who is ready is for the probes to say, not for the sandbox.
  const unready = { 'sandbox.clusterdns.io/ready': Array(20).fill('false').join(',') }
  const objects = loadAll(readFileSync(stock, 'utf8')) as { kind: string; metadata: object }[]
  const manifests = [
    ...objects.map((object) =>
      object.kind === 'Deployment' ? { ...object, metadata: { ...object.metadata, annotations: unready } } : object,
    ),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'coredns', namespace: 'kube-system' },
      data: { Corefile: corefile },
    },
  ]
  const file = join(folder, 'stock.json')
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }))
  await kubectl('delete', 'deployment', 'coredns')
  await kubectl('delete', 'service', 'kube-dns')
  await kubectl('apply', '-f', file)
  await kubectl('apply', '-f', budget)
  await sandbox.settled()
  kubelet = new Kubelet({
    sandbox,
    network,
    container: containerOf,
    mounts: ({ name }) => ({
      '/etc/coredns': join(folder, 'config'),
      '/etc/resolv.conf': `/etc/netns/${name}/resolv.conf`,
      '/etc/hosts': `/etc/netns/${name}/hosts`,
      '/var/run/secrets/kubernetes.io/serviceaccount': join(folder, 'account'),
    }),
  })
  await settled(2)
  const names = Array.from({ length: 100 }, (_, n) => `svc-${n}.ns-${n % size.namespaces}.svc.cluster.local`)
  const { client: pod } = network.pods
  client = spawn(
    'ip',
    ['netns', 'exec', pod?.name ?? '', process.execPath, asker, clusterIP, ...names, 'api.example.com'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  client.stdout?.on('data', (chunk) => (counted += String(chunk)))
})

after(async () => {
  if (!isSetUp) return
  if (client?.exitCode === null) client.kill('SIGKILL')
  await kubelet?.close()
  await sandbox?.close()
})

suite('rollout', { skip: isSetUp ? false : 'started by npm run e2e' }, () => {
  test(`${rounds} rounds, and nobody is left without an answer`, async (t) => {
    const obstacle = limitObstacle()
    if (obstacle !== undefined) t.diagnostic(`without limits of memory and CPU, for ${obstacle}`)
    t.diagnostic(`before: ${COREDNS === undefined ? 'ours, for COREDNS=/path/to/coredns is not given' : imageBefore}`)
    // Not in this thread, which waits for the programs that make networks.
    const upstream = spawn(process.execPath, [internet, nodeAddress, '53'], { stdio: ['pipe', 'pipe', 'inherit'] })
    t.after(() => {
      upstream.stdin.end()
      return once(upstream, 'exit')
    })
    await once(upstream.stdout, 'data')
    const began = performance.now()
    const done = new Map<string, number>()
    const names = Object.keys(operations)
    for (let round = 0; round < rounds; round++) {
      const name = names[round % names.length] ?? ''
      kubelet.tell(name)
      await operations[name]?.()
      await settled(2)
      done.set(name, (done.get(name) ?? 0) + 1)
    }
    client.stdin?.end()
    await once(client, 'close')
    const { fresh, tcp, fixed } = JSON.parse(counted) as Counts
    for (const [name, times] of done) t.diagnostic(`${name}: ${times} times`)
    t.diagnostic(`${kubelet.starts} containers were started, in ${((performance.now() - began) / 1000).toFixed(0)} s`)
    // On a host without CPU to spare that may be longer than the lameduck of 5 s, and then it is no fault of the server.
    t.diagnostic(`pods that were told to end were asked for ${(kubelet.slowest / 1000).toFixed(1)} s more at most`)
    for (const [what, count] of [
      ['UDP from fresh ports', fresh],
      ['TCP', tcp],
      ['UDP from one port, pinned by conntrack', fixed],
    ] as const) {
      t.diagnostic(`${what}: ${count.asked} queries, ${count.failures.length} failures`)
      for (const failure of count.failures.slice(0, 20)) t.diagnostic(`  ${failure}`)
    }
    assert.deepEqual(kubelet.faults, [])
    assert.ok(fresh.asked > 100 * rounds)
    assert.deepEqual([fresh.failures, tcp.failures], [[], []], kubelet.events.join('\n'))
  })
})
