// patch: changes part of an object, in the language its media type names.

import { unsupportedMediaType } from '../negotiation.ts'
import { isRecord, type KubeObject } from '../object.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { asObject } from '../registry.ts'
import type { ApiRequest } from '../request.ts'
import { badRequest } from '../status.ts'
import { type Answer, formOf, isDryRun, type VerbContext } from './answer.ts'
import { objectAsForm } from './form.ts'
import { partOf } from './write.ts'

const languages = ['application/merge-patch+json']

export function patch(request: ApiRequest, { registry }: VerbContext): Answer {
  const { kind, namespace, name } = request
  const part = partOf(request)
  if (!languages.includes(request.contentType)) throw unsupportedMediaType(languages)
  const old = registry.get(kind, namespace, name)
  const object = registry.update(kind, patched(request, old), { part, dryRun: isDryRun(request) })
  return { code: 200, body: objectAsForm(formOf(request), request, object) }
}

function patched({ kind, namespace, body }: ApiRequest, old: KubeObject): KubeObject {
  if (!isRecord(body)) throw badRequest('a merge patch must be a JSON object')
  const given = asObject(kind, mergePatch(old, body), namespace)
  if (given.metadata.name !== old.metadata.name) throw badRequest('the name of the object may not be changed')
  return given
}
