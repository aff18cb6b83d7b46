// Deployments, ReplicaSets, StatefulSets and DaemonSets: what the API fills in and what it refuses.
import { dnsSubdomain } from '../names.ts'
import { sameJson } from '../object.ts'
import type { DaemonSet, Deployment, LabelSelector, PodTemplate, ReplicaSet, StatefulSet } from '../resources.ts'
import { labelSelectorTest } from '../selector.ts'
import { type Cause, cause } from '../status.ts'
import { completeTemplate, templateFaults } from './pod.ts'
import type { Strategy } from './strategy.ts'

export const deploymentStrategy: Strategy<Deployment> = {
  nameRule: dnsSubdomain,
  generation: true,
  newStatus: () => ({}),
  complete: (deployment) => {
    const { spec } = deployment
    const type = spec?.strategy?.type ?? 'RollingUpdate'
    const rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...spec?.strategy?.rollingUpdate }
    return {
      ...deployment,
      spec: {
        progressDeadlineSeconds: 600,
        revisionHistoryLimit: 10,
        ...spec,
        replicas: spec?.replicas ?? 1,
        strategy: type === 'RollingUpdate' ? { type, rollingUpdate } : { ...spec?.strategy, type },
        template: completeTemplate(spec?.template),
      },
    }
  },
  faults: workloadFaults,
}

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  nameRule: dnsSubdomain,
  generation: true,
  newStatus: () => ({ replicas: 0 }),
  complete: (replicaSet) => {
    const { spec } = replicaSet
    return {
      ...replicaSet,
      spec: { ...spec, replicas: spec?.replicas ?? 1, template: completeTemplate(spec?.template) },
    }
  },
  faults: workloadFaults,
}

export const statefulSetStrategy: Strategy<StatefulSet> = {
  nameRule: dnsSubdomain,
  generation: true,
  newStatus: () => ({ replicas: 0, availableReplicas: 0 }),
  complete: (statefulSet) => {
    const { spec } = statefulSet
    const updateStrategy = spec?.updateStrategy?.type
      ? spec.updateStrategy
      : { type: 'RollingUpdate' as const, rollingUpdate: { partition: 0 } }
    return {
      ...statefulSet,
      spec: {
        podManagementPolicy: 'OrderedReady',
        revisionHistoryLimit: 10,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        serviceName: '',
        ...spec,
        replicas: spec?.replicas ?? 1,
        updateStrategy,
        template: completeTemplate(spec?.template),
      },
    }
  },
  faults: (statefulSet, old) => [...workloadFaults(statefulSet, old), ...(old ? fixedFaults(statefulSet, old) : [])],
}

export const daemonSetStrategy: Strategy<DaemonSet> = {
  nameRule: dnsSubdomain,
  generation: true,
  newStatus: () => ({ currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }),
  complete: (daemonSet) => {
    const { spec } = daemonSet
    const type = spec?.updateStrategy?.type ?? 'RollingUpdate'
    const rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...spec?.updateStrategy?.rollingUpdate }
    return {
      ...daemonSet,
      spec: {
        revisionHistoryLimit: 10,
        ...spec,
        updateStrategy: type === 'RollingUpdate' ? { type, rollingUpdate } : { type },
        template: completeTemplate(spec?.template),
      },
    }
  },
  faults: workloadFaults,
}

interface Workload {
  readonly spec: { readonly replicas?: number; readonly selector: LabelSelector; readonly template: PodTemplate }
}

function workloadFaults({ spec }: Workload, old?: Workload): Cause[] {
  const found: Cause[] = []
  const { selector, replicas = 0, template } = spec
  const given = Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0)
  if (selector === undefined) found.push(cause.required('spec.selector'))
  else if (given === 0) found.push(cause.invalid('spec.selector', selector, 'empty selector is invalid for workload'))
  if (!Number.isInteger(replicas) || replicas < 0) {
    found.push(cause.invalid('spec.replicas', replicas, 'must be greater than or equal to 0'))
  }
  const labels = template.metadata?.labels ?? {}
  if (selector !== undefined && given > 0 && !labelSelectorTest(selector)(labels)) {
    const why = '`selector` does not match template `labels`'
    found.push(cause.invalid('spec.template.metadata.labels', labels, why))
  }
  found.push(...templateFaults(template))
  if (old !== undefined && !sameJson(old.spec.selector, selector)) {
    found.push(cause.invalid('spec.selector', selector, 'field is immutable'))
  }
  return found
}

/** What may change in a StatefulSet; everything else is fixed. */
const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

function fixedFaults(statefulSet: StatefulSet, old: StatefulSet): Cause[] {
  const fixed = (spec: object) =>
    Object.fromEntries(Object.entries(spec).filter(([field]) => !changeable.includes(field)))
  if (sameJson(fixed(statefulSet.spec), fixed(old.spec))) return []
  const why =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
  return [cause.forbidden('spec', why)]
}
