// The scale subresource: how many replicas something has, seen and set the same way for every kind that has them.

import { requireObject } from '../negotiation.ts'
import { isRecord, type KubeObject } from '../object.ts'
import type { ApiRequest } from '../request.ts'
import type { LabelSelector } from '../resources.ts'
import { decode } from '../schema/decode.ts'
import { objectType } from '../schema/schema.ts'
import { printLabelSelector } from '../selector.ts'
import { badRequest, cause, invalid, methodNotAllowed } from '../status.ts'
import { type Answer, isDryRun, type VerbContext } from './answer.ts'
import { patched } from './patch.ts'

interface Scalable extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly selector: LabelSelector }
  readonly status?: { readonly replicas?: number }
}

/** get, update and patch of a Scale. */
export function scale(request: ApiRequest, { registry }: VerbContext): Answer {
  const { kind, namespace, name, verb } = request
  const object = registry.get<Scalable>(kind, namespace, name)
  if (verb === 'get') return { code: 200, body: scaleOf(object) }
  if (verb === 'update') requireObject(request.contentType)
  else if (verb !== 'patch') throw methodNotAllowed(kind, verb)
  const wanted = verb === 'update' ? request.body : patched(request, scaleOf(object))
  if (!isRecord(wanted)) throw badRequest('the body is not a Scale')
  const { value } = decode(objectType('Scale'), wanted)
  const { replicas = 0 } = (isRecord(value.spec) ? value.spec : {}) as { readonly replicas?: number }
  const { resourceVersion } = (isRecord(value.metadata) ? value.metadata : {}) as { readonly resourceVersion?: string }
  if (replicas < 0) {
    const why = 'must be greater than or equal to 0'
    const subject = { group: 'autoscaling', resource: 'scales', kind: 'Scale' }
    throw invalid(subject, name, [cause.invalid('spec.replicas', replicas, why)])
  }
  const { resourceVersion: current, ...metadata } = object.metadata
  const expected = resourceVersion ?? current
  const changed = {
    ...object,
    metadata: { ...metadata, ...(expected === undefined ? {} : { resourceVersion: expected }) },
    spec: { ...object.spec, replicas },
  }
  return { code: 200, body: scaleOf(registry.update(kind, changed, { dryRun: isDryRun(request) })) }
}

function scaleOf({ metadata, spec, status }: Scalable): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas ?? 1 },
    status: { replicas: status?.replicas ?? 0, selector: printLabelSelector(spec.selector) },
  }
}
