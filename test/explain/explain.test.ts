// A broken cluster, asked as operators ask: for each kind of trouble the right cause, in words.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseType, Type } from '../../src/dns/codes.ts'
import { parseName } from '../../src/dns/name.ts'
import { type ClusterView, readCluster } from '../../src/explain/cluster-view.ts'
import { explain } from '../../src/explain/explain.ts'
import type { Cause } from '../../src/explain/insight.ts'
import { plain, printReport } from '../../src/explain/print.ts'
import { exitCode, type Report } from '../../src/explain/report.ts'
import { resolverNamed } from '../../src/resolver/resolvers.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { launch, type Started } from '../server/process.ts'
import { type Front, startFront } from './front.ts'

const manifest = fileURLToPath(new URL('broken-cluster.yaml', import.meta.url))
let sandbox: Sandbox
let server: Started
let port = 0
let view: ClusterView
/** Forwards names outside the cluster to an upstream that knows some, is broken for others and silent for more. */
let front: Front

before(async () => {
  sandbox = await startSandbox({ manifests: [manifest] })
  await sandbox.settled()
  const corefile = `cluster.local in-addr.arpa ip6.arpa {
    bind 127.0.0.1
    kubernetes {
        endpoint ${sandbox.url}
    }
}
`
  server = launch(['-conf', 'stdin', '-dns.port', '0'], { input: corefile })
  await server.printed(/\nlinux\/|\ndarwin\//)
  port = Number(/:(\d+)(?: on \S+)?\n/.exec(server.output())?.[1])
  view = await readCluster({ from: 'endpoint', url: sandbox.url, tls: undefined })
  front = await startFront(port, (name, type) => {
    if (name === 'api.example.com') return type === 'A' ? [{ type: 'A', name, ttl: 30, data: '192.0.2.80' }] : []
    if (name.endsWith('.broken.example')) return 'SERVFAIL'
    if (name.endsWith('.silent.example')) return 'silence'
    return 'NXDOMAIN'
  })
})

after(async () => {
  front.close()
  server.process.kill('SIGTERM')
  await server.ended
  await sandbox.close()
})

interface Asking {
  readonly resolver?: string
  readonly namespace?: string
  readonly search?: string
  readonly options?: string
  readonly domain?: string
  readonly port?: number
  readonly view?: ClusterView | undefined
}

async function ask(question: string, asking: Asking = {}): Promise<Report> {
  const [asked = '', type] = question.split(' ')
  const { namespace = 'shop', domain = 'cluster.local' } = asking
  const resolver = resolverNamed(asking.resolver ?? 'glibc')
  assert.ok(resolver)
  const words = (text: string) => text.split(' ').filter((word) => word !== '')
  return explain({
    asked,
    types: type === undefined ? [Type.A, Type.AAAA] : [parseType(type) ?? 0],
    resolver,
    conf: {
      nameservers: [],
      search: words(asking.search ?? `${namespace}.svc.${domain} svc.${domain} ${domain}`),
      options: words(asking.options ?? 'ndots:5'),
    },
    servers: [{ address: '127.0.0.1', port: asking.port ?? front.port }],
    namespace,
    zone: parseName(domain),
    view: 'view' in asking ? asking.view : view,
    timeoutMs: 500,
  })
}

/** What an operator asks, what is wrong, and words that have to be in the text. */
const troubles: readonly (readonly [question: string, asking: Asking, cause: Cause, words: RegExp])[] = [
  ['web.shpo', {}, 'no-namespace', /namespace `shpo` does not exist; did you mean namespace `shop`\?/],
  ['web.nowhere', {}, 'no-namespace', /namespace `nowhere` does not exist/],
  ['wbe', {}, 'no-service', /no Service `wbe` in namespace `shop`; did you mean web\?/],
  ['wbe.shop', { namespace: 'default' }, 'no-service', /no Service `wbe` in namespace `shop`; did you mean web\?/],
  ['db-0.bd', {}, 'no-service', /no Service `bd` in namespace `shop`; did you mean db-0.db\?/],
  ['web', { namespace: 'default' }, 'other-namespace', /there is one in `shop`; ask for web.shop/],
  ['empty', {}, 'no-endpoints', /has no endpoints: its selector app=emtpy matches no pod/],
  ['waiting', {}, 'no-endpoints', /none has an address \(waiting-1 is Pending\)/],
  ['by-hand', {}, 'no-selector', /has no selector.*kubernetes.io\/service-name: by-hand/],
  ['starting', {}, 'none-ready', /0 of 3 endpoints are ready: .*\(pod starting-0\)/],
  ['starting-0.starting', {}, 'none-ready', /0 of 3 endpoints are ready/],
  ['db-1.db', {}, 'endpoint-not-ready', /`db-1` of Service shop\/db is 10.244.0.112 .*not ready/],
  [
    '_htpp._tcp.web SRV',
    {},
    'no-such-port',
    /has no port `htpp` over tcp; it has _http._tcp, _metrics._tcp; ask for _http._tcp.web/,
  ],
  ['_http._udp.web SRV', {}, 'no-such-port', /has no port `http` over udp/],
  ['_http._tcp.plain SRV', {}, 'unnamed-port', /have no names \(80\/tcp\)/],
  ['legacy', {}, 'external-name-dead', /leads to `legacy.gone.example`, which has no address \(NXDOMAIN\)/],
  ['moved', {}, 'external-name-dead', /leads to `nobody.shop.svc.cluster.local`, and there is no Service `nobody`/],
  ['numeric', {}, 'external-name-is-address', /`192.0.2.7`, which is an address and no name/],
  ['x.legacy', {}, 'nothing-below-external-name', /ask for legacy.shop or legacy.gone.example/],
  ['nameless.workers', {}, 'pod-without-hostname', /pod `nameless` has no hostname.*ask for 10-244-0-121.workers/],
  ['homeless.workers', {}, 'pod-without-hostname', /has a hostname but no subdomain.*ask for 10-244-0-122.workers/],
  ['renamed.workers', {}, 'other-hostname', /has the hostname `worker-3`.*ask for worker-3.workers/],
  ['db-0.workers', {}, 'wrong-service', /behind Service shop\/db, not behind workers; ask for db-0.db/],
  ['loner.workers', {}, 'pod-not-selected', /has not the labels that Service shop\/workers selects by/],
  ['waiting-1.workers', {}, 'pod-not-running', /pod `waiting-1` is Pending/],
  ['db-0', {}, 'pod-name-alone', /`db-0` is a pod.*ask for db-0.db/],
  [
    'ghost-0.ghosts',
    {},
    'no-governing-service',
    /no Service `ghosts`.*\(ghost-0\).*create a headless Service `ghosts`/,
  ],
  ['worker-33.workers', {}, 'no-such-endpoint', /did you mean worker-3.workers/],
  ['web.shop.cluster.local', {}, 'old-short-form', /there has to be `svc`; ask for web.shop.svc.cluster.local/],
  [
    'web.shop.svc.kube.local',
    {},
    'wrong-cluster-domain',
    /`kube.local` is not this cluster's domain, which is `cluster.local`/,
  ],
  ['web.shop.svc.', {}, 'trailing-dot', /without it there is web.shop.svc.cluster.local./],
  ['web.', {}, 'trailing-dot', /search list is not used; without it there is web.shop.svc.cluster.local./],
  ['web', { domain: 'corp.local' }, 'zone-not-served', /does not serve `corp.local`|does not serve that domain/],
  ['web', { search: '' }, 'no-cluster-search', /not in the pod's search list, which is empty.*ClusterFirstWithHostNet/],
  ['web AAAA', {}, 'no-such-family', /IPv4 addresses only, so there is no AAAA record/],
  ['web MX', {}, 'no-such-type', /none of type MX/],
  ['10-244-0-101.shop.pod', {}, 'pods-disabled', /option `pods` is `disabled`/],
  ['10-9-9-9.shop.pod', {}, 'no-such-pod', /no pod in `shop` has the address 10.9.9.9/],
  [
    '131.0.244.10.in-addr.arpa. PTR',
    {},
    'no-reverse-name',
    /10.244.0.131 is pod shop\/loner, which is behind no Service/,
  ],
  [
    '112.0.244.10.in-addr.arpa. PTR',
    {},
    'endpoint-not-ready',
    /10.244.0.112 is an endpoint of Service shop\/db, but not ready/,
  ],
  ['1.2.0.192.in-addr.arpa. PTR', {}, 'unknown-address', /no Service, endpoint or pod .* has the address 192.0.2.1/],
  ['www.broken.example', {}, 'upstream-down', /SERVFAIL for www.broken.example..*upstream is at fault/],
  ['www.silent.example', {}, 'upstream-down', /no reply for www.silent.example./],
  ['www.gone.example', {}, 'no-such-name', /its upstream says that it does not exist/],
  [
    'kubernetes.default',
    { resolver: 'busybox' },
    'resolver-rule',
    /though glibc would, as kubernetes.default.svc.cluster.local./,
  ],
  ['web.shop', { resolver: 'systemd-resolved' }, 'resolver-rule', /a name of several labels is asked as it is/],
  ['web', { resolver: 'node-resolve' }, 'resolver-rule', /dns.resolve knows no search list/],
]

suite('trouble', () => {
  for (const [question, asking, cause, words] of troubles) {
    test(`${question} ${Object.values(asking).join(' ')}: ${cause}`, async () => {
      const report = await ask(question, asking)
      const [first] = report.findings
      assert.ok(first)
      const text = `${first.text}; ${first.advice}`
      assert.equal(first.cause, cause, printReport(report, plain))
      assert.match(text, words)
      assert.equal(exitCode(report), 1)
      assert.match(printReport(report, plain), /\nNot resolved/)
    })
  }
})

suite('success', () => {
  for (const [question, asking, cause, words, result] of [
    ['web', {}, 'made-by-service', /Service shop\/web has the cluster IP 10.96.1.1/, '10.96.1.1'],
    ['web.shop', { namespace: 'default' }, 'made-by-service', /shop\/web/, '10.96.1.1'],
    ['web', { resolver: 'busybox' }, 'made-by-service', /shop\/web/, '10.96.1.1'],
    ['web.shop', { resolver: 'busybox-1.28' }, 'made-by-service', /shop\/web/, '10.96.1.1'],
    ['web.shop', { resolver: 'musl' }, 'made-by-service', /shop\/web/, '10.96.1.1'],
    ['web.shop', { resolver: 'go' }, 'made-by-service', /shop\/web/, '10.96.1.1'],
    ['db', {}, 'made-by-endpoints', /1 of 2 endpoints ready: 10.244.0.111 \(pod db-0\)/, '10.244.0.111'],
    ['db-0.db', {}, 'made-by-endpoints', /`db-0` is 10.244.0.111 \(pod db-0\)/, '10.244.0.111'],
    ['10-244-0-121.workers', {}, 'made-by-endpoints', /\(pod nameless\)/, '10.244.0.121'],
    [
      '_http._tcp.web SRV',
      {},
      'made-by-service',
      /port 80\/tcp of Service shop\/web is called `http`/,
      '0 100 80 web.shop.svc.cluster.local.',
    ],
    [
      '1.1.96.10.in-addr.arpa. PTR',
      {},
      'made-by-service',
      /cluster IP of Service shop\/web/,
      'web.shop.svc.cluster.local.',
    ],
    [
      '111.0.244.10.in-addr.arpa. PTR',
      {},
      'made-by-endpoints',
      /an endpoint of Service shop\/db/,
      'db-0.db.shop.svc.cluster.local.',
    ],
  ] as const) {
    test(`${question} ${Object.values(asking).join(' ')}: ${cause}`, async () => {
      const report = await ask(question, asking)
      assert.equal(report.findings[0]?.cause, cause, printReport(report, plain))
      assert.match(report.findings[0]?.text ?? '', words)
      assert.deepEqual(report.result, [result])
      assert.equal(exitCode(report), 0)
      assert.match(printReport(report, plain), /<- taken[\s\S]*\nResolved: /)
    })
  }

  test('a name behind which nobody answers', async () => {
    const report = await ask('deserted')
    assert.deepEqual(
      report.findings.map(({ cause }) => cause),
      ['made-by-service', 'nothing-behind'],
    )
  })

  test('endpoints that are not ready are told', async () => {
    const report = await ask('db')
    assert.deepEqual(
      report.findings.map(({ cause }) => cause),
      ['made-by-endpoints', 'some-not-ready'],
    )
  })

  test('ndots: how many questions a name outside the cluster costs', async () => {
    const report = await ask('api.example.com')
    assert.equal(report.end, 'found')
    assert.equal(report.questions, 8)
    assert.deepEqual(
      report.findings.map(({ cause }) => cause),
      ['ndots-amplification'],
    )
    assert.equal(
      report.findings[0]?.text,
      'ndots:5 sends 8 queries for this name; a trailing dot (api.example.com.) sends 2',
    )
    const absolute = await ask('api.example.com.')
    assert.deepEqual([absolute.end, absolute.questions, absolute.findings], ['found', 2, []])
  })

  test('the questions sent are those of the walk', async () => {
    front.asked.length = 0
    await ask('kubernetes.default', { namespace: 'default' })
    const walked = front.asked.filter((question) => question.startsWith('kubernetes')).sort()
    assert.deepEqual(walked, [
      'kubernetes.default.default.svc.cluster.local A',
      'kubernetes.default.default.svc.cluster.local AAAA',
      'kubernetes.default.svc.cluster.local A',
      'kubernetes.default.svc.cluster.local AAAA',
    ])
  })
})

test('without a look into the cluster a name is still explained by what was answered', async () => {
  const report = await ask('www.broken.example', { view: undefined })
  assert.equal(report.findings[0]?.cause, 'upstream-down')
  assert.ok(report.steps.every((step) => step.insights.length === 0))
  assert.equal((await ask('web', { view: undefined })).end, 'found')
})

test('pods that may not be listed: nothing is said about them, and that is said', async () => {
  sandbox.trouble.status(403, { kind: 'pods', verb: 'list' })
  const partial = await readCluster({ from: 'endpoint', url: sandbox.url, tls: undefined })
  assert.deepEqual(
    partial.unread.map(({ kind }) => kind),
    ['pods'],
  )
  const empty = await ask('empty', { view: partial })
  assert.deepEqual(
    empty.findings.map(({ cause }) => cause),
    ['no-endpoints', 'unread'],
  )
  assert.match(empty.findings[0]?.text ?? '', /has no endpoints; it selects app=emtpy$/)
  const reverse = await ask('131.0.244.10.in-addr.arpa. PTR', { view: partial })
  assert.deepEqual(
    reverse.findings.map(({ cause }) => cause),
    ['no-such-name', 'unread'],
  )
})

test('services that may not be listed: none is said to be missing', async () => {
  sandbox.trouble.status(403, { kind: 'services', verb: 'list' })
  const partial = await readCluster({ from: 'endpoint', url: sandbox.url, tls: undefined })
  const report = await ask('wbe', { view: partial })
  assert.deepEqual(
    report.findings.map(({ cause }) => cause),
    ['no-such-name', 'unread'],
  )
})

test('a server that is behind the cluster is told', async () => {
  const stale = await startFront(undefined, (name, type) =>
    name === 'web.shop.svc.cluster.local' && type === 'A' ? [{ type: 'A', name, ttl: 5, data: '10.9.9.9' }] : [],
  )
  try {
    const report = await ask('web', { port: stale.port })
    assert.deepEqual(report.result, ['10.9.9.9'])
    const note = report.findings.find(({ cause }) => cause === 'out-of-date')
    assert.match(note?.text ?? '', /says 10.9.9.9, and the cluster by now has 10.96.1.1/)
  } finally {
    stale.close()
  }
})

test('a server that has not read the cluster is told', async () => {
  const unsynced = await startFront(undefined, () => 'SERVFAIL')
  try {
    const report = await ask('web', { port: unsynced.port })
    assert.equal(report.findings[0]?.cause, 'server-disagrees')
    assert.equal(exitCode(report), 1)
  } finally {
    unsynced.close()
  }
})

test('a server that is not there: exit code 3', async () => {
  const gone = await startFront(undefined, () => 'silence')
  gone.close()
  const report = await ask('web', { port: gone.port })
  assert.equal(report.end, 'unreachable')
  assert.equal(report.findings[0]?.cause, 'server-unreachable')
  assert.equal(exitCode(report), 3)
})

test('a server that says nothing: exit code 3', async () => {
  const mute = await startFront(undefined, () => 'silence')
  try {
    const report = await ask('web', { port: mute.port })
    assert.equal(exitCode(report), 3)
    assert.match(report.findings[0]?.text ?? '', /no reply within 500 ms/)
  } finally {
    mute.close()
  }
})

test('control characters of a server do not reach the terminal', async () => {
  const odd = await startFront(undefined, (name, type) =>
    type === 'TXT' ? [{ type: 'TXT', name, ttl: 5, data: 'a\x1b[31mb\u009b' }] : [],
  )
  try {
    const report = await ask('web. TXT', { port: odd.port, view: undefined })
    assert.equal(report.end, 'found')
    const text = printReport(report, plain)
    assert.ok(!/[^\n\P{Cc}]/u.test(text), JSON.stringify(text))
  } finally {
    odd.close()
  }
})
