// patch: changes part of an object, in the language its media type names.
import { unsupportedMediaType } from '../negotiation.ts'
import { isRecord, type KubeObject } from '../object.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { serverSideApply } from '../patch/server-side-apply.ts'
import { strategicMerge } from '../patch/strategic-merge.ts'
import { type ApiRequest, isTrue } from '../request.ts'
import { typeOfKind } from '../schema/schema.ts'
import { badRequest, cause, invalid, notFound } from '../status.ts'
import { type Answer, formOf, givenObject, isDryRun, type VerbContext } from './answer.ts'
import { objectAsForm } from './form.ts'
import { partOf } from './write.ts'

export const patchLanguages = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

const languages: readonly string[] = Object.values(patchLanguages)

export function patch(request: ApiRequest, context: VerbContext): Answer {
  if (request.contentType === patchLanguages.apply) return applyPatch(request, context)
  const { kind, namespace, name } = request
  const { registry } = context
  const part = partOf(request)
  const old = registry.get(kind, namespace, name)
  const { object: given, warnings } = givenObject(request, patched(request, old))
  if (given.metadata.name !== name) throw badRequest('the name of the object may not be changed')
  const object = registry.update(kind, given, { part, dryRun: isDryRun(request) })
  return { code: 200, body: objectAsForm(formOf(request), request, object), warnings }
}

/** The object with the patch of the request on it. Throws ApiError 400, 415, 422. */
export function patched({ kind, contentType, body }: ApiRequest, old: unknown): unknown {
  switch (contentType) {
    case patchLanguages.json:
      return jsonPatch(old, body)
    case patchLanguages.merge:
      if (!isRecord(body)) throw badRequest('a merge patch must be a JSON object')
      return mergePatch(old, body)
    case patchLanguages.strategic:
      // Nobody has said how lists of custom resources are merged.
      if (kind.schema !== undefined) throw unsupportedMediaType(languages.filter((each) => each !== contentType))
      return strategicMerge(typeOfKind(kind), old, body)
    default:
      throw unsupportedMediaType(languages)
  }
}

/** Server-side apply: creates what isn't there. */
function applyPatch(request: ApiRequest, { registry }: VerbContext): Answer {
  const { kind, namespace, name, query, subresource } = request
  const part = partOf(request)
  const manager = query.get('fieldManager') ?? ''
  if (manager === '') {
    const options = { group: 'meta.k8s.io', resource: '', kind: 'PatchOptions' }
    throw invalid(options, '', [cause.required('fieldManager', 'is required for apply patch')])
  }
  const { object: wanted, warnings } = givenObject(request, request.body)
  if (wanted.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil')
  if (wanted.metadata.name !== name) {
    throw badRequest(`the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`)
  }
  const live = registry.store.get<KubeObject>(kind, namespace, name)
  const application = { manager, force: isTrue(query.get('force')), subresource }
  const merged = serverSideApply(typeOfKind(kind), live, wanted, application)
  const dryRun = isDryRun(request)
  if (live === undefined) {
    if (part !== 'object') throw notFound(kind, name)
    const object = registry.create(kind, merged, { dryRun })
    return { code: 201, body: objectAsForm(formOf(request), request, object), warnings }
  }
  const { object: fit } = givenObject(request, merged)
  const object = registry.update(kind, fit, { part, dryRun })
  return { code: 200, body: objectAsForm(formOf(request), request, object), warnings }
}
