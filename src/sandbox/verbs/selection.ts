// The options by which lists and watches choose objects and versions, checked by the real server's rules.
import type { KubeObject } from '../object.ts'
import { type ApiRequest, isTrue } from '../request.ts'
import { parseFieldSelector, parseLabelSelector } from '../selector.ts'
import { ApiError, badRequest, type Cause, cause, invalid } from '../status.ts'

/** Does an object belong to what was asked for? Throws ApiError 400. */
export function selectionOf(request: ApiRequest): (object: KubeObject) => boolean {
  const labelText = request.query.get('labelSelector') ?? ''
  const fieldText = request.query.get('fieldSelector') ?? ''
  const labels = labelText === '' ? undefined : parseLabelSelector(labelText)
  const fields = fieldText === '' ? undefined : parseFieldSelector(fieldText, request.kind.fields)
  const { namespace, name } = request
  return (object) =>
    (namespace === '' || object.metadata.namespace === namespace) &&
    (name === '' || object.metadata.name === name) &&
    (labels?.(object.metadata.labels ?? {}) ?? true) &&
    (fields?.(object) ?? true)
}

export function hasSelectors({ query }: ApiRequest): boolean {
  return Boolean(query.get('labelSelector') || query.get('fieldSelector'))
}

/** A resourceVersion as a number; undefined where none is given. Throws ApiError 400. */
export function versionOf(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? ''
  if (text === '') return undefined
  if (!/^\d+$/.test(text)) throw badRequest(`Invalid value: "${text}": invalid resource version`)
  return Number(text)
}

/** sendInitialEvents; undefined where it is not said. */
export function sendInitialEvents(query: URLSearchParams): boolean | undefined {
  const text = query.get('sendInitialEvents')
  return text === null || text === '' ? undefined : isTrue(text)
}

/** Throws ApiError 422 for combinations that make no sense (apimachinery's ValidateListOptions). */
export function checkListOptions({ query, verb }: ApiRequest): void {
  const match = query.get('resourceVersionMatch') ?? ''
  const version = query.get('resourceVersion') ?? ''
  const initial = sendInitialEvents(query)
  const field = 'resourceVersionMatch'
  const faults: Cause[] = []
  if (verb === 'watch') {
    if (initial !== undefined && match !== 'NotOlderThan') {
      faults.push(cause.forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
    }
    if (match !== '' && initial === undefined) {
      const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
      faults.push(cause.forbidden(field, why))
    }
    if (match !== '' && match !== 'NotOlderThan') faults.push(cause.notSupported(field, match, ['NotOlderThan']))
  } else {
    if (match !== '' && version === '') {
      faults.push(cause.forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    }
    if (match !== '' && query.get('continue')) {
      faults.push(cause.forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'))
    }
    if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
      faults.push(cause.notSupported(field, match, ['Exact', 'NotOlderThan', '']))
    }
    if (match === 'Exact' && version === '0') {
      faults.push(cause.forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
    if (initial !== undefined) {
      faults.push(cause.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
    }
  }
  if (faults.length > 0) throw invalid({ group: 'meta.k8s.io', resource: '', kind: 'ListOptions' }, '', faults)
}

/** The client has seen a version that we have not come to: it should ask again. */
export function tooLargeVersion(wanted: number, current: number): ApiError {
  const message = `Too large resource version: ${wanted}, current: ${current}`
  return new ApiError(504, 'Timeout', `Timeout: ${message}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}
