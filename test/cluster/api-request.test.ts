import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApiError, readAnswer, requestApi } from '../../src/cluster/api-request.ts'
import { type Access, type Credentials, openCredentials } from '../../src/cluster/credentials.ts'
import { listPage, listPages } from '../../src/cluster/list-page.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { FaultyProxy } from './faulty-proxy.ts'
import { accessTo } from './following.ts'

const folder = mkdtempSync(join(tmpdir(), 'api-request-'))
const kubeconfig = join(folder, 'kubeconfig')
let sandbox: Sandbox
before(async () => {
  sandbox = await startSandbox()
  sandbox.writeKubeconfig(kubeconfig)
})
after(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

const { signal } = new AbortController()
const requestFor = (path: string) => ({ path, signal, silenceMs: 10_000 })

/** Names of the services of kube-system. */
async function list(access: Access): Promise<unknown[]> {
  const names: unknown[] = []
  await listPage(access, requestFor('/api/v1/namespaces/kube-system/services'), (service) => {
    names.push((service as { metadata: { name: string } }).metadata.name)
  })
  return names
}

async function withContext(context: string): Promise<Credentials> {
  return await openCredentials({ from: 'kubeconfig', file: kubeconfig, context })
}

for (const context of ['', 'sandbox', 'sandbox-token', 'sandbox-cert', 'sandbox-readonly']) {
  test(`a request as ${context || 'the current context'}`, async () => {
    assert.deepEqual(await list(await (await withContext(context)).access()), ['kube-dns'])
  })
}

for (const [context, code] of [
  ['sandbox-anonymous', 401],
  ['sandbox-denied', 403],
] as const) {
  test(`a request as ${context} is refused`, async () => {
    const access = await (await withContext(context)).access()
    await assert.rejects(list(access), (error: Error) => error instanceof ApiError && error.code === code)
  })
}

test('a request from a pod, before and after its token rotates', async () => {
  const account = join(folder, 'account')
  mkdirSync(account)
  const environment = sandbox.writeServiceAccount(account)
  const credentials = await openCredentials(
    { from: 'cluster' },
    {
      host: environment.KUBERNETES_SERVICE_HOST,
      port: environment.KUBERNETES_SERVICE_PORT,
      folder: account,
    },
  )
  const old = await credentials.access()
  assert.deepEqual(await list(old), ['kube-dns'])
  sandbox.access.rotate()
  await assert.rejects(list(old), { code: 401 })
  assert.deepEqual(await list(await credentials.access()), ['kube-dns'])
})

test('endpoint with a CA, and with none', async () => {
  const ca = join(folder, 'ca.crt')
  writeFileSync(ca, sandbox.ca)
  const trusting = await openCredentials({ from: 'endpoint', url: sandbox.tlsUrl, tls: { cert: '', key: '', ca } })
  await assert.rejects(list(await trusting.access()), { code: 401 })
  const strict = await openCredentials({ from: 'endpoint', url: sandbox.tlsUrl, tls: undefined })
  await assert.rejects(list(await strict.access()), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
})

test('pages come on one connection, each object once', async () => {
  for (let i = 0; i < 25; i++) {
    sandbox.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `many-${i}` } })
  }
  const proxy = new FaultyProxy(accessTo(sandbox.url))
  const access = accessTo(await proxy.listen())
  try {
    const names: unknown[] = []
    await listPages(
      access,
      (query) => requestFor(`/api/v1/namespaces?${new URLSearchParams(query)}`),
      4,
      (object) => names.push((object as { metadata: { name: string } }).metadata.name),
    )
    assert.equal(names.length, sandbox.list('namespaces').length)
    assert.equal(new Set(names).size, names.length)
    assert.equal(proxy.requests.length, Math.ceil(names.length / 4))
    assert.equal(proxy.connections, 1)
  } finally {
    await proxy.close()
  }
})

/** What a server says, and what is understood. */
const refusals = [
  {
    status: 410,
    body: '{"kind":"Status","message":"too old resource version: 1 (9)","reason":"Expired","code":410}',
    is: { message: 'too old resource version: 1 (9)', code: 410, expired: true, retryAfterMs: 0 },
  },
  {
    status: 504,
    body: '{"code":504,"reason":"Timeout","message":"Too large","details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}}',
    is: { message: 'Too large', code: 504, expired: true, retryAfterMs: 1000 },
  },
  {
    status: 429,
    headers: { 'retry-after': '7' },
    body: 'not json',
    is: { message: 'the API server answers 429', code: 429, expired: false, retryAfterMs: 7000 },
  },
  {
    status: 503,
    headers: { 'retry-after': '999999' },
    body: '',
    is: { message: 'the API server answers 503', code: 503, expired: false, retryAfterMs: 60_000 },
  },
  {
    status: 429,
    headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' },
    body: '[]',
    is: { message: 'the API server answers 429', code: 429, expired: false, retryAfterMs: 0 },
  },
  {
    status: 302,
    headers: { location: 'http://127.0.0.1:1/' },
    body: 'x'.repeat(1 << 20),
    is: { message: 'the API server answers 302', code: 302, expired: false, retryAfterMs: 0 },
  },
]

for (const { status, headers = {}, body, is } of refusals) {
  test(`refusal ${status} ${JSON.stringify(headers)}`, async () => {
    const server = createServer((_, response) => response.writeHead(status, headers).end(body))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const access = accessTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`)
      await assert.rejects(requestApi(access, requestFor('/api')), is)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
}

test('the path of the server goes before that of the request, headers along with it', async () => {
  let seen: unknown
  const server = createServer((request, response) => {
    seen = [request.url, request.headers.authorization, request.headers.accept]
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/k8s/clusters/c1`
    const response = await requestApi(
      { ...accessTo(url), headers: { authorization: 'Bearer x' } },
      requestFor('/api?a=b'),
    )
    response.resume()
    assert.deepEqual(seen, ['/k8s/clusters/c1/api?a=b', 'Bearer x', 'application/json'])
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('a server that says nothing is given up', async () => {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const access = accessTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await assert.rejects(requestApi(access, { ...requestFor('/api'), silenceMs: 100 }), {
      message: 'the API server has been silent for 0.1 s',
    })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('a long answer is read in many turns, and nothing of it is lost', async () => {
  const sent = Buffer.alloc(1 << 20, 'octets of a long list, ')
  const server = createServer((_, response) => response.end(sent))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let turns = 0
  let next = setImmediate(function count() {
    turns++
    next = setImmediate(count)
  })
  try {
    const access = accessTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const seen: number[] = []
    const chunks: Buffer[] = []
    await readAnswer(await requestApi(access, requestFor('/api')), (chunk) => {
      seen.push(turns)
      chunks.push(Buffer.from(chunk))
      // More work than there is time for in a turn.
      for (const start = performance.now(); performance.now() - start < 5; );
    })
    assert.ok(Buffer.concat(chunks).equals(sent))
    assert.ok(seen.length > 8, `${seen.length} chunks`)
    assert.equal(new Set(seen).size, seen.length)
  } finally {
    clearImmediate(next)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
