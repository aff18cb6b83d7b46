// Stands in for kubelet: pods run, become ready, fail and end, as far as their status shows.
import { nodes, pods } from '../kinds.ts'
import { sameJson } from '../object.ts'
import { timestampAt } from '../registry.ts'
import { annotations, type Condition, type Node, type Pod, type PodStatus } from '../resources.ts'
import type { Store } from '../store.ts'
import { conditionOf, isPodOver, withCondition } from './condition.ts'
import { annotationForPod } from './pod-annotation.ts'
import { hostAddresses, type PodNetwork } from './pod-network.ts'
import { type Controller, type ControllerContext, itself } from './runner.ts'

/** Why a pod is not ready where its annotation says so: readiness comes back when the annotation goes. */
const byAnnotation = 'SwitchedOff'

export function kubelet(network: PodNetwork): Controller {
  /** When the step a pod is waiting for is due, by its uid. */
  const due = new Map<string, number>()

  /** Is it time? The first question starts the clock. */
  function waited(context: ControllerContext, pod: Pod, milliseconds: number): boolean {
    if (milliseconds <= 0) return true
    const uid = pod.metadata.uid ?? ''
    const at = due.get(uid) ?? Date.now() + milliseconds
    const left = at - Date.now()
    if (left <= 0) {
      due.delete(uid)
      return true
    }
    due.set(uid, at)
    context.later(`${pod.metadata.namespace}/${pod.metadata.name}`, left)
    return false
  }

  return {
    name: 'kubelet',
    watches: [{ kind: pods, keys: itself }],
    reconcile(context, namespace, name) {
      const { registry, pace } = context
      const pod = registry.store.get<Pod>(pods, namespace, name)
      if (pod?.spec.nodeName === undefined) return
      const { deletionTimestamp } = pod.metadata
      if (deletionTimestamp !== undefined) {
        if (!waited(context, pod, terminationMilliseconds(pod, pace))) return
        registry.remove(pods, namespace, name, { gracePeriodSeconds: 0 })
        return
      }
      const next = nextStatus(pod, registry.store, network)
      if (next === undefined || sameJson(next, pod.status)) return
      const starting = pod.status?.phase !== 'Running' || conditionOf(pod.status.conditions, 'Ready') === undefined
      if (starting && !waited(context, pod, pace)) return
      registry.change(pods, pod, (current) => ({ ...current, status: next }), 'status')
    },
  }
}

function terminationMilliseconds(pod: Pod, pace: number): number {
  const wanted = Number(pod.metadata.annotations?.[annotations.terminationSeconds])
  const grace = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000
  return Math.min(grace, Number.isNaN(wanted) ? pace : wanted * 1000)
}

/** The next step in the life of a pod that has a node; undefined where there is none to take. */
function nextStatus(pod: Pod, store: Store, network: PodNetwork): PodStatus | undefined {
  const status = pod.status ?? {}
  const phase = pod.metadata.annotations?.[annotations.phase]
  if (isPodOver(pod)) return undefined
  if (phase === 'Pending' && status.phase !== 'Running') return undefined
  if (status.phase !== 'Running') return started(pod, store, network)
  if (phase === 'Failed' || phase === 'Succeeded') return over(status, phase)
  const ready = annotationForPod(pod, annotations.ready, store)[0]
  const condition = conditionOf(status.conditions, 'Ready')
  if (ready === 'false') return withReady(pod, false, byAnnotation)
  const free = condition?.reason === byAnnotation || condition?.reason === starting
  return ready === 'true' || free ? withReady(pod, true) : undefined
}

const starting = 'ContainersNotReady'

function started(pod: Pod, store: Store, network: PodNetwork): PodStatus {
  const node = store.get<Node>(nodes, '', pod.spec.nodeName ?? '')
  const addresses = network.assign(pod, node, store)
  const hosts = hostAddresses(node)
  const startTime = timestampAt(new Date())
  const status: PodStatus = {
    ...pod.status,
    phase: 'Running',
    startTime,
    ...(hosts[0] === undefined ? {} : { hostIP: hosts[0], hostIPs: hosts.map((ip) => ({ ip })) }),
    ...(addresses[0] === undefined ? {} : { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    containerStatuses: pod.spec.containers.map((container) => ({
      name: container.name,
      image: container.image ?? '',
      imageID: '',
      containerID: `sandbox://${pod.metadata.uid}/${container.name}`,
      ready: false,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: startTime } },
    })),
  }
  const early = ['PodScheduled', 'PodReadyToStartContainers', 'Initialized'].reduce(
    (conditions, type) => withCondition(conditions, { type, status: 'True' }),
    [...(status.conditions ?? [])] as Condition[],
  )
  return withReady({ ...pod, status: { ...status, conditions: early } }, false, starting)
}

/** The status with every container, and so the pod, ready or not. */
function withReady(pod: Pod, ready: boolean, reason?: string): PodStatus {
  const status = pod.status ?? {}
  const names = pod.spec.containers.map((container) => container.name).join(' ')
  const why = ready ? {} : { reason: reason ?? starting, message: `containers with unready status: [${names}]` }
  const conditions = ['Ready', 'ContainersReady'].reduce(
    (all, type) => withCondition(all, { type, status: ready ? 'True' : 'False', ...why }),
    [...(status.conditions ?? [])] as Condition[],
  )
  const containerStatuses = (status.containerStatuses ?? []).map((container) => ({ ...container, ready }))
  return { ...status, conditions, containerStatuses }
}

function over(status: PodStatus, phase: 'Failed' | 'Succeeded'): PodStatus {
  const reason = phase === 'Failed' ? 'PodFailed' : 'PodCompleted'
  const exitCode = phase === 'Failed' ? 1 : 0
  const finishedAt = timestampAt(new Date())
  const conditions = ['Ready', 'ContainersReady'].reduce(
    (all, type) => withCondition(all, { type, status: 'False', reason }),
    [...(status.conditions ?? [])] as Condition[],
  )
  const containerStatuses = (status.containerStatuses ?? []).map((container) => ({
    ...container,
    ready: false,
    started: false,
    state: { terminated: { exitCode, reason: phase === 'Failed' ? 'Error' : 'Completed', finishedAt } },
  }))
  return { ...status, phase, conditions, containerStatuses }
}
