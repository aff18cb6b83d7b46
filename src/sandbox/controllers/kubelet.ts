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

/** Why a pod is not ready: its containers have only just started, or its annotation says so, until it goes. */
const unready = { starting: 'ContainersNotReady', byAnnotation: 'SwitchedOff' } as const

type Step = 'start' | 'ready' | 'end'

export function kubelet(network: PodNetwork): Controller {
  /** The step each pod waits for, and when it is due, by its key. */
  const due = new Map<string, { readonly uid: string | undefined; readonly step: Step; readonly at: number }>()

  /** Is it time? The first question starts the clock. */
  function waited({ later }: ControllerContext, { metadata }: Pod, step: Step, milliseconds: number): boolean {
    const key = `${metadata.namespace}/${metadata.name}`
    const { uid } = metadata
    const known = due.get(key)
    const at = known?.uid === uid && known?.step === step ? known.at : Date.now() + milliseconds
    const left = at - Date.now()
    if (left > 0) {
      due.set(key, { uid, step, at })
      later(key, left)
      return false
    }
    due.delete(key)
    return true
  }

  return {
    name: 'kubelet',
    watches: [{ kind: pods, keys: itself }],
    reconcile(context, namespace, name) {
      const { registry, pace } = context
      const pod = registry.store.get<Pod>(pods, namespace, name)
      if (pod === undefined) due.delete(`${namespace}/${name}`)
      if (pod?.spec.nodeName === undefined) return
      if (pod.metadata.deletionTimestamp !== undefined) {
        if (!waited(context, pod, 'end', terminationMilliseconds(pod, pace))) return
        registry.remove(pods, namespace, name, { gracePeriodSeconds: 0 })
        return
      }
      const step = nextStep(pod)
      if (step === undefined || (step !== 'watch' && !waited(context, pod, step, pace))) return
      const status = step === 'start' ? started(pod, registry.store, network) : running(pod, registry.store)
      if (status === undefined || sameJson(status, pod.status)) return
      registry.change(pods, pod, (current) => ({ ...current, status }), 'status')
    },
  }
}

function terminationMilliseconds(pod: Pod, pace: number): number {
  const wanted = Number(pod.metadata.annotations?.[annotations.terminationSeconds])
  const grace = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000
  return Math.min(grace, Number.isNaN(wanted) ? pace : wanted * 1000)
}

/** What comes next for a pod that has a node; `watch`: it runs, and only its annotations are looked at. */
function nextStep(pod: Pod): 'start' | 'ready' | 'watch' | undefined {
  if (isPodOver(pod)) return undefined
  if (pod.status?.phase !== 'Running') {
    return pod.metadata.annotations?.[annotations.phase] === 'Pending' ? undefined : 'start'
  }
  const reason = conditionOf(pod.status.conditions, 'Ready')?.reason
  return reason === unready.starting ? 'ready' : 'watch'
}

/** The status of a pod that runs, by its annotations; undefined where they leave it as it is. */
function running(pod: Pod, store: Store): PodStatus | undefined {
  const phase = pod.metadata.annotations?.[annotations.phase]
  if (phase === 'Failed' || phase === 'Succeeded') return over(pod.status ?? {}, phase)
  const ready = annotationForPod(pod, annotations.ready, store)[0]
  if (ready === 'false') return withReady(pod, false, unready.byAnnotation)
  const reason = conditionOf(pod.status?.conditions, 'Ready')?.reason
  const waiting = reason === unready.starting || reason === unready.byAnnotation
  return ready === 'true' || waiting ? withReady(pod, true) : undefined
}

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
  return withReady({ ...pod, status: { ...status, conditions: early } }, false, unready.starting)
}

/** The status with every container, and so the pod, ready or not. */
function withReady(pod: Pod, ready: boolean, reason = ''): PodStatus {
  const status = pod.status ?? {}
  const names = pod.spec.containers.map((container) => container.name).join(' ')
  const why = ready ? {} : { reason, message: `containers with unready status: [${names}]` }
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
