// The Corefiles that clusters come with (test/fixtures/corefiles), each served by a process and asked.
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { parseType, printRcode } from '../../src/dns/codes.ts'
import { decodeMessage } from '../../src/dns/decode.ts'
import { encodeMessage } from '../../src/dns/encode.ts'
import { message } from '../../src/dns/message.ts'
import { parseName } from '../../src/dns/name.ts'
import { printRecords } from '../../src/dns/text.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { lackedBy, stockFolder } from '../stock-corefiles.ts'
import { FaultyUpstream } from '../upstream.ts'
import { ask, freePort } from './ask.ts'
import { folderFor, start } from './process.ts'

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.80', ports: [{ port: 80 }] },
}

const cluster = 'web.default.svc.cluster.local.'
const web = (ttl: number) => `${cluster} ${ttl} IN A 10.96.0.80`
/** What the upstream server knows; the cache counts its TTL down. */
const upstreams = (name: string) => `${name} TTL IN A 192.0.2.1`

/** Questions and what is answered, of each file; kind's is kubeadm's. Behind the cache a hosts file's TTLs are at most those of the cache. */
const expected: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  aks: {
    [`${cluster} A`]: [web(30)],
    'db.example. A': ['db.example. 30 IN A 192.0.2.20'],
    'a.b.c.d.internal.cloudapp.net. A': ['NXDOMAIN'],
    'a.b.c.internal.cloudapp.net. A': [upstreams('a.b.c.internal.cloudapp.net.')],
    'reddog.microsoft.com. AAAA': ['NXDOMAIN'],
    'www.corp.example. A': [upstreams('www.corp.example.')],
  },
  eks: { [`${cluster} A`]: [web(5)], 'www.example. A': [upstreams('www.example.')] },
  gardener: {
    [`${cluster} A`]: [web(30)],
    [`${cluster}svc.cluster.local. A`]: [`${cluster}svc.cluster.local. 30 IN A 10.96.0.80`],
  },
  k3s: {
    [`${cluster} A`]: [web(5)],
    'agent-0. A': ['agent-0. 30 IN A 192.0.2.12'],
    'agent-0. AAAA': ['agent-0. 30 IN AAAA 2001:db8::12'],
    '11.2.0.192.in-addr.arpa. PTR': ['11.2.0.192.in-addr.arpa. 30 IN PTR server-0.'],
    'www.corp.example. A': [upstreams('www.corp.example.')],
  },
  kubeadm: {
    [`${cluster} A`]: [web(30)],
    'none.default.svc.cluster.local. A': ['NXDOMAIN'],
    '80.0.96.10.in-addr.arpa. PTR': [`80.0.96.10.in-addr.arpa. 30 IN PTR ${cluster}`],
    '10-1-2-3.default.pod.cluster.local. A': ['10-1-2-3.default.pod.cluster.local. 30 IN A 10.1.2.3'],
    'www.example. A': [upstreams('www.example.')],
  },
  'kubeadm-1.27': { [`${cluster} A`]: [web(30)], 'www.example. A': [upstreams('www.example.')] },
  microk8s: { [`${cluster} A`]: [web(5)], 'www.example. A': [upstreams('www.example.')] },
  minikube: {
    [`${cluster} A`]: [web(30)],
    'host.minikube.internal. A': ['host.minikube.internal. 30 IN A 192.168.49.1'],
    'www.example. A': [upstreams('www.example.')],
  },
  // It knows no cluster: the server behind it does.
  nodelocaldns: {
    [`${cluster} A`]: [upstreams(cluster)],
    'www.example. A': [upstreams('www.example.')],
    'www.corp.example. A': [upstreams('www.corp.example.')],
  },
  observed: { [`${cluster} A`]: [web(30)], 'www.example. A': [upstreams('www.example.')] },
  openshift: { [`${cluster} A`]: [web(5)], 'www.example. A': [upstreams('www.example.')] },
  'openshift-servers': {
    [`${cluster} A`]: [web(5)],
    'www.corp.example. A': [upstreams('www.corp.example.')],
    'www.partner.example. A': [upstreams('www.partner.example.')],
    'www.example. A': [upstreams('www.example.')],
  },
  rke2: { [`${cluster} A`]: [web(30)], 'www.example. A': [upstreams('www.example.')] },
  'stub-domains': {
    [`${cluster} A`]: [web(30)],
    'www.example.org. A': ['www.example.org. 30 IN A 192.0.2.30'],
    'api.example.org. A': ['api.example.org. 30 IN A 192.0.2.31'],
    'www.acme.example. A': [upstreams('www.acme.example.')],
    'www.corp.example. A': [upstreams('www.corp.example.')],
  },
}

let api: Awaited<ReturnType<typeof startSandbox>>
let upstream: FaultyUpstream
before(async () => {
  api = await startSandbox()
  api.apply(service)
  await api.settled()
  upstream = await FaultyUpstream.open()
})
after(async () => {
  await upstream.die()
  await api.close()
})

/**
 * A copy of a fixture in which only places are others: addresses and ports of loopback, the API server and the upstream
 * server of this test. Nobody waits for lameducks.
 */
function settle(t: TestContext, name: string, port: number): string {
  const folder = folderFor(t)
  const kubeconfig = join(folder, 'kubeconfig')
  cpSync(join(stockFolder, name), folder, { recursive: true })
  api.writeKubeconfig(kubeconfig)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
  for (const file of files.filter((path) => statSync(path).isFile() && path !== kubeconfig)) {
    const text = readFileSync(file, 'utf8')
      .replaceAll('/etc/coredns', folder)
      .replace(/^(\S.*)\{$/gm, (line, keys: string) =>
        /^(?:hosts|log) /.test(line) ? line : `${keys.replace(/:[0-9]+/g, `:${port}`)}{\n    bind 127.0.0.1`,
      )
      .replace(/^ +bind (?!127\.0\.0\.1$).*\n/gm, '')
      .replace(/^( +(?:health|ready|prometheus))\b[^{\n]*/gm, '$1 127.0.0.1:0 ')
      .replace(/lameduck .*/, 'lameduck 1ms')
      .replace(/^( +kubernetes .*)\{$/gm, `$1{\n        kubeconfig ${kubeconfig}`)
      .replace(/^( +forward +\.) (?!tls:)[^{\n]*/gm, `$1 ${upstream.address} `)
    writeFileSync(file, text)
  }
  return join(folder, 'Corefile')
}

async function answerOf(port: number, question: string): Promise<string[]> {
  const [name = '', type = ''] = question.split(' ')
  const asked = { name: parseName(name), type: parseType(type) ?? 0, class: 1 }
  const octets = await ask(port, encodeMessage(message({ id: 1, recursionDesired: true, questions: [asked] })), {
    wait: 20_000,
  })
  assert(octets !== undefined, question)
  const { rcode, answer } = decodeMessage(octets)
  const records = answer.flatMap(printRecords).map((line) => line.replace(/ [0-9]+ (IN A 192\.0\.2\.1)$/, ' TTL $1'))
  return rcode === 0 ? records : [printRcode(rcode), ...records]
}

suite('stock Corefiles', () => {
  for (const [name, answers] of Object.entries(expected)) {
    test(name, lackedBy(name), async (t) => {
      const port = await freePort()
      const program = start(t, ['-conf', settle(t, name, port), '-dns.port', `${port}`])
      await program.printed(/\nlinux\/|\ndarwin\//)
      for (const [question, records] of Object.entries(answers)) {
        assert.deepEqual(await answerOf(port, question), records, question)
      }
      program.process.kill('SIGTERM')
      assert.equal(await program.ended, 0, program.output())
      assert.doesNotMatch(program.output(), /\[ERROR\]/)
      if (name === 'observed') assert.equal(program.output().match(/not supported here$/gm)?.length, 3)
    })
  }
})
