import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Connection, ConnectionError, openCredentials } from '../../src/cluster/credentials.ts'

const folder = mkdtempSync(join(tmpdir(), 'credentials-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const kubeconfig = (path: string, context = ''): Connection => ({ from: 'kubeconfig', file: path, context })
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A kubeconfig of one cluster and one user, each given as the JSON of what stands under its name. */
function config(name: string, cluster: object, user: object | undefined): string {
  const users = user === undefined ? [] : [{ name: 'u', user }]
  const context = { cluster: 'c', ...(user === undefined ? {} : { user: 'u' }) }
  return file(
    name,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users,
      contexts: [{ name: 'x', context }],
      'current-context': 'x',
    }),
  )
}

test('in a pod: token and CA are read for every connection', async () => {
  const pod = join(folder, 'pod')
  mkdirSync(pod)
  writeFileSync(join(pod, 'ca.crt'), 'ca-1\n')
  writeFileSync(join(pod, 'token'), 'token-1\n')
  const credentials = await openCredentials({ from: 'cluster' }, { host: '10.96.0.1', port: '443', folder: pod })
  const first = await credentials.access()
  assert.equal(first.url.href, 'https://10.96.0.1/')
  assert.deepEqual(first.headers, { authorization: 'Bearer token-1' })
  assert.deepEqual(first.tls, { ca: 'ca-1' })
  writeFileSync(join(pod, 'ca.crt'), 'ca-2')
  writeFileSync(join(pod, 'token'), 'token-2')
  const second = await credentials.access()
  assert.deepEqual(second.headers, { authorization: 'Bearer token-2' })
  assert.deepEqual(second.tls, { ca: 'ca-2' })
  writeFileSync(join(pod, 'token'), '\n')
  await assert.rejects(credentials.access(), { message: `${join(pod, 'token')} is empty` })
  rmSync(join(pod, 'token'))
  await assert.rejects(credentials.access(), (error: Error) => {
    assert.match(error.message, /^can't read .*token: ENOENT/)
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOENT')
    return true
  })
  writeFileSync(join(pod, 'token'), 'token-3')
  assert.deepEqual((await credentials.access()).headers, { authorization: 'Bearer token-3' })
})

test('in a pod of an IPv6 cluster', async () => {
  const pod = { host: 'fd00::1', port: '6443', folder: join(folder, 'pod6') }
  mkdirSync(pod.folder)
  for (const name of ['token', 'ca.crt']) writeFileSync(join(pod.folder, name), 'x')
  const credentials = await openCredentials({ from: 'cluster' }, pod)
  assert.equal((await credentials.access()).url.href, 'https://[fd00::1]:6443/')
})

for (const pod of [
  { host: undefined, port: '443', folder },
  { host: '10.96.0.1', port: '', folder },
]) {
  test(`outside of a pod: ${JSON.stringify([pod.host, pod.port])}`, async () => {
    await assert.rejects(openCredentials({ from: 'cluster' }, pod), {
      name: 'ConnectionError',
      message:
        'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    })
  })
}

const endpoints = [
  { url: 'http://127.0.0.1:8080', tls: undefined, is: 'http://127.0.0.1:8080/' },
  { url: 'localhost:8080', tls: undefined, is: 'http://localhost:8080/' },
  { url: 'api.example:6443', tls: { cert: '', key: '', ca: '' }, is: 'http://api.example:6443/' },
  { url: 'https://api.example/k8s/clusters/c1', tls: undefined, is: 'https://api.example/k8s/clusters/c1' },
]

for (const { url, tls, is } of endpoints) {
  test(`endpoint ${url}`, async () => {
    const access = await (await openCredentials({ from: 'endpoint', url, tls })).access()
    assert.equal(access.url.href, is)
    assert.deepEqual(access.tls, {})
    assert.deepEqual(access.headers, {})
  })
}

test('endpoint with tls: its files are read for every connection', async () => {
  const tls = { cert: file('cert', 'cert-1'), key: file('key', 'key-1'), ca: file('ca', 'ca-1') }
  const credentials = await openCredentials({ from: 'endpoint', url: 'api.example:6443', tls })
  const access = await credentials.access()
  assert.equal(access.url.href, 'https://api.example:6443/')
  assert.deepEqual(access.tls, { ca: 'ca-1', cert: 'cert-1', key: 'key-1' })
  file('cert', 'cert-2')
  assert.equal((await credentials.access()).tls.cert, 'cert-2')
})

for (const url of ['http://', 'ftp://api.example', 'https://a b']) {
  test(`endpoint ${url} can't work`, async () => {
    await assert.rejects(openCredentials({ from: 'endpoint', url, tls: undefined }), ConnectionError)
  })
}

test('kubeconfig: token and CA', async () => {
  const path = config(
    'token',
    { server: 'https://api.example:6443', 'certificate-authority-data': base64('ca'), 'tls-server-name': 'kubernetes' },
    { token: 'secret\n' },
  )
  const access = await (await openCredentials(kubeconfig(path))).access()
  assert.equal(access.url.href, 'https://api.example:6443/')
  assert.deepEqual(access.headers, { authorization: 'Bearer secret' })
  assert.equal(String(access.tls.ca), 'ca')
  assert.equal(access.tls.servername, 'kubernetes')
  assert.equal(access.tls.rejectUnauthorized, undefined)
  assert.equal(access.agent, undefined)
})

test('kubeconfig: a server by plain HTTP', async () => {
  const access = await (
    await openCredentials(kubeconfig(config('http', { server: 'http://127.0.0.1:8001' }, {})))
  ).access()
  assert.equal(access.url.href, 'http://127.0.0.1:8001/')
  assert.equal(access.agent, undefined)
})

test('kubeconfig: a context without a user still has a CA', async () => {
  const path = config(
    'nobody',
    { server: 'https://api.example', 'certificate-authority-data': base64('ca') },
    undefined,
  )
  const access = await (await openCredentials(kubeconfig(path))).access()
  assert.equal(String(access.tls.ca), 'ca')
  assert.deepEqual(access.headers, {})
})

test('kubeconfig: files beside it, by relative names, and a tokenFile that goes before a token', async () => {
  file('ca.pem', 'ca')
  file('client.pem', 'cert')
  file('client.key', 'key')
  file('token-file', 'first\n')
  const path = config(
    'relative',
    { server: 'https://api.example', 'certificate-authority': 'ca.pem' },
    { 'client-certificate': 'client.pem', 'client-key': 'client.key', tokenFile: 'token-file', token: 'fixed' },
  )
  const credentials = await openCredentials(kubeconfig(path))
  const access = await credentials.access()
  assert.deepEqual([access.tls.ca, access.tls.cert, access.tls.key].map(String), ['ca', 'cert', 'key'])
  assert.deepEqual(access.headers, { authorization: 'Bearer first' })
  file('token-file', 'second\n')
  assert.deepEqual((await credentials.access()).headers, { authorization: 'Bearer second' })
})

test('kubeconfig: user and password, insecure server, impersonation', async () => {
  const path = config(
    'basic',
    { server: 'https://api.example', 'insecure-skip-tls-verify': true },
    { username: 'me', password: 'pass', as: 'someone' },
  )
  const access = await (await openCredentials(kubeconfig(path))).access()
  assert.deepEqual(access.headers, { authorization: `Basic ${base64('me:pass')}`, 'impersonate-user': 'someone' })
  assert.equal(access.tls.rejectUnauthorized, false)
})

test('kubeconfig: a changed file counts from the next connection on', async () => {
  const cluster = { server: 'https://api.example' }
  const credentials = await openCredentials(kubeconfig(config('changing', cluster, { token: 'one' })))
  assert.deepEqual((await credentials.access()).headers, { authorization: 'Bearer one' })
  config('changing', cluster, { token: 'two' })
  assert.deepEqual((await credentials.access()).headers, { authorization: 'Bearer two' })
  file('changing', 'clusters: [')
  await assert.rejects(credentials.access(), ConnectionError)
  config('changing', cluster, { token: 'three' })
  assert.deepEqual((await credentials.access()).headers, { authorization: 'Bearer three' })
})

test('kubeconfig: a plugin is asked for credentials, again only once they are refused', async () => {
  const counter = file('runs', '')
  const plugin = file(
    'plugin.sh',
    `#!/bin/sh
echo run >> ${counter}
runs=$(wc -l < ${counter})
case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 1 ;; esac
echo '{"kind":"ExecCredential","status":{"token":"'$EXTRA-$1-$((runs))'"}}'
`,
  )
  chmodSync(plugin, 0o755)
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './plugin.sh',
    args: ['arg'],
    env: [{ name: 'EXTRA', value: 'extra' }],
  }
  const credentials = await openCredentials(kubeconfig(config('exec', { server: 'https://api.example' }, { exec })))
  const both = await Promise.all([credentials.access(), credentials.access()])
  for (const access of both) assert.deepEqual(access.headers, { authorization: 'Bearer extra-arg-1' })
  assert.deepEqual((await credentials.access()).headers, { authorization: 'Bearer extra-arg-1' })
  credentials.refused()
  assert.deepEqual((await credentials.access()).headers, { authorization: 'Bearer extra-arg-2' })
})

test('kubeconfig: a plugin that fails', async () => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-plugin-anywhere' }
  const path = config('bad-exec', { server: 'https://api.example' }, { exec })
  const credentials = await openCredentials(kubeconfig(path))
  await assert.rejects(credentials.access(), /ENOENT/)
})

test('kubeconfig: a proxy is gone through', async () => {
  const path = config('proxy', { server: 'https://api.example', 'proxy-url': 'http://proxy.example:3128' }, {})
  const access = await (await openCredentials(kubeconfig(path))).access()
  assert.equal(access.agent?.constructor.name, 'HttpsProxyAgent')
  access.agent?.destroy()
})

const two = file(
  'two.yaml',
  `apiVersion: v1
kind: Config
clusters:
- {name: a, cluster: {server: "https://a.example"}}
- {name: b, cluster: {server: "https://b.example"}}
contexts:
- {name: first, context: {cluster: a, user: ""}}
- {name: second, context: {cluster: b, user: ""}}
- {name: homeless, context: {cluster: nowhere, user: ""}}
- {name: nobody, context: {cluster: a, user: gone}}
current-context: first
`,
)

for (const [context, host] of [
  ['', 'a.example'],
  ['first', 'a.example'],
  ['second', 'b.example'],
] as const) {
  test(`kubeconfig: context ${JSON.stringify(context)}`, async () => {
    const access = await (await openCredentials(kubeconfig(two, context))).access()
    assert.equal(access.url.host, host)
  })
}

const bad = [
  { path: join(folder, 'missing'), context: '', says: /^can't read kubeconfig .*missing: ENOENT/ },
  { path: two, context: 'third', says: /context "third" does not exist$/ },
  { path: two, context: 'homeless', says: /cluster "nowhere" does not exist$/ },
  { path: two, context: 'nobody', says: /user "gone" does not exist$/ },
  { path: file('empty', ''), context: '', says: /^can't use kubeconfig/ },
  { path: file('text', 'just words'), context: '', says: /it has no current context$/ },
  { path: file('yaml', 'a: [b'), context: '', says: /^can't use kubeconfig/ },
  { path: config('serverless', {}, {}), context: '', says: /clusters\[0\].cluster.server is missing$/ },
  {
    path: config('odd', { server: 'unix:///api.sock' }, {}),
    context: '',
    says: /reached by http or https, not by unix$/,
  },
]

for (const { path, context, says } of bad) {
  test(`kubeconfig that can't work: ${says.source}`, async () => {
    await assert.rejects(openCredentials(kubeconfig(path, context)), (error: Error) => {
      assert.ok(error instanceof ConnectionError)
      assert.match(error.message, says)
      assert.ok(error.cause instanceof Error)
      return true
    })
  })
}
