// The five walkthroughs, asked of `npm run sandbox` over its sockets, and changed through its API.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { parseType, printRcode } from '../../src/dns/codes.ts'
import { decodeMessage } from '../../src/dns/decode.ts'
import { encodeMessage } from '../../src/dns/encode.ts'
import { message } from '../../src/dns/message.ts'
import { parseName } from '../../src/dns/name.ts'
import { printRecords } from '../../src/dns/text.ts'
import { askTcp, ask as askUdp } from '../server/ask.ts'
import { launch, type Started } from '../server/process.ts'

let program: Started
let port = 0
let api = ''

before(async () => {
  program = launch(['sandbox', '-dns.port', '0'])
  await program.printed(/sandbox is ready[\s\S]*Ctrl-C/)
  port = Number(/-p (\d+)/.exec(program.output())?.[1])
  const kubeconfig = readFileSync(/KUBECONFIG=(\S+)/.exec(program.output())?.[1] ?? '', 'utf8')
  api = /server: (\S+)/.exec(kubeconfig)?.[1] ?? ''
})

after(async () => {
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0)
})

function questionOf(text: string): Buffer {
  const [name = '', type = ''] = text.split(' ')
  const asked = { name: parseName(name), type: parseType(type) ?? 0, class: 1 }
  return encodeMessage(message({ id: 4711, recursionDesired: true, questions: [asked] }))
}

/** The rcode, where it isn't NOERROR, or the records of the answer, sorted, their TTLs left out. */
async function answer(question: string, how: typeof askTcp | typeof askUdp = askUdp): Promise<string[]> {
  const reply = await how(port, questionOf(question))
  assert.ok(reply, `an answer to ${question}`)
  const { rcode, answer } = decodeMessage(reply)
  if (rcode !== 0) return [printRcode(rcode)]
  return answer
    .flatMap(printRecords)
    .map((line) => line.replace(/ \d+ IN /, ' '))
    .sort()
}

/** Asks until the answer is this one. */
async function follows(question: string, expected: readonly string[]): Promise<void> {
  const started = performance.now()
  for (;;) {
    const got = await answer(question)
    if (got.join() === [...expected].sort().join()) return
    assert.ok(performance.now() - started < 10_000, `${question}: still ${got.join(', ')}`)
  }
}

const request = async (method: string, path: string, body?: object): Promise<unknown> => {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  })
  assert.ok(response.ok, `${method} ${path}: ${response.status}`)
  return response.json()
}

const zone = 'default.svc.cluster.local.'
const addresses = (name: string, ...list: readonly string[]) => list.map((address) => `${name} A ${address}`)

for (const [question, expected] of [
  // 1. nginx-test
  [`nginx-test.${zone} A`, addresses(`nginx-test.${zone}`, '192.168.40.103', '192.168.40.96')],
  [`nginx-web-0.nginx-test.${zone} A`, addresses(`nginx-web-0.nginx-test.${zone}`, '192.168.40.103')],
  [`nginx-web-1.nginx-test.${zone} A`, addresses(`nginx-web-1.nginx-test.${zone}`, '192.168.40.96')],
  [`nginx-web-2.nginx-test.${zone} A`, ['NXDOMAIN']],
  [
    `_nginx-web._tcp.nginx-test.${zone} SRV`,
    [0, 1].map((n) => `_nginx-web._tcp.nginx-test.${zone} SRV 0 50 80 nginx-web-${n}.nginx-test.${zone}`),
  ],
  // 2. mysql-svc
  [`mysql-svc.${zone} A`, addresses(`mysql-svc.${zone}`, '10.42.0.6', '10.42.1.8', '10.42.2.12')],
  [`mysql-sts-0.mysql-svc.${zone} A`, addresses(`mysql-sts-0.mysql-svc.${zone}`, '10.42.1.8')],
  [`mysql-svc.${zone} AAAA`, []],
  ['6.0.42.10.in-addr.arpa. PTR', [`6.0.42.10.in-addr.arpa. PTR mysql-sts-2.mysql-svc.${zone}`]],
  ['8.1.42.10.in-addr.arpa. PTR', [`8.1.42.10.in-addr.arpa. PTR mysql-sts-0.mysql-svc.${zone}`]],
  ['10.0.96.10.in-addr.arpa. PTR', ['10.0.96.10.in-addr.arpa. PTR kube-dns.kube-system.svc.cluster.local.']],
  // 4. kubia
  [`kubia.${zone} A`, addresses(`kubia.${zone}`, '10.254.129.235')],
  ['235.129.254.10.in-addr.arpa. PTR', [`235.129.254.10.in-addr.arpa. PTR kubia.${zone}`]],
  [`kubia-headless.${zone} A`, addresses(`kubia-headless.${zone}`, '172.30.35.3', '172.30.14.3')],
  [`172-30-35-3.kubia-headless.${zone} A`, addresses(`172-30-35-3.kubia-headless.${zone}`, '172.30.35.3')],
  [`172-30-35-2.kubia-headless.${zone} A`, ['NXDOMAIN']],
  // 5. services at large
  [`nginx-service.${zone} A`, addresses(`nginx-service.${zone}`, '10.99.248.138')],
  [`myapp-svc-nodeport.${zone} A`, addresses(`myapp-svc-nodeport.${zone}`, '10.111.137.18')],
  [`externalname-redis-svc.${zone} A`, [`externalname-redis-svc.${zone} CNAME redis.ik8s.io.`]],
  [`externalname-redis-svc.${zone} CNAME`, [`externalname-redis-svc.${zone} CNAME redis.ik8s.io.`]],
  ['nginx-service.default.cluster.local. A', ['NXDOMAIN']],
  ['kubernetes.default.svc.cluster.local. A', ['kubernetes.default.svc.cluster.local. A 10.96.0.1']],
  ['dns-version.cluster.local. TXT', ['dns-version.cluster.local. TXT "1.1.0"']],
  ['www.example.com. A', ['REFUSED']],
] as const) {
  test(`sandbox: ${question}`, async () => {
    assert.deepEqual(await answer(question), [...expected].sort())
    assert.deepEqual(await answer(question, askTcp), [...expected].sort())
  })
}

test('sandbox: a pod behind two services has the name of each, the headless one first', async () => {
  const reply = await askUdp(port, questionOf('3.35.30.172.in-addr.arpa. PTR'))
  assert.ok(reply)
  assert.deepEqual(
    decodeMessage(reply)
      .answer.flatMap(printRecords)
      .map((line) => line.split(' ').at(-1)),
    [`172-30-35-3.kubia-headless.${zone}`, `172-30-35-3.kubia.${zone}`],
  )
})

test('sandbox: pods that are deleted come back with other addresses under their names', async () => {
  const pods = [0, 1, 2].map((n) => `hello-kubernetes-${n}`)
  const first = ['10.244.1.6', '10.244.2.6', '10.244.0.7']
  await follows(`headless-demo.${zone} A`, addresses(`headless-demo.${zone}`, ...first))
  for (const pod of pods) await request('DELETE', `/api/v1/namespaces/default/pods/${pod}`)
  const second = ['10.244.1.7', '10.244.2.7', '10.244.0.8']
  await follows(`headless-demo.${zone} A`, addresses(`headless-demo.${zone}`, ...second))
  for (const [n, pod] of pods.entries()) {
    const name = `${pod}.headless-demo.${zone}`
    await follows(`${name} A`, addresses(name, second[n] as string))
  }
  for (let asked = 0; asked < 20; asked++) {
    const now = await answer(`headless-demo.${zone} A`)
    assert.deepEqual(now, addresses(`headless-demo.${zone}`, ...second).sort(), 'nothing stale comes after the change')
  }
})

test('sandbox: publishNotReadyAddresses tells the pods that are not ready too', async () => {
  await request('PATCH', '/api/v1/namespaces/default/services/kubia-headless', {
    spec: { publishNotReadyAddresses: true },
  })
  await follows(
    `kubia-headless.${zone} A`,
    addresses(`kubia-headless.${zone}`, '172.30.35.3', '172.30.14.3', '172.30.35.2'),
  )
})

test('sandbox: a headless service without selector has nothing until somebody writes Endpoints for it', async () => {
  const name = `by-hand.${zone}`
  const metadata = { name: 'by-hand', namespace: 'default' }
  const spec = { clusterIP: 'None', ports: [{ port: 80 }] }
  await request('POST', '/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata, spec })
  assert.deepEqual(await answer(`${name} A`), ['NXDOMAIN'])
  const subsets = [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }]
  await request('POST', '/api/v1/namespaces/default/endpoints', {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata,
    subsets,
  })
  await follows(`${name} A`, addresses(name, '10.1.2.3'))
  await request('DELETE', '/api/v1/namespaces/default/services/by-hand')
  await follows(`${name} A`, ['NXDOMAIN'])
})
