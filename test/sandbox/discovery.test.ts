import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersionOf, kinds } from '../../src/sandbox/kinds.ts'
import { call } from './api-client.ts'
import { withSandbox } from './with-sandbox.ts'

interface Resource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

test('plain discovery leads from the root to every kind', async () => {
  await withSandbox({}, async (sandbox) => {
    const get = async <T>(path: string) => (await call(sandbox, 'GET', path)).body as unknown as T
    const { versions } = await get<{ versions: string[] }>('/api')
    const { groups } = await get<{ groups: { name: string; versions: { groupVersion: string }[] }[] }>('/apis')
    const paths = [
      ...versions.map((version) => `/api/${version}`),
      ...groups.flatMap((group) => group.versions.map(({ groupVersion }) => `/apis/${groupVersion}`)),
    ]
    const found: string[] = []
    for (const path of paths) {
      const { groupVersion, resources } = await get<{ groupVersion: string; resources: Resource[] }>(path)
      for (const { name, kind } of resources) if (!name.includes('/')) found.push(`${groupVersion} ${kind}`)
    }
    assert.deepEqual(found.sort(), kinds.map((kind) => `${apiVersionOf(kind)} ${kind.kind}`).sort())
    const { resources } = await get<{ resources: Resource[] }>('/apis/apps/v1')
    const parts = resources
      .filter(({ name }) => name.startsWith('deployments/'))
      .map(({ name, kind }) => `${name} ${kind}`)
    assert.deepEqual(parts.sort(), ['deployments/scale Scale', 'deployments/status Deployment'])
    assert.equal((await call(sandbox, 'GET', '/apis/apps')).body.kind, 'APIGroup')
    for (const path of ['/apis/nonsense', '/apis/apps/v9', '/api/v9']) {
      assert.equal((await call(sandbox, 'GET', path)).code, 404, path)
    }
  })
})

test('aggregated discovery says the same in two answers', async () => {
  await withSandbox({}, async (sandbox) => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
    interface Discovered {
      readonly items: readonly {
        readonly metadata: { readonly name?: string }
        readonly versions: readonly {
          readonly version: string
          readonly resources: readonly { readonly resource: string }[]
        }[]
      }[]
    }
    const found: string[] = []
    for (const path of ['/api', '/apis']) {
      const { body, headers } = await call(sandbox, 'GET', path, undefined, { accept })
      assert.equal(headers['content-type'], 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
      for (const { metadata, versions } of (body as unknown as Discovered).items) {
        for (const { version, resources } of versions) {
          for (const { resource } of resources) found.push(`${metadata.name ?? ''} ${version} ${resource}`)
        }
      }
    }
    assert.deepEqual(
      found.sort(),
      kinds.map(({ group, version, resource }) => `${group} ${version} ${resource}`).sort(),
    )
  })
})
