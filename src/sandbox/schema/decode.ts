// Makes objects out of JSON: values of the wrong type are refused, fields nobody knows are dropped and named.
import { isRecord } from '../object.ts'
import { badRequest } from '../status.ts'
import { type Field, type ObjectType, objectType } from './schema.ts'

export interface Decoded {
  /** Without unknown fields and without nulls, which mean absent. */
  readonly value: Record<string, unknown>
  /** Paths of the fields that are not in the schema: `spec.ports[0].prot`. */
  readonly unknown: readonly string[]
}

/** Throws ApiError 400 for a value of the wrong type, in the words of Go's decoder. */
export function decode(type: ObjectType, value: Readonly<Record<string, unknown>>): Decoded {
  const unknown: string[] = []
  return { value: decodeObject(type, value, '', unknown), unknown }
}

function decodeObject(
  type: ObjectType,
  value: Readonly<Record<string, unknown>>,
  path: string,
  unknown: string[],
): Record<string, unknown> {
  const decoded: Record<string, unknown> = {}
  for (const name in value) {
    const inner = value[name]
    const at = path === '' ? name : `${path}.${name}`
    const field = type.fields.get(name)
    if (field === undefined) unknown.push(at)
    else if (inner !== null && inner !== undefined) {
      const value = decodeField(type, field, inner, at, unknown)
      if (!isAbsent(field, value)) decoded[name] = value
    }
  }
  return decoded
}

/** Go leaves out what is empty. */
function isAbsent(field: Field, value: unknown): boolean {
  if (field.omitsZero) return !value
  if (field.required || field.shape === 'one') return false
  return Object.keys(value as object).length === 0
}

function decodeField(type: ObjectType, field: Field, value: unknown, path: string, unknown: string[]): unknown {
  if (field.shape === 'list') {
    if (!Array.isArray(value)) throw wrongType(type, value, path, `[]${goType(field)}`)
    return value.map((item, index) => decodeOne(type, field, item, `${path}[${index}]`, unknown))
  }
  if (field.shape === 'map') {
    if (!isRecord(value)) throw wrongType(type, value, path, `map[string]${goType(field)}`)
    const entries = Object.entries(value).filter(([, item]) => item !== null)
    return Object.fromEntries(entries.map(([key, item]) => [key, decodeOne(type, field, item, path, unknown)]))
  }
  return decodeOne(type, field, value, path, unknown)
}

function decodeOne(type: ObjectType, field: Field, value: unknown, path: string, unknown: string[]): unknown {
  if (field.scalar === undefined) {
    if (!isRecord(value)) throw wrongType(type, value, path, goType(field))
    return decodeObject(objectType(field.type), value, path, unknown)
  }
  if (!fits(field.scalar, value)) throw wrongType(type, value, path, goType(field))
  // A quantity is text, however it was written.
  return field.scalar === 'quantity' ? String(value) : value
}

function fits(scalar: NonNullable<Field['scalar']>, value: unknown): boolean {
  switch (scalar) {
    case 'any':
      return true
    case 'int':
      return Number.isInteger(value)
    case 'bool':
      return typeof value === 'boolean'
    case 'int-or-string':
    case 'quantity':
      return (
        typeof value === 'string' || (typeof value === 'number' && (scalar === 'quantity' || Number.isInteger(value)))
      )
    case 'string':
    case 'time':
    case 'bytes':
      return typeof value === 'string'
  }
}

function goType({ scalar, type }: Field): string {
  if (scalar === undefined) return type
  const names = { int: 'int32', 'int-or-string': 'intstr.IntOrString', time: 'v1.Time', bytes: '[]uint8' }
  return names[scalar as keyof typeof names] ?? scalar
}

function wrongType(type: ObjectType, value: unknown, path: string, wanted: string): Error {
  const given = Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value
  const field = `${type.name}.${path.replace(/\[\d+\]/g, '')}`
  return badRequest(`json: cannot unmarshal ${given} into Go struct field ${field} of type ${wanted}`)
}
