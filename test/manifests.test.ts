// Every overlay of manifests, built by kubectl, applied to a sandbox, and read back.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseCorefile } from '../src/corefile/parse.ts'
import { knownDirectives, plugins } from '../src/plugins/index.ts'
import { type SandboxOptions, startSandbox } from '../src/sandbox/sandbox.ts'
import { setUp } from '../src/server/setup.ts'
import { version } from '../src/version.ts'
import { dump, loadAll } from '../src/yaml.ts'
import { folderFor } from './server/process.ts'

const manifests = fileURLToPath(new URL('../manifests', import.meta.url))
const source = fileURLToPath(new URL('../src', import.meta.url))
const found = spawnSync('kubectl', ['version', '--client']).status === 0
const skip = found ? false : 'needs kubectl'

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: tests look deep into objects of many kinds
  readonly spec?: any
}

/** Of each overlay the sandbox it fits. */
const overlays: Readonly<Record<string, SandboxOptions>> = {
  autoscaling: {},
  'dual-stack': { serviceCidr: '10.96.0.0/16,fd00:10:96::/112' },
  k3s: { serviceCidr: '10.43.0.0/16' },
  kubeadm: {},
  nodelocal: {},
  // With the kinds of the Prometheus operator.
  prometheus: { manifests: [fileURLToPath(new URL('fixtures/crds', import.meta.url))] },
  try: {},
}

async function kubectl(args: readonly string[], { input = '', env = process.env } = {}): Promise<string> {
  const child = spawn('kubectl', args, { env, stdio: [input === '' ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (errors += chunk))
  child.stdin?.end(input)
  const [code] = await once(child, 'close')
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${errors}`)
  return output
}

const build = async (folder: string): Promise<Manifest[]> =>
  loadAll(await kubectl(['kustomize', join(manifests, folder)])) as Manifest[]

/** The blocks of a Corefile, every directive of which is read by its plugin; throws what `check` would print. */
function check(corefile: string) {
  const directives = { supported: knownDirectives.supported, missing: knownDirectives.missing }
  const blocks = parseCorefile(corefile, {
    file: 'Corefile',
    port: 53,
    env: { KUBE_DNS_SERVICE_HOST: '10.96.0.10' },
    directives,
    read: () => '',
    glob: () => [],
    warn: () => undefined,
  })
  return setUp(blocks, plugins)
}

test('every overlay is known here', () => {
  assert.deepEqual(readdirSync(join(manifests, 'overlays')).sort(), Object.keys(overlays).sort())
})

for (const [name, cluster] of Object.entries(overlays)) {
  suite(name, { skip }, () => {
    test('is applied, and read back', async (t) => {
      const objects = await build(`overlays/${name}`)
      const sandbox = await startSandbox(cluster)
      t.after(() => sandbox.close())
      const folder = folderFor(t)
      const kubeconfig = join(folder, 'kubeconfig')
      await sandbox.writeKubeconfig(kubeconfig)
      const env = { ...process.env, HOME: folder, KUBECONFIG: kubeconfig }
      const input = objects.map((object) => dump(object)).join('---\n')
      // Twice: what is applied again must not be refused, nor changed.
      await kubectl(['apply', '-f', '-'], { input, env })
      const again = await kubectl(['apply', '-f', '-'], { input, env })
      assert.deepEqual(
        // kubectl sends the selector of a budget each time, whatever it is.
        again.split('\n').filter((line) => !/^$| unchanged$|^poddisruptionbudget/.test(line)),
        [],
      )
      await sandbox.settled()
      for (const object of objects) {
        const { name, namespace } = object.metadata
        const where = namespace === undefined ? [] : ['-n', namespace]
        const got = JSON.parse(await kubectl(['get', object.kind, name, ...where, '-o', 'json'], { env }))
        const { metadata: _, ...wanted } = object
        assert.partialDeepStrictEqual(got, wanted, `${object.kind} ${name}`)
      }
    })

    test('has Corefiles that can be used', async () => {
      const corefiles = (await build(`overlays/${name}`)).flatMap(({ data }) => data?.Corefile ?? [])
      assert.equal(corefiles.length, 1)
      for (const corefile of corefiles) assert.ok(check(corefile).length > 0)
    })
  })
}

suite('try', { skip }, () => {
  test('shares no object and no pod with the stock ones', async () => {
    const idOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace}/${metadata.name}`
    const [stock, tried] = [await build('base'), await build('overlays/try')]
    const ids = new Set(stock.map(idOf))
    assert.deepEqual(
      tried.map(idOf).filter((id) => ids.has(id)),
      [],
    )
    const service = tried.find(({ kind }) => kind === 'Service')
    const deployment = tried.find(({ kind }) => kind === 'Deployment')
    const pod = tried.find(({ kind }) => kind === 'Pod')
    assert.notEqual(deployment?.spec.template.metadata.labels['k8s-app'], 'kube-dns')
    assert.deepEqual(service?.spec.selector, deployment?.spec.template.metadata.labels)
    assert.deepEqual(pod?.spec.dnsConfig.nameservers, [service?.spec.clusterIP])
    assert.notEqual(pod?.metadata.namespace, 'kube-system', 'it would need no name of another namespace')
  })
})

suite('base', { skip }, () => {
  test('goes while it still answers', async () => {
    const objects = await build('base')
    const deployment = objects.find(({ kind }) => kind === 'Deployment')
    const readinessProbe = deployment?.spec.template.spec.containers[0].readinessProbe
    const corefile = objects.find(({ kind }) => kind === 'ConfigMap')?.data?.Corefile ?? ''
    const lameduck = Number(/lameduck (\d+)s/.exec(corefile)?.[1])
    assert.ok(readinessProbe.periodSeconds * readinessProbe.failureThreshold < lameduck)
  })

  test("is of this program's version", async () => {
    const [deployment] = (await build('base')).filter(({ kind }) => kind === 'Deployment')
    assert.equal(deployment?.spec.template.spec.containers[0].image, `clusterdns:${version}`)
  })
})

/** A sandbox until the test ends, with a folder and an environment by which kubectl finds it. */
async function clusterFor(t: TestContext): Promise<{ folder: string; env: NodeJS.ProcessEnv }> {
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  const folder = folderFor(t)
  const kubeconfig = join(folder, 'kubeconfig')
  await sandbox.writeKubeconfig(kubeconfig)
  return { folder, env: { ...process.env, HOME: folder, KUBECONFIG: kubeconfig } }
}

suite('docs/installing.md', { skip }, () => {
  test('the image is put in, and taken out again', async (t) => {
    const { env } = await clusterFor(t)
    const type = (line: string) => kubectl(['-n', 'kube-system', ...line.split(' ')], { env })
    const image = () => type('get deployment coredns -o jsonpath={.spec.template.spec.containers[*].image}')
    const before = await image()
    await type('set image deployment/coredns coredns=registry.example/clusterdns:0.1.0')
    await type('rollout status deployment/coredns --timeout=60s')
    assert.equal(await image(), 'registry.example/clusterdns:0.1.0')
    await type('rollout undo deployment/coredns')
    await type('rollout status deployment/coredns --timeout=60s')
    assert.equal(await image(), before)
  })

  test('the Corefile comes back', async (t) => {
    const { folder, env } = await clusterFor(t)
    const configMap = ['-n', 'kube-system', 'create', 'configmap', 'coredns']
    const corefile = () =>
      kubectl(['-n', 'kube-system', 'get', 'configmap', 'coredns', '-o', 'jsonpath={.data.Corefile}'], { env })
    await kubectl([...configMap, '--from-literal=Corefile=.:53 {\n}\n'], { env })
    const before = await corefile()
    const file = join(folder, 'Corefile.before')
    writeFileSync(file, before)
    await kubectl(['apply', '-k', join(manifests, 'overlays/kubeadm')], { env })
    assert.notEqual(await corefile(), before)
    const input = await kubectl([...configMap, `--from-file=Corefile=${file}`, '--dry-run=client', '-o', 'yaml'], {
      env,
    })
    await kubectl(['-n', 'kube-system', 'replace', '-f', '-'], { env, input })
    assert.equal(await corefile(), before)
  })
})

suite('autoscaling', { skip }, () => {
  test('leaves the replicas to the autoscaler, also where another folder has set them', async (t) => {
    const { env } = await clusterFor(t)
    const type = (line: string) => kubectl(['-n', 'kube-system', ...line.split(' ')], { env })
    const replicas = () => type('get deployment coredns -o jsonpath={.spec.replicas}')
    await type(`apply -k ${join(manifests, 'overlays/kubeadm')}`)
    await type('scale deployment/coredns --replicas=5')
    await type('annotate deployment/coredns kubectl.kubernetes.io/last-applied-configuration-')
    await type(`apply -k ${join(manifests, 'overlays/autoscaling')}`)
    assert.equal(await replicas(), '5')
    await type(`apply -k ${join(manifests, 'overlays/autoscaling')}`)
    assert.equal(await replicas(), '5')
  })
})

suite('prometheus', { skip }, () => {
  const promtool = spawnSync('promtool', ['--version']).status === 0
  test('has alerts that Prometheus can read', { skip: promtool ? false : 'needs promtool' }, async (t) => {
    const rules = (await build('overlays/prometheus')).find(({ kind }) => kind === 'PrometheusRule')
    const file = join(folderFor(t), 'rules.yaml')
    writeFileSync(file, dump(rules?.spec))
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })

  test('a field that nobody knows is refused, and a value nobody can use', async (t) => {
    const sandbox = await startSandbox(overlays.prometheus)
    t.after(() => sandbox.close())
    const objects = await build('overlays/prometheus')
    const [rules, monitor] = ['PrometheusRule', 'ServiceMonitor'].map((kind) =>
      dump(objects.find((object) => object.kind === kind)),
    )
    const wrong: readonly (readonly [string | undefined, string, string, RegExp])[] = [
      [monitor, 'interval:', 'intervall:', /unknown field "spec\.endpoints\[0\]\.intervall"/],
      [monitor, '30s', '30 seconds', /spec\.endpoints\[0\]\.interval in body should match/],
      [monitor, 'endpoints:', 'endpoint:', /unknown field "spec\.endpoint"/],
      [rules, 'alert:', 'alarm:', /unknown field "spec\.groups\[0\]\.rules\[0\]\.alarm"/],
      [rules, '5m', 'five', /spec\.groups\[0\]\.rules\[0\]\.for in body should match/],
    ]
    for (const [text = '', right, given, message] of wrong) {
      assert.ok(text.includes(right), right)
      assert.throws(() => sandbox.apply(text.replace(right, given)), message)
    }
  })

  test('alerts on metrics that there are', async () => {
    const rules = (await build('overlays/prometheus')).find(({ kind }) => kind === 'PrometheusRule')
    const named = JSON.stringify(rules).match(/coredns_\w+/g) ?? []
    assert.ok(named.length > 0)
    const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(source, path), 'utf8'))
      .join('\n')
    assert.deepEqual(
      named.map((metric) => metric.replace(/_bucket$/, '')).filter((metric) => !code.includes(`'${metric}'`)),
      [],
    )
  })
})
