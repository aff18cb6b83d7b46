import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { groups } from '../../src/sandbox/access.ts'
import { parseYaml } from '../../src/sandbox/manifests.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { call, type Target, watch } from './api-client.ts'
import { withSandbox } from './with-sandbox.ts'

const services = '/api/v1/services'

const secure = ({ tlsUrl, ca }: Sandbox, token?: string): Target => ({
  url: tlsUrl,
  ca,
  ...(token === undefined ? {} : { token }),
})

async function codes(
  target: Target,
  requests: readonly (readonly [method: string, path: string])[],
): Promise<number[]> {
  const answers: number[] = []
  for (const [method, path] of requests)
    answers.push((await call(target, method, path, method === 'GET' ? undefined : {})).code)
  return answers
}

const requests = [
  ['GET', services],
  ['GET', '/api/v1/pods'],
  ['POST', '/api/v1/namespaces/default/configmaps?dryRun=All'],
  ['GET', '/version'],
  ['POST', '/sandbox/trouble/slow?milliseconds=0'],
] as const

test('who may do what', async () => {
  await withSandbox({}, async (sandbox) => {
    const token = (name: string, ...its: string[]) => secure(sandbox, sandbox.access.tokenFor({ name, groups: its }))
    // 422: allowed, but there is no name in the object.
    const cases: readonly (readonly [who: string, target: Target, codes: readonly number[]])[] = [
      ['plain HTTP', { url: sandbox.url }, [200, 200, 422, 200, 200]],
      ['a token', token('anybody'), [200, 200, 422, 200, 200]],
      ['anonymous', secure(sandbox), [401, 401, 401, 401, 401]],
      ['a wrong token', secure(sandbox, 'wrong'), [401, 401, 401, 401, 401]],
      ['a wrong token on plain HTTP', { url: sandbox.url, token: 'wrong' }, [401, 401, 401, 401, 401]],
      ['denied', token('denied', groups.denied), [403, 403, 403, 403, 403]],
      ['read-only', token('reader', groups.readonly), [200, 200, 403, 200, 403]],
      ['denied pods', token('podless', `${groups.deny}pods`), [200, 403, 422, 200, 200]],
    ]
    for (const [who, target, wanted] of cases) assert.deepEqual([who, await codes(target, requests)], [who, wanted])
    const { body } = await call(token('denied', groups.denied), 'GET', services)
    assert.equal(body.reason, 'Forbidden')
    assert.match(
      body.message ?? '',
      /User "denied" cannot list resource "services" in API group "" at the cluster scope/,
    )
  })
})

test('a client certificate, out of the kubeconfig', async () => {
  await withSandbox({}, async (sandbox) => {
    interface Config {
      readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[]
    }
    const { users } = parseYaml(sandbox.kubeconfig) as Config
    const data = users.find(({ name }) => name === 'sandbox-cert')?.user ?? {}
    const pem = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString()
    const certificate = { certificate: pem('client-certificate-data'), key: pem('client-key-data') }
    assert.deepEqual(await codes({ ...secure(sandbox), certificate }, requests), [200, 200, 422, 200, 200])
    await withSandbox({}, async (other) => {
      assert.deepEqual(await codes({ ...secure(other), certificate }, [['GET', services]]), [401])
    })
  })
})

test('tokens are rotated: the old ones are refused, or go on for a while', async () => {
  await withSandbox({}, async (sandbox) => {
    const user = { name: 'rotated', groups: [] }
    const before = sandbox.access.tokenFor(user)
    const kubeconfig = sandbox.kubeconfig
    sandbox.access.rotate({ keepOld: true })
    const between = sandbox.access.tokenFor(user)
    assert.notEqual(between, before)
    assert.notEqual(sandbox.kubeconfig, kubeconfig)
    const answers = async (...tokens: string[]) =>
      Promise.all(tokens.map(async (token) => (await call(secure(sandbox, token), 'GET', services)).code))
    assert.deepEqual(await answers(before, between), [200, 200])
    sandbox.access.rotate()
    assert.deepEqual(await answers(before, between, sandbox.access.tokenFor(user)), [401, 401, 200])
  })
})

test('a folder as the service account of a pod sees it, kept up to date', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-account-'))
  try {
    await withSandbox({}, async (sandbox) => {
      const env = sandbox.writeServiceAccount(folder, { namespace: 'kube-system', name: 'coredns' })
      assert.equal(`https://${env.KUBERNETES_SERVICE_HOST}:${env.KUBERNETES_SERVICE_PORT}`, sandbox.tlsUrl)
      const read = (name: string) => readFileSync(join(folder, name), 'utf8')
      assert.equal(read('namespace'), 'kube-system')
      assert.equal(read('ca.crt'), sandbox.ca)
      const first = read('token')
      const answers = async () =>
        (await call({ ...secure(sandbox, read('token')), ca: read('ca.crt') }, 'GET', services)).code
      assert.equal(await answers(), 200)
      sandbox.access.rotate()
      assert.notEqual(read('token'), first)
      assert.equal(await answers(), 200)
      assert.equal(readdirSync(folder).length, 5, 'three links, ..data, and what it leads to')
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('watches work on TLS too', async () => {
  await withSandbox({}, async (sandbox) => {
    const log = await watch(
      secure(sandbox, sandbox.access.tokenFor({ name: 'a', groups: [] })),
      `${services}?watch=true`,
    )
    await log.until(({ events }) => events.length === 2)
    sandbox.trouble.dropConnections()
    await log.until(({ ended }) => ended !== undefined)
  })
})
