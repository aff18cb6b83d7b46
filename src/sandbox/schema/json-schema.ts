// The schema of a custom resource (OpenAPI v3 as CustomResourceDefinitions have it): unknown fields, defaults and faults.
import { isRecord, sameJson } from '../object.ts'
import { type Cause, cause } from '../status.ts'

/** As much of a schema as is obeyed; `format` and CEL rules are not. */
export interface JsonSchema {
  readonly description?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly additionalProperties?: boolean | JsonSchema
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly nullable?: boolean
  readonly default?: unknown
  readonly allOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
}

/** The schema of what a field holds; true where anything may be there, undefined where nobody knows the field. */
function schemaOfField(schema: JsonSchema, name: string): JsonSchema | true | undefined {
  const { properties = {}, additionalProperties } = schema
  if (Object.hasOwn(properties, name)) return properties[name]
  if (isRecord(additionalProperties)) return additionalProperties
  const open = additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true
  return open ? true : undefined
}

const fieldAt = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)

/** The schema of what an object has beside what every object has. */
export function withoutHead({ properties = {}, required = [], ...schema }: JsonSchema): JsonSchema {
  const { apiVersion: _, kind: __, metadata: ___, ...own } = properties
  const head = ['apiVersion', 'kind', 'metadata']
  return { ...schema, properties: own, required: required.filter((name) => !head.includes(name)) }
}

/** The value without fields that are not in the schema; their paths are added to `unknown`. */
export function pruned(schema: JsonSchema, value: unknown, path: string, unknown: string[]): unknown {
  const { items } = schema
  if (Array.isArray(value)) {
    return items === undefined ? value : value.map((item, index) => pruned(items, item, `${path}[${index}]`, unknown))
  }
  // What is no object by the schema is refused as a whole.
  if (!isRecord(value) || (schema.type !== undefined && schema.type !== 'object')) return value
  const entries = Object.entries(value).flatMap(([name, inner]) => {
    const at = fieldAt(path, name)
    const field = schemaOfField(schema, name)
    if (field === undefined) unknown.push(at)
    return field === undefined ? [] : [[name, field === true ? inner : pruned(field, inner, at, unknown)]]
  })
  return Object.fromEntries(entries)
}

/** The value with what the schema puts in the place of absent fields. */
export function withDefaults(schema: JsonSchema, value: unknown): unknown {
  const { items, properties = {} } = schema
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => withDefaults(items, item))
  if (!isRecord(value)) return value
  const missing = Object.entries(properties).flatMap(([name, field]) =>
    field.default === undefined || Object.hasOwn(value, name) ? [] : [[name, field.default]],
  )
  const entries = [...Object.entries(value), ...missing].map(([name, inner]) => {
    const field = schemaOfField(schema, String(name))
    return [name, field === undefined || field === true ? inner : withDefaults(field, inner)]
  })
  return Object.fromEntries(entries)
}

/** Why the value is not as the schema wants it; empty where it is. */
export function valueFaults(schema: JsonSchema, value: unknown, path: string): Cause[] {
  if (value === null && schema.nullable === true) return []
  if (!isOfType(schema, value)) {
    const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : schema.type
    return [cause.invalid(path, typeName(value), `${path} in body must be of type ${wanted}: "${typeName(value)}"`)]
  }
  return [
    ...choiceFaults(schema, value, path),
    ...(typeof value === 'string' ? textFaults(schema, value, path) : []),
    ...(typeof value === 'number' ? boundFaults(schema, value, path) : []),
    ...(Array.isArray(value) ? listFaults(schema, value, path) : []),
    ...(isRecord(value) ? fieldFaults(schema, value, path) : []),
  ]
}

function isOfType(schema: JsonSchema, value: unknown): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return typeof value === 'string' || Number.isInteger(value)
  switch (schema.type) {
    case 'object':
      return isRecord(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === schema.type
    default:
      return true
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value
}

function choiceFaults(schema: JsonSchema, value: unknown, path: string): Cause[] {
  const fits = (each: JsonSchema) => valueFaults(each, value, path).length === 0
  const { allOf = [], anyOf, oneOf, not } = schema
  const wrong = (which: string) => [cause.invalid(path, value, `"${path}" must ${which}`)]
  return [
    ...(schema.enum === undefined || schema.enum.some((each) => sameJson(each, value))
      ? []
      : [cause.notSupported(path, value, schema.enum.map(String))]),
    ...allOf.flatMap((each) => valueFaults(each, value, path)),
    ...(anyOf === undefined || anyOf.some(fits) ? [] : wrong('validate at least one schema (anyOf)')),
    ...(oneOf === undefined || oneOf.filter(fits).length === 1
      ? []
      : wrong('validate one and only one schema (oneOf)')),
    ...(not === undefined || !fits(not) ? [] : wrong('not validate the schema (not)')),
  ]
}

function textFaults({ pattern, minLength = 0, maxLength = Infinity }: JsonSchema, text: string, path: string): Cause[] {
  const wrong = (why: string) => [cause.invalid(path, text, `${path} in body should ${why}`)]
  const { length } = [...text]
  return [
    ...(pattern === undefined || new RegExp(pattern).test(text) ? [] : wrong(`match '${pattern}'`)),
    ...(length < minLength ? wrong(`be at least ${minLength} chars long`) : []),
    ...(length > maxLength ? wrong(`be at most ${maxLength} chars long`) : []),
  ]
}

function boundFaults({ minimum = -Infinity, maximum = Infinity }: JsonSchema, value: number, path: string): Cause[] {
  const wrong = (why: string) => [cause.invalid(path, value, `${path} in body should be ${why}`)]
  return [
    ...(value < minimum ? wrong(`greater than or equal to ${minimum}`) : []),
    ...(value > maximum ? wrong(`less than or equal to ${maximum}`) : []),
  ]
}

function listFaults(schema: JsonSchema, list: readonly unknown[], path: string): Cause[] {
  const { items, minItems = 0, maxItems = Infinity } = schema
  const wrong = (why: string) => [cause.invalid(path, list.length, `${path} in body should have at ${why} items`)]
  return [
    ...(list.length < minItems ? wrong(`least ${minItems}`) : []),
    ...(list.length > maxItems ? wrong(`most ${maxItems}`) : []),
    ...(items === undefined ? [] : list.flatMap((item, index) => valueFaults(items, item, `${path}[${index}]`))),
  ]
}

function fieldFaults(schema: JsonSchema, object: Readonly<Record<string, unknown>>, path: string): Cause[] {
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(object, name))
  return [
    ...missing.map((name) => cause.required(fieldAt(path, name))),
    ...Object.entries(object).flatMap(([name, inner]) => {
      const field = schemaOfField(schema, name)
      return field === undefined || field === true ? [] : valueFaults(field, inner, fieldAt(path, name))
    }),
  ]
}
