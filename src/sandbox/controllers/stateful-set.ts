// StatefulSets: pods with ordinals, hostnames and names that stay, made, updated and deleted in order.
import { pods, statefulSets } from '../kinds.ts'
import type { Pod, StatefulSet } from '../resources.ts'
import { isPodOver, isPodReady } from './condition.ts'
import { ordinalOf, podFrom, podsOf } from './replica.ts'
import { forgetRevisions, recordRevision, templateAt } from './revision.ts'
import { type Controller, type ControllerContext, controllerKeys, itself } from './runner.ts'

const revisionLabel = 'controller-revision-hash'

export const statefulSetController: Controller = {
  name: 'statefulset',
  watches: [
    { kind: statefulSets, keys: itself },
    { kind: pods, keys: controllerKeys(statefulSets) },
  ],
  reconcile(context, namespace, name) {
    const set = context.registry.store.get<StatefulSet>(statefulSets, namespace, name)
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return
    const revision = recordRevision(context, set)
    const owned = podsOf(context, set, set.spec.selector).sort((a, b) => ordinalOf(a) - ordinalOf(b))
    step(context, set, owned, revision)
    const now = podsOf(context, set, set.spec.selector)
    const changed = context.registry.change(statefulSets, set, (each) => withStatus(each, now, revision), 'status')
    const used = new Set([revision, changed?.status?.currentRevision ?? '', ...now.map((pod) => revisionOf(pod) ?? '')])
    forgetRevisions(context, set, used)
  },
}

const revisionOf = (pod: Pod) => pod.metadata.labels?.[revisionLabel]

/** Does what can be done now: missing pods, then those too many, then those of an older revision. */
function step(context: ControllerContext, set: StatefulSet, owned: readonly Pod[], revision: string): void {
  const { registry } = context
  const { replicas = 1, podManagementPolicy, updateStrategy, ordinals } = set.spec
  const inOrder = podManagementPolicy !== 'Parallel'
  const first = ordinals?.start ?? 0
  const last = first + replicas - 1
  const namespace = set.metadata.namespace ?? ''
  for (let ordinal = first; ordinal <= last; ordinal++) {
    const pod = owned.find((each) => ordinalOf(each) === ordinal)
    if (pod === undefined) registry.create(pods, podOf(context, set, ordinal, revision))
    else if (isPodOver(pod)) registry.remove(pods, namespace, pod.metadata.name)
    else if (isSteady(pod)) continue
    if (inOrder) return
  }
  const excess = owned.filter((pod) => ordinalOf(pod) < first || ordinalOf(pod) > last).reverse()
  for (const pod of excess) {
    if (pod.metadata.deletionTimestamp === undefined) registry.remove(pods, namespace, pod.metadata.name)
    if (inOrder) return
  }
  if (updateStrategy?.type === 'OnDelete' || excess.length > 0) return
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0
  for (let ordinal = last; ordinal >= Math.max(first, partition); ordinal--) {
    const pod = owned.find((each) => ordinalOf(each) === ordinal)
    if (pod === undefined) return
    if (revisionOf(pod) !== revision && pod.metadata.deletionTimestamp === undefined) {
      registry.remove(pods, namespace, pod.metadata.name)
      return
    }
    if (!isSteady(pod)) return
  }
}

const isSteady = (pod: Pod) => isPodReady(pod) && pod.metadata.deletionTimestamp === undefined

/** Pods below the partition are made from the template before the change. */
function podOf(context: ControllerContext, set: StatefulSet, ordinal: number, latest: string): Pod {
  const below = ordinal < (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0)
  const before = set.status?.currentRevision ?? latest
  const template = below ? templateAt(context, set, before) : undefined
  const revision = template === undefined ? latest : before
  const name = `${set.metadata.name}-${ordinal}`
  const labels = {
    [revisionLabel]: revision,
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': String(ordinal),
  }
  const spec = { hostname: name, ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}) }
  return podFrom(set, template ?? set.spec.template, { name, ordinal, labels, spec })
}

function withStatus(set: StatefulSet, owned: readonly Pod[], revision: string): StatefulSet {
  const { replicas = 1 } = set.spec
  const ready = owned.filter(isSteady)
  const updated = owned.filter((pod) => revisionOf(pod) === revision)
  const done = updated.length === replicas && ready.length === replicas && owned.length === replicas
  const currentRevision = done ? revision : (set.status?.currentRevision ?? revision)
  return {
    ...set,
    status: {
      observedGeneration: set.metadata.generation ?? 0,
      replicas: owned.length,
      readyReplicas: ready.length,
      availableReplicas: ready.length,
      currentReplicas: owned.filter((pod) => revisionOf(pod) === currentRevision).length,
      updatedReplicas: updated.length,
      currentRevision,
      updateRevision: revision,
      collisionCount: 0,
    } as NonNullable<StatefulSet['status']>,
  }
}
