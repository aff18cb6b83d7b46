// The schema as OpenAPI v3, a document per group and version, and v2: what kubectl's validation, explain and apply read.
import { createHash } from 'node:crypto'
import { type Kind, kinds, pathOf } from './kinds.ts'
import type { JsonSchema } from './schema/json-schema.ts'
import { type Field, type ObjectType, objectType, typeOfKind } from './schema/schema.ts'
import { noSuchPath } from './status.ts'

type Json = Record<string, unknown>

interface Dialect {
  readonly reference: string
  /** Where a description stands beside a reference. */
  readonly wrap: boolean
}

const v3: Dialect = { reference: '#/components/schemas/', wrap: true }
const v2: Dialect = { reference: '#/definitions/', wrap: false }

/** The paths of the documents of version 3, with a hash of each. */
export function openApiIndex(among: readonly Kind[] = kinds): Json {
  const paths = [...new Set(among.map(pathOf))].map((groupVersion) => {
    const hash = createHash('sha256')
      .update(JSON.stringify(openApiV3(groupVersion, among)))
      .digest('hex')
      .toUpperCase()
    return [groupVersion, { serverRelativeURL: `/openapi/v3/${groupVersion}?hash=${hash}` }]
  })
  return { paths: Object.fromEntries(paths) }
}

/** `groupVersion`: `api/v1` or `apis/GROUP/VERSION`. Throws ApiError 404. */
export function openApiV3(groupVersion: string, among: readonly Kind[] = kinds): Json {
  const served = among.filter((kind) => pathOf(kind) === groupVersion)
  if (served.length === 0) throw noSuchPath()
  return {
    openapi: '3.0.0',
    info: { title: 'clusterdns sandbox', version: 'v1.32.0' },
    paths: Object.fromEntries(served.flatMap((kind) => operations(kind, v3Parameter))),
    components: { schemas: schemas(served, v3) },
  }
}

/** Every kind in one document. */
export function openApiV2(among: readonly Kind[] = kinds): Json {
  return {
    swagger: '2.0',
    info: { title: 'clusterdns sandbox', version: 'v1.32.0' },
    paths: Object.fromEntries(among.flatMap((kind) => operations(kind, v2Parameter))),
    definitions: schemas(among, v2),
  }
}

const v3Parameter = (name: string, type: string) => ({ name, in: 'query', schema: { type, uniqueItems: true } })
const v2Parameter = (name: string, type: string) => ({ name, in: 'query', type, uniqueItems: true })

/** Only as much of the operations as tells which parameters they know. */
function operations(kind: Kind, parameter: (name: string, type: string) => object): [string, Json][] {
  const collection = `/${pathOf(kind)}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.resource}`
  const writing = [
    parameter('dryRun', 'string'),
    parameter('fieldManager', 'string'),
    parameter('fieldValidation', 'string'),
  ]
  const operation = (action: string, parameters: readonly object[]) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': groupVersionKind(kind),
    parameters,
    responses: { 200: { description: 'OK' } },
  })
  return [
    [collection, { get: operation('list', []), post: operation('post', writing) }],
    [
      `${collection}/{name}`,
      {
        get: operation('get', []),
        put: operation('put', writing),
        patch: operation('patch', [...writing, parameter('force', 'boolean')]),
        delete: operation('delete', [parameter('dryRun', 'string')]),
      },
    ],
  ]
}

const groupVersionKind = ({ group, version, kind }: Kind) => ({ group, kind, version })

/** The types of some kinds and all they are made of, by id. */
function schemas(served: readonly Kind[], dialect: Dialect): Json {
  const found = new Map<string, Json>()
  const visit = (type: ObjectType, kind?: Kind) => {
    if (found.has(type.id)) return
    const schema = typeSchema(type, dialect)
    found.set(
      type.id,
      kind === undefined ? schema : { ...schema, 'x-kubernetes-group-version-kind': [groupVersionKind(kind)] },
    )
    for (const field of type.fields.values()) if (field.scalar === undefined) visit(objectType(field.type))
  }
  for (const kind of served) {
    const type = typeOfKind(kind)
    visit(type, kind)
    if (kind.schema !== undefined) found.set(type.id, customSchema(found.get(type.id) ?? {}, kind.schema))
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The schema of a custom resource, with what every object has described as in `whole`. */
function customSchema(whole: Json, schema: JsonSchema): Json {
  const { apiVersion, kind, metadata } = whole.properties as Json
  const properties = { ...schema.properties, apiVersion, kind, metadata }
  return { ...schema, properties, 'x-kubernetes-group-version-kind': whole['x-kubernetes-group-version-kind'] }
}

function typeSchema(type: ObjectType, dialect: Dialect): Json {
  const fields = [...type.fields].sort(([a], [b]) => (a < b ? -1 : 1))
  const required = fields.filter(([, field]) => field.required).map(([name]) => name)
  return {
    description: type.about,
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(fields.map(([name, field]) => [name, fieldSchema(field, dialect)])),
  }
}

function fieldSchema(field: Field, dialect: Dialect): Json {
  const one = valueSchema(field, dialect)
  const marks = {
    ...(field.mergeKey === undefined
      ? {}
      : { 'x-kubernetes-patch-strategy': field.retainKeys ? 'merge,retainKeys' : 'merge' }),
    ...(field.mergeKey === undefined && field.retainKeys ? { 'x-kubernetes-patch-strategy': 'retainKeys' } : {}),
    ...(field.mergeKey ? { 'x-kubernetes-patch-merge-key': field.mergeKey } : {}),
  }
  if (field.shape === 'list') {
    const listType = field.keys.length > 0 ? 'map' : field.set ? 'set' : 'atomic'
    return {
      description: field.about,
      type: 'array',
      items: one,
      'x-kubernetes-list-type': listType,
      ...(field.keys.length > 0 ? { 'x-kubernetes-list-map-keys': field.keys } : {}),
      ...marks,
    }
  }
  if (field.shape === 'map') {
    const mapType = field.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}
    return { description: field.about, type: 'object', additionalProperties: one, ...mapType }
  }
  const fallback = field.fallback === undefined ? {} : { default: field.fallback }
  const described = dialect.wrap && field.scalar === undefined ? { allOf: [one] } : one
  return { description: field.about, ...fallback, ...described, ...marks }
}

function valueSchema({ scalar, type }: Field, { reference }: Dialect): Json {
  switch (scalar) {
    case undefined:
      return { $ref: `${reference}${objectType(type).id}` }
    case 'int':
      return { type: 'integer', format: 'int64' }
    case 'bool':
      return { type: 'boolean' }
    case 'time':
      return { type: 'string', format: 'date-time' }
    case 'bytes':
      return { type: 'string', format: 'byte' }
    case 'int-or-string':
      return { type: 'string', format: 'int-or-string' }
    case 'any':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
    case 'string':
    case 'quantity':
      return { type: 'string' }
  }
}
