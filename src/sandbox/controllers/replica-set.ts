// ReplicaSets: as many pods as wanted, made and deleted without order.
import { pods, replicaSets } from '../kinds.ts'
import type { Pod, ReplicaSet } from '../resources.ts'
import { isPodReady } from './condition.ts'
import { isActive, ordinalOf, podFrom, podsOf } from './replica.ts'
import { type Controller, controllerKeys, itself } from './runner.ts'

export const replicaSetController: Controller = {
  name: 'replicaset',
  watches: [
    { kind: replicaSets, keys: itself },
    { kind: pods, keys: controllerKeys(replicaSets) },
  ],
  reconcile(context, namespace, name) {
    const { registry } = context
    const replicaSet = registry.store.get<ReplicaSet>(replicaSets, namespace, name)
    if (replicaSet === undefined || replicaSet.metadata.deletionTimestamp !== undefined) return
    const { selector, template, replicas: wanted = 1 } = replicaSet.spec
    const active = podsOf(context, replicaSet, selector).filter(isActive)
    const used = new Set(active.map(ordinalOf))
    for (let ordinal = 0, missing = wanted - active.length; missing > 0; ordinal++) {
      if (used.has(ordinal)) continue
      active.push(registry.create(pods, podFrom(replicaSet, template, { name: `${name}-`, ordinal })))
      missing--
    }
    const excess = active.sort(byWorth).splice(wanted)
    for (const pod of excess) registry.remove(pods, namespace, pod.metadata.name)
    const ready = active.filter(isPodReady).length
    registry.change(
      replicaSets,
      replicaSet,
      (current) => ({
        ...current,
        status: {
          replicas: active.length,
          fullyLabeledReplicas: active.length,
          readyReplicas: ready,
          availableReplicas: ready,
          observedGeneration: current.metadata.generation ?? 0,
        },
      }),
      'status',
    )
  },
}

/** Pods worth keeping come first: ready ones, then older ones. */
function byWorth(a: Pod, b: Pod): number {
  return Number(isPodReady(b)) - Number(isPodReady(a)) || ordinalOf(a) - ordinalOf(b)
}
