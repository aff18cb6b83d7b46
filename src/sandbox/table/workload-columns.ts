// Columns of Deployments, ReplicaSets, StatefulSets, DaemonSets and ControllerRevisions.
import { controllerOf, type KubeObject } from '../object.ts'
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../resources.ts'
import { printLabelSelector } from '../selector.ts'
import { containersText, imagesText, none } from './cell.ts'
import type { Column, Columns } from './table.ts'

const containers = { name: 'Containers', wide: true } as const
const images = { name: 'Images', wide: true } as const
const selector = { name: 'Selector', wide: true } as const

const deployment: readonly Column<Deployment>[] = [
  { name: 'Ready', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}` },
  { name: 'Up-to-date', cell: ({ status }) => status?.updatedReplicas ?? 0 },
  { name: 'Available', cell: ({ status }) => status?.availableReplicas ?? 0 },
  { ...containers, cell: ({ spec }) => containersText(spec.template) },
  { ...images, cell: ({ spec }) => imagesText(spec.template) },
  { ...selector, cell: ({ spec }) => printLabelSelector(spec.selector) },
]

const replicaSet: readonly Column<ReplicaSet>[] = [
  { name: 'Desired', cell: ({ spec }) => spec.replicas ?? 1 },
  { name: 'Current', cell: ({ status }) => status?.replicas ?? 0 },
  { name: 'Ready', cell: ({ status }) => status?.readyReplicas ?? 0 },
  { ...containers, cell: ({ spec }) => containersText(spec.template) },
  { ...images, cell: ({ spec }) => imagesText(spec.template) },
  { ...selector, cell: ({ spec }) => printLabelSelector(spec.selector) },
]

const statefulSet: readonly Column<StatefulSet>[] = [
  { name: 'Ready', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}` },
  { ...containers, cell: ({ spec }) => containersText(spec.template) },
  { ...images, cell: ({ spec }) => imagesText(spec.template) },
]

const pairsText = (pairs: Readonly<Record<string, string>> = {}) =>
  Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(',') || none

const statusOf = ({ status }: DaemonSet) => (status ?? {}) as Readonly<Record<string, number>>

const daemonSet: readonly Column<DaemonSet>[] = [
  { name: 'Desired', cell: (each) => statusOf(each).desiredNumberScheduled ?? 0 },
  { name: 'Current', cell: (each) => statusOf(each).currentNumberScheduled ?? 0 },
  { name: 'Ready', cell: (each) => statusOf(each).numberReady ?? 0 },
  { name: 'Up-to-date', cell: (each) => statusOf(each).updatedNumberScheduled ?? 0 },
  { name: 'Available', cell: (each) => statusOf(each).numberAvailable ?? 0 },
  { name: 'Node Selector', cell: ({ spec }) => pairsText(spec.template.spec?.nodeSelector) },
  { ...containers, cell: ({ spec }) => containersText(spec.template) },
  { ...images, cell: ({ spec }) => imagesText(spec.template) },
  { ...selector, cell: ({ spec }) => printLabelSelector(spec.selector) },
]

const controllerRevision: readonly Column<ControllerRevision>[] = [
  { name: 'Controller', cell: controllerText },
  { name: 'Revision', cell: ({ revision }) => revision },
]

function controllerText(object: KubeObject): string {
  const owner = controllerOf(object)
  return owner === undefined ? none : `${owner.kind.toLowerCase()}.apps/${owner.name}`
}

export const workloadColumns: Columns = {
  Deployment: deployment as readonly Column[],
  ReplicaSet: replicaSet as readonly Column[],
  StatefulSet: statefulSet as readonly Column[],
  DaemonSet: daemonSet as readonly Column[],
  ControllerRevision: controllerRevision as readonly Column[],
}
