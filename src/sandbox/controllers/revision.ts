// Revisions of a StatefulSet or DaemonSet: every template it had is kept as a ControllerRevision, for `kubectl rollout history` and `undo`.
import { controllerRevisions } from '../kinds.ts'
import { controllerOf, controllerReference, type KubeObject, sameJson } from '../object.ts'
import type { ControllerRevision, PodTemplate } from '../resources.ts'
import { hashOf } from './replica.ts'
import type { ControllerContext } from './runner.ts'

/** What has revisions. */
interface Revised extends KubeObject {
  readonly spec: { readonly template: PodTemplate; readonly revisionHistoryLimit?: number }
}

/** The name of the revision of the present template, which is recorded where it is new. */
export function recordRevision({ registry }: ControllerContext, set: Revised): string {
  const all = revisionsOf({ registry }, set)
  const latest = Math.max(0, ...all.map(({ revision }) => revision))
  const data = dataOf(set.spec.template)
  const existing = all.find((each) => sameJson(each.data, data))
  if (existing !== undefined) {
    // Going back to an old template makes it the latest.
    if (existing.revision < latest) {
      registry.change(controllerRevisions, existing, (each) => ({ ...each, revision: latest + 1 }))
    }
    return existing.metadata.name
  }
  const hash = hashOf(set.spec.template)
  const { name, namespace = '' } = set.metadata
  const created = registry.create<ControllerRevision>(controllerRevisions, {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...set.spec.template.metadata?.labels, 'controller.kubernetes.io/hash': hash },
      ownerReferences: [controllerReference(set)],
    },
    data,
    revision: latest + 1,
  })
  return created.metadata.name
}

/** The template of a revision that is still kept. */
export function templateAt(context: ControllerContext, set: Revised, revision: string): PodTemplate | undefined {
  const found = revisionsOf(context, set).find((each) => each.metadata.name === revision)
  if (found === undefined) return undefined
  const { $patch: _, ...template } = (found.data as ReturnType<typeof dataOf>).spec.template
  return template
}

/** Drops the oldest revisions beyond the limit; those in use stay. */
export function forgetRevisions(context: ControllerContext, set: Revised, used: ReadonlySet<string>): void {
  const spare = revisionsOf(context, set).filter(({ metadata }) => !used.has(metadata.name))
  const oldest = spare.sort((a, b) => a.revision - b.revision)
  const limit = set.spec.revisionHistoryLimit ?? 10
  for (const { metadata } of oldest.slice(0, Math.max(0, oldest.length - limit))) {
    context.registry.remove(controllerRevisions, metadata.namespace ?? '', metadata.name)
  }
}

function revisionsOf({ registry }: Pick<ControllerContext, 'registry'>, set: Revised): ControllerRevision[] {
  const all = [...registry.store.list<ControllerRevision>(controllerRevisions, set.metadata.namespace ?? '')]
  return all.filter((each) => controllerOf(each)?.uid === set.metadata.uid)
}

/** A strategic merge patch that puts the template back. */
function dataOf(template: PodTemplate) {
  return { spec: { template: { ...template, $patch: 'replace' } } }
}
