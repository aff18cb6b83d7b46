// What real resolvers make of our answers: each has to ask the names that src/resolver says it asks, and to get what a walk
// by those rules gets. Runs in the node's network namespace; started by main.ts.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Type } from '../../src/dns/codes.ts'
import { parseName, printName } from '../../src/dns/name.ts'
import { Inquiry } from '../../src/explain/inquiry.ts'
import { resolve } from '../../src/explain/resolution.ts'
import { parseResolvConf } from '../../src/resolver/resolv-conf.ts'
import { resolverNamed } from '../../src/resolver/resolvers.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type Internet, startInternet } from './internet.ts'
import { clusterIP, type Network } from './network.ts'
import { addressesIn, type Program, type Programs } from './programs.ts'
import { printTable, type Row } from './table.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const manifests = fileURLToPath(new URL('../../manifests/walkthroughs', import.meta.url))
const page = fileURLToPath(new URL('../../docs/resolvers.md', import.meta.url))

interface Case {
  readonly name: string
  /** `default` unless said otherwise; see main.ts. */
  readonly pod?: string
  /** For the table. */
  readonly what: string
  /** What is not to be compared with the model, by program: their limits, not ours. */
  readonly beyond?: Readonly<Record<string, string>>
}

/** What Debian's versions make of a root in the search list, and current ones don't. */
const rootFirst = {
  musl: 'before 1.2.4 it sends a malformed name and waits in vain',
  'c-ares': 'before 1.20 it takes the name for malformed',
}

const longLabel = 'a'.repeat(63)

const cases: readonly Case[] = [
  { name: 'kubernetes', what: 'a Service of the own namespace' },
  { name: 'kubernetes.default', what: 'SVC.NS' },
  { name: 'kubernetes.default.svc', what: 'SVC.NS.svc' },
  { name: 'kubernetes.default.svc.cluster.local', what: 'the whole name' },
  { name: 'kubernetes.default.svc.cluster.local.', what: 'the whole name with a dot at its end' },
  { name: 'KuberNetes.DeFault', what: 'mixed case' },
  { name: 'mysql-svc', what: 'a headless Service' },
  { name: 'mysql-sts-0.mysql-svc', what: 'a pod of a StatefulSet, POD.SVC' },
  { name: 'kubia', what: 'a Service, from its namespace' },
  { name: 'kubia', pod: 'other', what: 'the same, from another namespace' },
  { name: 'kubia.default', pod: 'other', what: 'SVC.NS from another namespace' },
  { name: 'mysql-sts-0.mysql-svc.default', pod: 'other', what: 'POD.SVC.NS from another namespace' },
  { name: 'externalname-redis-svc', what: 'an ExternalName' },
  { name: 'api.example.com', what: 'a name of the Internet' },
  { name: 'api.example.com.', what: 'the same with a dot at its end' },
  { name: 'nothing.example.com', what: 'a name of the Internet that is not there' },
  { name: 'nothing', what: 'a name that is nowhere' },
  { name: 'nobody.default.svc.cluster.local', what: 'a whole name that is not there' },
  { name: `${longLabel}.default`, what: 'a label of 63 octets' },
  { name: '_sip._tcp.abc_d.example.com', what: 'underscores' },
  { name: 'kubernetes.default', pod: 'many', what: 'SVC.NS with nine search paths' },
  { name: 'kubernetes.default', pod: 'root', what: 'SVC.NS with `.` in front of the search list', beyond: rootFirst },
  { name: 'kubernetes', pod: 'root', what: 'a Service with `.` in front of the search list', beyond: rootFirst },
  {
    name: 'wide',
    what: 'a headless Service with 1,000 endpoints',
    beyond: {
      musl: 'before 1.2.4 it does not ask by TCP, and takes 48 addresses at most',
      busybox: 'it does not ask by TCP',
    },
  },
]

const programs = JSON.parse(process.env.E2E_PROGRAMS ?? '{"here":[],"missing":[]}') as Programs
const network = JSON.parse(process.env.E2E_NETWORK ?? '{"node":"","pods":{}}') as Network
/** A CoreDNS by its path, to ask it the same. */
const other = process.env.COREDNS
const isSetUp = network.node !== ''

let sandbox: Sandbox
let server: ChildProcess
let upstream: Internet
let printed = ''
const rows: Row[] = []

/** A thousand endpoints in ten slices. */
function wideObjects(): string {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'wide' },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  }
  const slices = Array.from({ length: 10 }, (_, slice) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `wide-${slice}`, labels: { 'kubernetes.io/service-name': 'wide' } },
    addressType: 'IPv4',
    endpoints: Array.from({ length: 100 }, (_, i) => ({
      addresses: [`10.20.${slice}.${i + 1}`],
      conditions: { ready: true },
    })),
    ports: [{ port: 80, protocol: 'TCP' }],
  }))
  return [service, ...slices, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } }]
    .map((object) => JSON.stringify(object))
    .join('\n---\n')
}

interface Result {
  readonly code: number | null
  readonly output: string
}

async function runIn(pod: string, { command, env = {}, ownRun }: Program, ...args: readonly string[]): Promise<Result> {
  const prepare = 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd && exec "$@"'
  const wrapped = ownRun === true ? ['unshare', '-m', 'sh', '-c', prepare, 'sh', ...command] : command
  const namespace = network.pods[pod]?.name ?? ''
  const child = spawn('ip', ['netns', 'exec', namespace, ...wrapped, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: 60_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

/** Names that the server was asked by an address since a point in its log, in their order, each once. */
function askedBy(address: string, since: number): string[] {
  const lines = printed.slice(since).matchAll(/\[INFO\] (\S+):[0-9]+ - [0-9]+ "\S+ IN (\S+) (?:udp|tcp) /g)
  const names = [...lines].filter(([, client]) => client === address).map(([, , name = '']) => name.toLowerCase())
  // The server asks itself for the target of an ExternalName, and logs that too.
  return [...new Set(names)].filter((name) => name !== 'redis.ik8s.io.')
}

let marks = 0

/** The log comes a moment after the answers: asks for a name of its own, and waits until the log has come to that. */
async function logSettled(): Promise<void> {
  const mark = `mark-${++marks}.cluster.local.`
  await new Inquiry([{ address: clusterIP, port: 53 }], 5000).ask(parseName(mark), Type.A)
  const started = performance.now()
  while (!printed.includes(mark)) {
    assert.ok(performance.now() - started < 30_000, `${mark} is not in the log`)
    await sleep(10)
  }
}

before(async () => {
  if (!isSetUp) return
  sandbox = await startSandbox({ manifests: [manifests] })
  sandbox.apply(wideObjects())
  await sandbox.settled()
  upstream = await startInternet('127.0.0.1', 5300)
  const corefile = `.:53 {
    bind ${clusterIP}
    multisocket 1
    log
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        endpoint ${sandbox.url}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . 127.0.0.1:5300
}
`
  const [command = '', ...args] = other === undefined ? [process.execPath, main] : [other]
  server = spawn(command, [...args, '-conf', 'stdin'], { stdio: ['pipe', 'pipe', 'pipe'] })
  server.stdin?.end(corefile)
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (printed += String(chunk)))
  const started = performance.now()
  while (!/\nlinux\//.test(printed)) {
    assert.ok(performance.now() - started < 30_000 && server.exitCode === null, `no start: ${printed}`)
    await sleep(50)
  }
})

after(async () => {
  if (!isSetUp) return
  server.kill('SIGTERM')
  await once(server, 'exit')
  upstream.close()
  await sandbox.close()
  if (other === undefined) writeFileSync(page, printTable(programs, rows))
})

suite('resolvers', { skip: isSetUp ? false : 'started by npm run e2e' }, () => {
  for (const { name, pod = 'default', what, beyond = {} } of cases) {
    suite(`${name} in pod ${pod}: ${what}`, () => {
      const row = { what, name, cells: {} as Record<string, string>, beyond }
      rows.push(row)
      for (const program of programs.here) {
        test(program.name, async () => {
          const { address = '', resolvConf = '' } = network.pods[pod] ?? {}
          await logSettled()
          const since = printed.length
          const { code, output } = await runIn(pod, program, name)
          const addresses = addressesIn(output, clusterIP)
          const mark = code === 0 || addresses.length === 0 ? '' : `, exit code ${code}`
          row.cells[program.name] =
            addresses.length === 0 ? 'no' : `${addresses.length > 1 ? addresses.length : 'yes'}${mark}`
          const resolver = program.resolver === undefined ? undefined : resolverNamed(program.resolver)
          if (resolver === undefined || beyond[program.name] !== undefined) return
          const inquiry = new Inquiry([{ address: clusterIP, port: 53 }], 5000)
          const types = program.resolver === 'node-resolve' ? [Type.A] : [Type.A, Type.AAAA]
          const model = await resolve(resolver.walk, parseResolvConf(resolvConf), name, types, inquiry)
          const taken = model.verdict.taken.flatMap(
            (step) => model.tried[step]?.replies.flatMap((reply) => reply.data) ?? [],
          )
          assert.deepEqual(addresses, [...new Set(taken)].sort(), output)
          const names = [...new Set(model.tried.map((step) => printName(step.name).toLowerCase()))]
          await logSettled()
          // What is asked at once is answered, and logged, in any order.
          const inOrder = (list: string[]) => (program.resolver === 'busybox' ? list.sort() : list)
          assert.deepEqual(inOrder(askedBy(address, since)), inOrder(names), output)
        })
      }
    })
  }
})

suite('walkthroughs', { skip: isSetUp ? false : 'started by npm run e2e' }, () => {
  const lines = (output: string) =>
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/^Address [0-9]+: /, ''))
      .sort()

  for (const [name, expected] of [
    ['10.96.0.10', ['10.96.0.10 kube-dns.kube-system.svc.cluster.local']],
    [
      'mysql-svc',
      [0, 1, 2].map(
        (n) => `${['10.42.1.8', '10.42.2.12', '10.42.0.6'][n]} mysql-sts-${n}.mysql-svc.default.svc.cluster.local`,
      ),
    ],
    ['mysql-sts-0.mysql-svc', ['10.42.1.8 mysql-sts-0.mysql-svc.default.svc.cluster.local']],
    ['kubia', ['10.254.129.235 kubia.default.svc.cluster.local']],
    [
      'nginx-web-0.nginx-test.default.svc.cluster.local',
      ['192.168.40.103 nginx-web-0.nginx-test.default.svc.cluster.local'],
    ],
    ['kubernetes.default', ['10.96.0.1 kubernetes.default.svc.cluster.local']],
  ] as const) {
    test(`the lines of nslookup ${name}`, async () => {
      if (programs.lines === undefined) return
      const { output } = await runIn('default', programs.lines, name, 'names')
      assert.deepEqual(lines(output), [...expected].sort())
    })
  }

  const glibc = programs.here.find(({ name }) => name === 'glibc')

  /** Looks a name up until it has these addresses; returns all that it had on the way. */
  async function follow(name: string, expected: readonly string[]): Promise<string[]> {
    assert.ok(glibc)
    const seen: string[] = []
    const started = performance.now()
    for (;;) {
      const { output } = await runIn('default', glibc, name)
      const now = addressesIn(output, clusterIP).join(' ')
      if (seen.at(-1) !== now) seen.push(now)
      if (now === [...expected].sort().join(' ')) return seen
      assert.ok(performance.now() - started < 30_000, `${name}: ${seen.join(', ')}`)
    }
  }

  test('a pod is replaced while a client loops: the old address, perhaps none, then the new one', async () => {
    const name = 'hello-kubernetes-0.headless-demo'
    assert.deepEqual(await follow(name, ['10.244.1.6']), ['10.244.1.6'])
    sandbox.delete('Pod', 'default', 'hello-kubernetes-0')
    const seen = await follow(name, ['10.244.1.7'])
    assert.deepEqual(
      seen.filter((addresses) => addresses !== '10.244.1.6' && addresses !== ''),
      ['10.244.1.7'],
    )
    for (let again = 0; again < 10; again++) assert.deepEqual(await follow(name, ['10.244.1.7']), ['10.244.1.7'])
  })

  test('publishNotReadyAddresses is switched on while a client loops', async () => {
    assert.deepEqual(await follow('kubia-headless', ['172.30.14.3', '172.30.35.3']), ['172.30.14.3 172.30.35.3'])
    sandbox.patch('Service', 'default', 'kubia-headless', { spec: { publishNotReadyAddresses: true } })
    const seen = await follow('kubia-headless', ['172.30.14.3', '172.30.35.2', '172.30.35.3'])
    assert.ok(seen.length <= 2, seen.join(', '))
  })
})
