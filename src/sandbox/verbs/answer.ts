// What verbs give back, and what they work with.
import type { Form } from '../negotiation.ts'
import { negotiate } from '../negotiation.ts'
import type { KubeObject } from '../object.ts'
import type { Registry } from '../registry.ts'
import type { ApiRequest } from '../request.ts'
import { asObject, refuseUnknown } from '../schema/as-object.ts'
import { badRequest, cause, invalid } from '../status.ts'

/** An answer whose body is an object, or JSON text in pieces where it may be too big for one. */
export interface Answer {
  readonly code: number
  readonly body: object | Iterable<string>
  /** `application/json` where it is not said. */
  readonly contentType?: string
  /** For the client's user: fields that were ignored, and the like. */
  readonly warnings?: readonly string[]
  /** Done once the answer is on its way. */
  after?(): void
}

export interface VerbContext {
  readonly registry: Registry
}

/** The form of objects in an answer to this request. */
export function formOf(request: ApiRequest): Form {
  return negotiate(request.accept, ['Table', 'PartialObjectMetadata'])
}

/** `dryRun=All`. Throws ApiError 422. */
export function isDryRun(request: ApiRequest, given: readonly unknown[] = []): boolean {
  const all = [...request.query.getAll('dryRun'), ...given]
  const wrong = all.find((value) => value !== 'All')
  if (wrong !== undefined) {
    const options = { group: 'meta.k8s.io', resource: '', kind: 'Options' }
    throw invalid(options, '', [cause.notSupported('dryRun', wrong, ['All'])])
  }
  return all.length > 0
}

/** A parameter that must be a whole number. Throws ApiError 400. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?\d+$/.test(text)) throw badRequest(`invalid ${name}: "${text}" is not an integer`)
  return Number(text)
}

/** An object out of a request, with unknown fields refused, warned of or ignored as the request wishes. Throws ApiError 400. */
export function givenObject(
  { kind, namespace, query }: ApiRequest,
  value: unknown,
): { readonly object: KubeObject; readonly warnings: readonly string[] } {
  const { object, unknown } = asObject(kind, value, namespace)
  const validation = query.get('fieldValidation') || 'Warn'
  if (!['Strict', 'Warn', 'Ignore'].includes(validation)) {
    const options = { group: 'meta.k8s.io', resource: '', kind: 'Options' }
    throw invalid(options, '', [cause.notSupported('fieldValidation', validation, ['Ignore', 'Strict', 'Warn'])])
  }
  if (validation === 'Strict') refuseUnknown(kind, unknown)
  return { object, warnings: validation === 'Warn' ? unknown.map((path) => `unknown field "${path}"`) : [] }
}
