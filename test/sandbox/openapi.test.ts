import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds, pathOf } from '../../src/sandbox/kinds.ts'
import { openApiIndex, openApiV2, openApiV3 } from '../../src/sandbox/openapi.ts'

/** Every reference in a document, and every path of it that a reference may lead to. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([field, inner]) => (field === '$ref' ? [String(inner)] : references(inner)))
}

test('the index leads to a document for every kind, and every reference to a schema', () => {
  const { paths } = openApiIndex() as { paths: Record<string, { serverRelativeURL: string }> }
  assert.deepEqual(Object.keys(paths).sort(), [...new Set(kinds.map(pathOf))].sort())
  for (const groupVersion of Object.keys(paths)) {
    assert.match(paths[groupVersion]?.serverRelativeURL ?? '', /^\/openapi\/v3\/.*\?hash=[0-9A-F]{64}$/)
    const document = openApiV3(groupVersion) as { components: { schemas: object } }
    const schemas = Object.keys(document.components.schemas)
    for (const reference of references(document)) {
      assert.ok(schemas.includes(reference.replace('#/components/schemas/', '')), reference)
    }
  }
  assert.throws(() => openApiV3('apis/none/v1'), { code: 404 })
  const second = openApiV2() as { definitions: object }
  const definitions = Object.keys(second.definitions)
  for (const reference of references(second)) assert.ok(definitions.includes(reference.replace('#/definitions/', '')))
})

test('lists with names say by which field they are merged, and patches that fields are validated', () => {
  const document = openApiV3('api/v1') as {
    components: { schemas: Record<string, { properties: Record<string, Record<string, unknown>> }> }
    paths: Record<string, Record<string, { parameters: { name: string }[] }>>
  }
  const { ports } = document.components.schemas['io.k8s.api.core.v1.ServiceSpec']?.properties ?? {}
  assert.deepEqual(
    [
      ports?.['x-kubernetes-patch-merge-key'],
      ports?.['x-kubernetes-patch-strategy'],
      ports?.['x-kubernetes-list-map-keys'],
    ],
    ['port', 'merge', ['port', 'protocol']],
  )
  const { volumes } = document.components.schemas['io.k8s.api.core.v1.PodSpec']?.properties ?? {}
  assert.equal(volumes?.['x-kubernetes-patch-strategy'], 'merge,retainKeys')
  const { patch } = document.paths['/api/v1/namespaces/{namespace}/services/{name}'] ?? {}
  assert.ok(patch?.parameters.some(({ name }) => name === 'fieldValidation'))
})
