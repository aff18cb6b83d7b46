// Makes an object of a kind out of what a request or a manifest brings.
import { apiVersionOf, type Kind } from '../kinds.ts'
import { isRecord, type KubeObject } from '../object.ts'
import { ApiError, badRequest } from '../status.ts'
import { decode } from './decode.ts'
import { type JsonSchema, pruned, withoutHead } from './json-schema.ts'
import { typeOfKind } from './schema.ts'

export interface GivenObject {
  readonly object: KubeObject
  /** Fields that were dropped because nobody knows them. */
  readonly unknown: readonly string[]
}

/** `namespace` is where the request was sent, '' for kinds without one. Throws ApiError 400. */
export function asObject(kind: Kind, value: unknown, namespace: string): GivenObject {
  if (!isRecord(value)) throw unreadable(kind, 'the body is not a JSON object')
  const { apiVersion = apiVersionOf(kind), kind: kindName = kind.kind } = value
  if (apiVersion !== apiVersionOf(kind) || kindName !== kind.kind) {
    const message = `${kindName} in version "${apiVersion}" cannot be handled as a ${kind.kind}: unknown conversion`
    throw badRequest(message)
  }
  const { value: decoded, unknown } = decodeAs(kind, value)
  const { namespace: given, ...metadata } = isRecord(decoded.metadata) ? decoded.metadata : {}
  const inside = kind.namespaced ? given || namespace : undefined
  if (kind.namespaced && inside !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  const named = { name: '', ...metadata, ...(inside === undefined ? {} : { namespace: inside }) }
  const object = { ...decoded, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: named } as KubeObject
  return { object, unknown }
}

/** Refuses unknown fields. Throws ApiError 400. */
export function refuseUnknown(kind: Kind, unknown: readonly string[]): void {
  if (unknown.length === 0) return
  const faults = unknown.map((path) => `unknown field "${path}"`).join(', ')
  throw cannotBeHandled(kind, `strict decoding error: ${faults}`)
}

function decodeAs(kind: Kind, value: Readonly<Record<string, unknown>>) {
  try {
    return kind.schema === undefined ? decode(typeOfKind(kind), value) : decodeCustom(kind, kind.schema, value)
  } catch (error) {
    if (error instanceof ApiError) throw cannotBeHandled(kind, error.message)
    throw error
  }
}

function decodeCustom(kind: Kind, schema: JsonSchema, value: Readonly<Record<string, unknown>>) {
  const { apiVersion, kind: name, metadata, ...own } = value
  const head = decode(typeOfKind(kind), { apiVersion, kind: name, metadata })
  const unknown: string[] = []
  const rest = pruned(withoutHead(schema), own, '', unknown) as Record<string, unknown>
  return { value: { ...head.value, ...rest }, unknown: [...head.unknown, ...unknown] }
}

function cannotBeHandled(kind: Kind, why: string): ApiError {
  return badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`)
}

export function unreadable(kind: Kind, why: string): ApiError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${why}`)
}
