// Evictions: pods deleted with the leave of their disruption budgets, in the words of the real server.
import { isPodOver, isPodReady } from '../controllers/condition.ts'
import { kindNamed, pods } from '../kinds.ts'
import { isRecord, type KubeObject } from '../object.ts'
import type { Registry } from '../registry.ts'
import type { ApiRequest } from '../request.ts'
import type { LabelSelector, Pod } from '../resources.ts'
import { labelSelectorTest } from '../selector.ts'
import { ApiError } from '../status.ts'
import type { Answer } from './answer.ts'

interface Budget extends KubeObject {
  readonly spec?: {
    readonly minAvailable?: number | string
    readonly maxUnavailable?: number | string
    readonly selector?: LabelSelector
  }
}

const budgets = kindNamed('PodDisruptionBudget')

/** Throws ApiError: 404, and 429 where a budget is used up. */
export function evict({ namespace, name, body }: ApiRequest, registry: Registry): Answer {
  const pod = registry.get<Pod>(pods, namespace, name)
  // Pods that don't count as healthy may always go.
  if (isPodReady(pod) && pod.metadata.deletionTimestamp === undefined) {
    for (const budget of registry.store.list<Budget>(budgets, namespace)) holdTo(budget, pod, registry)
  }
  const options = isRecord(body) && isRecord(body.deleteOptions) ? body.deleteOptions : {}
  const grace = options.gracePeriodSeconds
  registry.remove(pods, namespace, name, { gracePeriodSeconds: typeof grace === 'number' ? grace : undefined })
  return { code: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } }
}

function holdTo({ metadata, spec = {} }: Budget, pod: Pod, { store }: Registry): void {
  if (spec.selector === undefined) return
  const fits = labelSelectorTest(spec.selector)
  if (!fits(pod.metadata.labels ?? {})) return
  const counted = [...store.list<Pod>(pods, pod.metadata.namespace ?? '')].filter(
    (each) => fits(each.metadata.labels ?? {}) && each.metadata.deletionTimestamp === undefined && !isPodOver(each),
  )
  const healthy = counted.filter(isPodReady).length
  const { minAvailable, maxUnavailable = 0 } = spec
  // Percentages are rounded up, of both.
  const share = (value: number | string) =>
    typeof value === 'number' ? value : Math.ceil((Number.parseFloat(value) / 100) * counted.length)
  const needed = minAvailable === undefined ? counted.length - share(maxUnavailable) : share(minAvailable)
  if (healthy - 1 >= needed) return
  const message = `The disruption budget ${metadata.name} needs ${needed} healthy pods and has ${healthy} currently`
  throw new ApiError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
  })
}
