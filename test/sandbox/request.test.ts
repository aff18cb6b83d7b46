import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTarget, parseVerb } from '../../src/sandbox/request.ts'
import { ApiError } from '../../src/sandbox/status.ts'
import { withSandbox } from './with-sandbox.ts'

/** `VERB RESOURCE NAMESPACE/NAME SUBRESOURCE`, or the code of the refusal. */
function meaning(method: string, path: string): string {
  try {
    const url = new URL(`http://sandbox${path}`)
    const target = parseTarget(url.pathname)
    if (target === undefined) return 'no object'
    const verb = parseVerb(method, target, url.searchParams, url.pathname)
    return `${verb} ${target.kind.resource} ${target.namespace}/${target.name} ${target.subresource}`.trim()
  } catch (error) {
    if (error instanceof ApiError) return String(error.code)
    throw error
  }
}

const cases: readonly (readonly [method: string, path: string, meaning: string])[] = [
  ['GET', '/api/v1/services', 'list services /'],
  ['GET', '/api/v1/services/', 'list services /'],
  ['GET', '/api/v1/services?watch=1', 'watch services /'],
  ['GET', '/api/v1/watch/services', 'watch services /'],
  ['GET', '/api/v1/namespaces/n/services', 'list services n/'],
  ['GET', '/api/v1/namespaces/n/services/s', 'get services n/s'],
  ['HEAD', '/api/v1/namespaces/n/services/s', 'get services n/s'],
  ['GET', '/api/v1/namespaces/n/services/s?watch=true', 'watch services n/s'],
  ['PUT', '/api/v1/namespaces/n/services/s/status', 'update services n/s status'],
  ['PATCH', '/apis/apps/v1/namespaces/n/deployments/d/scale', 'patch deployments n/d scale'],
  ['POST', '/api/v1/namespaces/n/pods/p/eviction', 'create pods n/p eviction'],
  ['POST', '/api/v1/namespaces', 'create namespaces /'],
  ['GET', '/api/v1/namespaces/n', 'get namespaces /n'],
  ['PUT', '/api/v1/namespaces/n/finalize', 'update namespaces /n finalize'],
  ['DELETE', '/api/v1/namespaces/n/pods', 'deletecollection pods n/'],
  ['DELETE', '/api/v1/nodes/x', 'delete nodes /x'],
  ['DELETE', '/api/v1/nodes', 'deletecollection nodes /'],
  ['DELETE', '/api/v1/pods', '405'],
  ['POST', '/api/v1/pods', '405'],
  ['PUT', '/api/v1/namespaces/n/pods', '405'],
  ['OPTIONS', '/api/v1/pods', '405'],
  ['GET', '/api/v1/services/s', '404'],
  ['GET', '/api/v1/nothings', '404'],
  ['GET', '/apis/apps/v1/pods', '404'],
  ['GET', '/api/v1/namespaces/n/nodes', '404'],
  ['GET', '/api/v1/namespaces/n/pods/p/log/more', '404'],
  ['GET', '/api/v1/namespaces/%zz/pods', '400'],
  ['GET', '/api', 'no object'],
  ['GET', '/api/v1', 'no object'],
  ['GET', '/apis/apps/v1', 'no object'],
  ['GET', '/version', 'no object'],
]

test('what a method and a path mean', () => {
  for (const [method, path, wanted] of cases) assert.equal(meaning(method, path), wanted, `${method} ${path}`)
})

test('no path makes it fail in another way', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'api',
      'apis',
      'v1',
      'apps',
      'watch',
      'namespaces',
      'pods',
      'deployments',
      'status',
      '',
      '..',
      '%',
      '%41',
    ),
    fc.string(),
  )
  fc.assert(
    fc.property(
      fc.array(segment, { maxLength: 9 }),
      fc.constantFrom('GET', 'POST', 'DELETE', 'BREW'),
      (segments, method) => {
        assert.equal(
          typeof meaning(method, `/${segments.map((each) => each.replaceAll(/[?#\\]/g, '')).join('/')}`),
          'string',
        )
      },
    ),
  )
})

test('the server survives what is no request of a client', async () => {
  await withSandbox({}, async (sandbox) => {
    for (const path of ['/%', '//', '/api/v1/namespaces/%ff/pods', '*', '/?%']) {
      const code = await new Promise<number>((resolve, reject) => {
        const sent = request(sandbox.url, { path, agent: false }, (answer) => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        })
        sent.on('error', reject)
        sent.end()
      })
      assert.ok(code === 404 || code === 400, `${path}: ${code}`)
    }
  })
})
