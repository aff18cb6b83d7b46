// get, create, update, delete and deletecollection.
import { namespaces } from '../kinds.ts'
import { requireObject } from '../negotiation.ts'
import { isRecord, type KubeObject } from '../object.ts'
import type { DeleteOptions, Part, Propagation } from '../registry.ts'
import type { ApiRequest } from '../request.ts'
import { badRequest, noSuchPath } from '../status.ts'
import { type Answer, formOf, givenObject, integer, isDryRun, type VerbContext } from './answer.ts'
import { asForm, objectAsForm } from './form.ts'
import { selectionOf } from './selection.ts'

/** The part of an object a subresource stands for. Throws ApiError 404 for one the kind doesn't have. */
export function partOf({ kind, subresource }: ApiRequest): Part {
  if (subresource === '') return 'object'
  if (subresource === 'status' && kind.status) return 'status'
  if (subresource === 'finalize' && kind === namespaces) return 'finalize'
  throw noSuchPath()
}

function answer(request: ApiRequest, code: number, object: KubeObject): Answer {
  return { code, body: objectAsForm(formOf(request), request, object) }
}

export function get(request: ApiRequest, { registry }: VerbContext): Answer {
  partOf(request)
  return answer(request, 200, registry.get(request.kind, request.namespace, request.name))
}

export function create(request: ApiRequest, { registry }: VerbContext): Answer {
  if (request.subresource !== '') throw noSuchPath()
  requireObject(request.contentType)
  const given = givenObject(request, request.body)
  const object = registry.create(request.kind, given.object, { dryRun: isDryRun(request) })
  return { ...answer(request, 201, object), warnings: given.warnings }
}

export function update(request: ApiRequest, { registry }: VerbContext): Answer {
  const { kind, name } = request
  const part = partOf(request)
  requireObject(request.contentType)
  const { object: given, warnings } = givenObject(request, request.body)
  if (given.metadata.name !== name) {
    throw badRequest(`the name of the object (${given.metadata.name}) does not match the name on the URL (${name})`)
  }
  const object = registry.update(kind, given, { part, dryRun: isDryRun(request) })
  return { ...answer(request, 200, object), warnings }
}

export function remove(request: ApiRequest, { registry }: VerbContext): Answer {
  const { kind, namespace, name } = request
  const { object, gone } = registry.remove(kind, namespace, name, deleteOptions(request))
  // The real server shows services and pods a last time, and whatever is still there.
  if (!gone || kind.kind === 'Service' || kind.kind === 'Pod') return answer(request, 200, object)
  const details = {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.resource,
    uid: object.metadata.uid,
  }
  return { code: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } }
}

export function removeCollection(request: ApiRequest, { registry }: VerbContext): Answer {
  const { kind, namespace } = request
  const options = deleteOptions(request)
  const belongs = selectionOf(request)
  const chosen = [...registry.store.list(kind, namespace === '' ? undefined : namespace)].filter(belongs)
  const items = chosen.map(
    (each) => registry.remove(kind, each.metadata.namespace ?? '', each.metadata.name, options).object,
  )
  const metadata = { resourceVersion: String(registry.store.version) }
  return { code: 200, body: asForm(formOf(request), request, { metadata, items }) }
}

const propagations = ['Background', 'Foreground', 'Orphan']

/** Out of the body, else out of the query. Throws ApiError 400, 415, 422. */
function deleteOptions(request: ApiRequest): DeleteOptions {
  const { body, query } = request
  if (body !== undefined) requireObject(request.contentType)
  const given = isRecord(body) ? body : {}
  const preconditions = isRecord(given.preconditions) ? given.preconditions : {}
  const grace = given.gracePeriodSeconds ?? integer(query, 'gracePeriodSeconds')
  const propagation = given.propagationPolicy ?? query.get('propagationPolicy') ?? undefined
  if (propagation !== undefined && !propagations.includes(String(propagation))) {
    throw badRequest(`invalid propagationPolicy: ${JSON.stringify(propagation)}`)
  }
  return {
    gracePeriodSeconds: typeof grace === 'number' ? grace : undefined,
    propagation: propagation as Propagation | undefined,
    uid: typeof preconditions.uid === 'string' ? preconditions.uid : undefined,
    resourceVersion: typeof preconditions.resourceVersion === 'string' ? preconditions.resourceVersion : undefined,
    dryRun: isDryRun(request, Array.isArray(given.dryRun) ? given.dryRun : []),
  }
}
