// `explain` as a process: what it prints, and with which code it ends.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { Report } from '../../src/explain/report.ts'
import { folderFor, launch, type Started, start } from '../server/process.ts'

let sandbox: Started
let cluster: readonly string[] = []
let server = ''

before(async () => {
  sandbox = launch(['sandbox', '-dns.port', '0'])
  await sandbox.printed(/sandbox is ready[\s\S]*Ctrl-C/)
  server = `127.0.0.1:${/-p (\d+)/.exec(sandbox.output())?.[1]}`
  cluster = ['-kubeconfig', /KUBECONFIG=(\S+)/.exec(sandbox.output())?.[1] ?? '', '-server', server]
})

after(async () => {
  sandbox.process.kill('SIGTERM')
  await sandbox.ended
})

async function run(t: TestContext, ...args: readonly string[]) {
  const program = start(t, ['explain', ...args])
  const code = await program.ended
  return { code, output: program.output() }
}

test('explain: the walk, what is taken, and why', async (t) => {
  const { code, output } = await run(t, 'kubernetes.default', ...cluster)
  const lines = output.replaceAll(/[0-9.]+ ms/g, 'N ms').split('\n')
  assert.deepEqual(lines, [
    `kubernetes.default A and AAAA, as glibc asks for it in a pod of namespace default, of ${server}`,
    'search default.svc.cluster.local svc.cluster.local cluster.local; options ndots:5',
    '',
    '  1. kubernetes.default.default.svc.cluster.local.',
    '       A     NXDOMAIN  N ms',
    '       AAAA  NXDOMAIN  N ms',
    '       there is no Service `default` in namespace `default`',
    '  2. kubernetes.default.svc.cluster.local.  <- taken',
    '       A     10.96.0.1  N ms',
    '       AAAA  NODATA  N ms',
    '       Service default/kubernetes has the cluster IP 10.96.0.1',
    '',
    'Resolved: 10.96.0.1',
    "The resolver's rule: the first name that has records ends the walk: with svc.cluster.local of the search list",
    'Why: Service default/kubernetes has the cluster IP 10.96.0.1',
    '',
  ])
  assert.equal(code, 0)
})

test('explain: as a pod, with flags after the name', async (t) => {
  const { code, output } = await run(
    t,
    'mysql-sts-0.mysql-svc',
    'A',
    '-from',
    'default/mysql-sts-1',
    '-resolver=musl',
    ...cluster,
  )
  assert.match(output, /^mysql-sts-0.mysql-svc A, as musl asks for it in a pod of namespace default/)
  assert.match(output, /\nResolved: 10.42.1.8\n/)
  assert.equal(code, 0)
})

test('explain: an address is asked for its names', async (t) => {
  const { code, output } = await run(t, '10.96.0.10', '-server', server)
  assert.match(output, /\n {7}PTR +kube-dns.kube-system.svc.cluster.local./)
  assert.equal(code, 0)
})

test('explain: a name that is not there, as JSON', async (t) => {
  const { code, output } = await run(t, 'mysql-scv', '-json', ...cluster)
  const report = JSON.parse(output) as Report
  assert.equal(report.end, 'failed')
  assert.deepEqual(
    report.steps.map(({ name }) => name),
    ['mysql-scv.default.svc.cluster.local.', 'mysql-scv.svc.cluster.local.', 'mysql-scv.cluster.local.', 'mysql-scv.'],
  )
  assert.equal(report.findings[0]?.cause, 'no-service')
  assert.equal(report.findings[0]?.advice, 'did you mean mysql-svc?')
  assert.equal(code, 1)
})

test('explain: as a file says, against any server, without a cluster', async (t) => {
  const file = join(folderFor(t), 'resolv.conf')
  writeFileSync(file, 'search default.svc.cluster.local\nnameserver 192.0.2.1\noptions ndots:2\n')
  const { code, output } = await run(t, 'kubia', '-resolv-conf', file, '-server', server)
  assert.match(output, /\nsearch default.svc.cluster.local; options ndots:2\n/)
  assert.match(output, /\nResolved: 10.254.129.235\n/)
  assert.equal(code, 0)
})

test('explain: no server is there', async (t) => {
  const { code, output } = await run(t, 'web', '-namespace', 'default', '-server', '127.0.0.1:1', '-timeout', '0.2')
  assert.match(output, /Why: no server answers: 127.0.0.1:1: can't be reached/)
  assert.equal(code, 3)
})

test('explain: no API server is there', async (t) => {
  const file = join(folderFor(t), 'kubeconfig')
  writeFileSync(file, '{"kind": "Config"}')
  const { code, output } = await run(t, 'web', '-kubeconfig', file, '-server', server)
  assert.match(output, /^can't read the cluster: can't use kubeconfig/)
  assert.equal(code, 3)
})

for (const [line, message] of [
  ['', 'no name to explain'],
  ['a b..c', 'can\'t ask for type "b..c"'],
  ['a..b', 'empty label in name "a..b"'],
  ['a A b', 'extra command line arguments: \\[a A b\\]|extra command line arguments: \\[b\\]'],
  ['web -resolver nope', 'no resolver "nope"'],
  ['web -server localhost', '"localhost" is no address of a server'],
  ['web -server 127.0.0.1:0', '"127.0.0.1:0" is no address of a server'],
  ['web -timeout 0', 'invalid timeout "0"'],
  ['web -from a', '-from needs -kubeconfig'],
  ['web -namespace a -resolv-conf f', "-namespace and -resolv-conf can't both be given"],
  ['web -resolv-conf /nowhere', "can't read /nowhere: ENOENT"],
  ['web -nope', 'flag provided but not defined: -nope'],
] as const) {
  test(`explain refuses ${line || 'nothing'}`, async (t) => {
    const { code, output } = await run(t, ...line.split(' ').filter((word) => word !== ''))
    assert.match(output, new RegExp(`^(?:${message})[\\s\\S]*\nusage: explain `))
    assert.equal(code, 2)
  })
}

test('explain: a pod that is not there', async (t) => {
  const { code, output } = await run(t, 'web', '-from', 'nobody', ...cluster)
  assert.match(output, /^there is no pod `nobody` in namespace `default`\n/)
  assert.equal(code, 2)
})
