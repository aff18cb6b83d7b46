// Deployments: a ReplicaSet per template, and pods moved from the old ones to the new one a few at a time.
import { deployments, pods, replicaSets } from '../kinds.ts'
import { controllerOf, controllerReference, type KubeObject, sameJson, withMetadata } from '../object.ts'
import type { Condition, Deployment, Pod, PodTemplate, ReplicaSet } from '../resources.ts'
import type { Store } from '../store.ts'
import { isPodOver, withCondition } from './condition.ts'
import { hashOf } from './replica.ts'
import { type Controller, type ControllerContext, controllerKeys, itself } from './runner.ts'

const hashLabel = 'pod-template-hash'
const revisionAnnotation = 'deployment.kubernetes.io/revision'
/** Annotations of a Deployment that its ReplicaSets don't get. */
const notCopied = [
  revisionAnnotation,
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
]

export const deploymentController = (store: Store): Controller => ({
  name: 'deployment',
  watches: [
    { kind: deployments, keys: itself },
    { kind: replicaSets, keys: controllerKeys(deployments) },
    // A strategy of Recreate waits for the last of the old pods.
    { kind: pods, keys: ({ type, object }) => (type === 'DELETED' ? deploymentOf(object, store) : []) },
  ],
  reconcile(context, namespace, name) {
    const deployment = store.get<Deployment>(deployments, namespace, name)
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return
    const owned = replicaSetsOf(context, deployment)
    const current = newest(context, deployment, owned)
    const old = owned.filter((each) => each.metadata.uid !== current?.metadata.uid)
    if (current !== undefined) {
      if (deployment.spec.strategy?.type === 'Recreate') recreate(context, deployment, current, old)
      else roll(context, deployment, current, old)
      forgetOldest(context, deployment, old)
    }
    const now = replicaSetsOf(context, deployment)
    context.registry.change(deployments, deployment, (each) => withStatus(each, now), 'status')
  },
})

/** The key of the Deployment whose ReplicaSet the pod is of. */
function deploymentOf(pod: KubeObject, store: Store): string[] {
  const { namespace = '' } = pod.metadata
  const replicaSet = store.get(replicaSets, namespace, controllerOf(pod)?.name ?? '')
  const owner = replicaSet === undefined ? undefined : controllerOf(replicaSet)
  return owner?.kind === deployments.kind ? [`${namespace}/${owner.name}`] : []
}

function replicaSetsOf({ registry }: ControllerContext, deployment: Deployment): ReplicaSet[] {
  const all = [...registry.store.list<ReplicaSet>(replicaSets, deployment.metadata.namespace ?? '')]
  return all.filter((each) => controllerOf(each)?.uid === deployment.metadata.uid)
}

const wanted = (replicaSet: ReplicaSet) => replicaSet.spec.replicas ?? 0
const revisionOf = (replicaSet: ReplicaSet) => Number(replicaSet.metadata.annotations?.[revisionAnnotation] ?? 0)
const available = (replicaSet: ReplicaSet) => replicaSet.status?.availableReplicas ?? 0
const sum = (all: readonly ReplicaSet[], of: (each: ReplicaSet) => number) =>
  all.reduce((total, each) => total + of(each), 0)

function withoutHash(template: PodTemplate): PodTemplate {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

function isOf(deployment: Deployment): (replicaSet: ReplicaSet) => boolean {
  const template = withoutHash(deployment.spec.template)
  return (replicaSet) => sameJson(withoutHash(replicaSet.spec.template), template)
}

/** The ReplicaSet of the present template, made where there is none; undefined while a paused Deployment has none. */
function newest(
  { registry }: ControllerContext,
  deployment: Deployment,
  owned: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const { paused, template } = deployment.spec
  const existing = owned.find(isOf(deployment))
  if (existing === undefined && paused === true) return undefined
  const latest = Math.max(0, ...owned.map(revisionOf))
  const revision = existing !== undefined && revisionOf(existing) === latest ? latest : latest + 1
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.includes(key))
  const annotations = { ...Object.fromEntries(copied), [revisionAnnotation]: String(revision) }
  if (deployment.metadata.annotations?.[revisionAnnotation] !== String(revision)) {
    registry.change(deployments, deployment, (each) =>
      withMetadata(each, { annotations: { ...each.metadata.annotations, [revisionAnnotation]: String(revision) } }),
    )
  }
  if (existing !== undefined) {
    return registry.change(replicaSets, existing, (each) =>
      withMetadata(each, { annotations: { ...each.metadata.annotations, ...annotations } }),
    )
  }
  const hash = hashOf(withoutHash(template))
  const labels = { ...template.metadata?.labels, [hashLabel]: hash }
  return registry.create<ReplicaSet>(replicaSets, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      selector: {
        ...deployment.spec.selector,
        matchLabels: { ...deployment.spec.selector.matchLabels, [hashLabel]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  })
}

function scale({ registry }: ControllerContext, replicaSet: ReplicaSet, replicas: number): void {
  registry.change(replicaSets, replicaSet, (each) => ({ ...each, spec: { ...each.spec, replicas } }))
}

/** Old pods go before new ones come. */
function recreate(
  context: ControllerContext,
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): void {
  for (const each of old) scale(context, each, 0)
  // Pods that are still ending count.
  const uids = new Set(old.map(({ metadata }) => metadata.uid))
  const all = [...context.registry.store.list<Pod>(pods, deployment.metadata.namespace ?? '')]
  if (all.some((pod) => uids.has(controllerOf(pod)?.uid) && !isPodOver(pod))) return
  scale(context, current, deployment.spec.replicas ?? 1)
}

/** New pods as far as maxSurge allows, old ones gone as far as maxUnavailable allows. */
function roll(
  context: ControllerContext,
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): void {
  const { replicas = 1, paused, strategy } = deployment.spec
  const surge = share(strategy?.rollingUpdate?.maxSurge ?? '25%', replicas, Math.ceil)
  const missing = share(strategy?.rollingUpdate?.maxUnavailable ?? '25%', replicas, Math.floor)
  const mostMissing = surge === 0 && missing === 0 ? 1 : missing
  const total = wanted(current) + sum(old, wanted)
  if (paused === true && total === replicas) return
  const room = Math.max(0, replicas + surge - total)
  const size = wanted(current) > replicas ? replicas : Math.min(replicas, wanted(current) + room)
  if (size !== wanted(current)) scale(context, current, size)
  const needed = replicas - mostMissing
  const notYet = Math.max(0, size - available(current))
  let spare = size + sum(old, wanted) - needed - notYet
  for (const each of [...old].sort((a, b) => available(a) - available(b) || revisionOf(a) - revisionOf(b))) {
    const down = Math.min(Math.max(0, spare), wanted(each))
    if (down === 0) continue
    scale(context, each, wanted(each) - down)
    spare -= down
  }
}

/** A number or a part of the replicas, rounded as told. */
function share(value: number | string, replicas: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * replicas)
}

function forgetOldest({ registry }: ControllerContext, deployment: Deployment, old: readonly ReplicaSet[]): void {
  const limit = deployment.spec.revisionHistoryLimit ?? 10
  const empty = old.filter((each) => wanted(each) === 0 && (each.status?.replicas ?? 0) === 0)
  const oldest = empty.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, empty.length - limit))
  for (const each of oldest) registry.remove(replicaSets, each.metadata.namespace ?? '', each.metadata.name)
}

function withStatus(deployment: Deployment, owned: readonly ReplicaSet[]): Deployment {
  const { replicas = 1, strategy } = deployment.spec
  const current = owned.find(isOf(deployment))
  const total = sum(owned, (each) => each.status?.replicas ?? 0)
  const there = sum(owned, available)
  const updated = current?.status?.replicas ?? 0
  const missing = share(strategy?.rollingUpdate?.maxUnavailable ?? 0, replicas, Math.floor)
  const enough = there >= replicas - missing
  const complete = updated === replicas && total === replicas && there === replicas
  const name = current?.metadata.name ?? ''
  const conditions: Condition[] = withCondition(deployment.status?.conditions, {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
  })
  const progress: Condition = {
    type: 'Progressing',
    status: 'True',
    reason: complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
    message: complete ? `ReplicaSet "${name}" has successfully progressed.` : `ReplicaSet "${name}" is progressing.`,
  }
  const status = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: total,
    updatedReplicas: updated,
    readyReplicas: sum(owned, (each) => each.status?.readyReplicas ?? 0),
    availableReplicas: there,
    unavailableReplicas: Math.max(0, Math.max(total, replicas) - there),
    conditions: withCondition(conditions, progress),
  }
  const shown = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0))
  return { ...deployment, status: shown as NonNullable<Deployment['status']> }
}
