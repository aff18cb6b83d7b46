// Real resolvers behind autopath: they get what they get without it, and glibc needs one question for it where it needed
// many. Runs in the node's network namespace; started by main.ts.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Type } from '../../src/dns/codes.ts'
import { parseName } from '../../src/dns/name.ts'
import { Inquiry } from '../../src/explain/inquiry.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { startInternet } from './internet.ts'
import { clusterIP, type Network } from './network.ts'
import { addressesIn, type Program, type Programs } from './programs.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const manifests = fileURLToPath(new URL('../../manifests/walkthroughs', import.meta.url))
const programs = JSON.parse(process.env.E2E_PROGRAMS ?? '{"here":[],"missing":[]}') as Programs
const network = JSON.parse(process.env.E2E_NETWORK ?? '{"node":"","pods":{}}') as Network
const isSetUp = network.node !== ''
/** A CoreDNS by its path, to ask it the same where it can be asked. */
const other = process.env.COREDNS

/** How the server is told whose search list to walk. */
const manners: Readonly<Record<string, string>> = {
  'without autopath': '',
  'autopath @kubernetes': 'autopath @kubernetes',
  'autopath from the question': 'autopath @kubernetes {\n        from_question\n    }',
}

/** With how many names glibc asks for them where autopath works. */
const names: Readonly<Record<string, number>> = {
  kubernetes: 1,
  'kubernetes.default': 1,
  'kubernetes.default.svc.cluster.local': 1,
  'mysql-svc': 1,
  'mysql-sts-0.mysql-svc': 1,
  'externalname-redis-svc': 1,
  'api.example.com': 1,
  'api.example.com.': 1,
  'nothing.example.com': 4,
  nothing: 4,
}

/** What a program made of a name, and the names that were asked for. */
interface Lookup {
  readonly addresses: readonly string[]
  readonly asked: readonly string[]
  /** The rcodes that A and AAAA of each of them had, each once. */
  readonly rcodes: readonly (readonly string[])[]
}

async function runIn(pod: string, { command, env = {} }: Program, name: string): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', network.pods[pod]?.name ?? '', ...command, name], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: 60_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
  await once(child, 'close')
  return output
}

/** Every name looked up by every program, by `PROGRAM NAME`. */
async function lookUpAll(manner: string, who: readonly Program[]): Promise<Map<string, Lookup>> {
  const { address = '' } = network.pods.default ?? {}
  const sandbox = await startSandbox({ manifests: [manifests] })
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'asking', annotations: { 'sandbox.clusterdns.io/addresses': address } },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
  }
  sandbox.apply(JSON.stringify(pod))
  await sandbox.settled()
  const internet = await startInternet('127.0.0.1', 5300)
  const [command = '', ...args] = other === undefined ? [process.execPath, main] : [other]
  const server = spawn(command, [...args, '-conf', 'stdin'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (printed += String(chunk)))
  server.stdin?.end(`.:53 {
    bind ${clusterIP}
    multisocket 1
    log
    errors
    ${manner}
    cache
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        endpoint ${sandbox.url}
        pods ${manner.includes('from_question') ? 'insecure' : 'verified'}
    }
    forward . 127.0.0.1:5300
}
`)
  const until = async (what: string, isThere: () => boolean) => {
    const started = performance.now()
    while (!isThere()) {
      assert.ok(performance.now() - started < 30_000 && server.exitCode === null, `no ${what}: ${printed}`)
      await sleep(10)
    }
  }
  const inquiry = new Inquiry([{ address: clusterIP, port: 53 }], 5000)
  const lookups = new Map<string, Lookup>()
  try {
    await until('start', () => /\nlinux\//.test(printed))
    let marks = 0
    for (const program of who) {
      for (const name of Object.keys(names)) {
        const since = printed.length
        const addresses = addressesIn(await runIn('default', program, name), clusterIP)
        // The log comes a moment after the answers.
        const mark = `mark-${++marks}.cluster.local.`
        await inquiry.ask(parseName(mark), Type.A)
        await until(mark, () => printed.includes(mark, since))
        const lines = printed
          .slice(since)
          .matchAll(/\[INFO\] (\S+):[0-9]+ - [0-9]+ "\S+ IN (\S+) (?:udp|tcp) [^"]*" (\S+)/g)
        // The server asks itself for the target of an ExternalName, and logs that too.
        const own = [...lines].filter(([, client, one]) => client === address && one !== 'redis.ik8s.io.')
        const asked = [...new Set(own.map(([, , one = '']) => one))]
        const rcodes = asked.map((one) => [
          ...new Set(own.filter(([, , each]) => each === one).map(([, , , rcode = '']) => rcode)),
        ])
        lookups.set(`${program.name} ${name}`, { addresses, asked, rcodes })
      }
    }
    return lookups
  } finally {
    server.kill('SIGTERM')
    if (server.exitCode === null) await once(server, 'exit')
    internet.close()
    await sandbox.close()
  }
}

suite('autopath', { skip: isSetUp ? false : 'started by npm run e2e' }, () => {
  // One that runs a server of its own keeps what it has heard.
  const who = programs.here.filter(({ resolver, ownRun }) => resolver !== undefined && ownRun !== true)
  let plain: ReadonlyMap<string, Lookup> | undefined
  for (const [title, manner] of Object.entries(manners)) {
    // CoreDNS has no such property.
    if (other !== undefined && manner.includes('from_question')) continue
    test(title, async () => {
      const lookups = await lookUpAll(manner, who)
      plain ??= lookups
      for (const [key, { addresses, asked, rcodes }] of lookups) {
        assert.ok(
          rcodes.every((those) => those.length === 1),
          `${key}: ${asked.map((name, i) => `${name} ${rcodes[i]?.join(', ')}`).join('; ')}`,
        )
        const without = plain.get(key)
        assert.deepEqual(addresses, without?.addresses, key)
        assert.ok(asked.length <= (without?.asked.length ?? 0), `${key}: ${asked.join(' ')}`)
      }
      for (const [name, count] of Object.entries(names)) {
        const glibc = lookups.get(`glibc ${name}`)
        if (glibc !== undefined && manner !== '') assert.equal(glibc.asked.length, count, `${name}: ${glibc.asked}`)
      }
    })
  }
})
