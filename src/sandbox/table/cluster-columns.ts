// Columns of the kinds that are small or that the sandbox only keeps.
import { conditionOf } from '../controllers/condition.ts'
import type { KubeObject } from '../object.ts'
import type { Namespace, Node } from '../resources.ts'
import { ageOf, none, sinceText } from './cell.ts'
import type { Column, Columns } from './table.ts'

const namespace: readonly Column<Namespace>[] = [{ name: 'Status', cell: ({ status }) => status?.phase ?? '' }]

const node: readonly Column<Node>[] = [
  {
    name: 'Status',
    cell: ({ spec, status }) => {
      const ready = conditionOf(status?.conditions, 'Ready')?.status
      const word = ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady'
      return spec.unschedulable === true ? `${word},SchedulingDisabled` : word
    },
  },
  { name: 'Roles', cell: rolesText },
  { name: 'Age', cell: ageOf },
  { name: 'Version', cell: ({ status }) => info(status).kubeletVersion ?? '' },
  { name: 'Internal-IP', wide: true, cell: (each) => addressText(each, 'InternalIP') },
  { name: 'External-IP', wide: true, cell: (each) => addressText(each, 'ExternalIP') },
  { name: 'OS-Image', wide: true, cell: ({ status }) => info(status).osImage ?? '' },
  { name: 'Kernel-Version', wide: true, cell: ({ status }) => info(status).kernelVersion ?? '' },
  { name: 'Container-Runtime', wide: true, cell: ({ status }) => info(status).containerRuntimeVersion ?? '' },
]

const info = (status: object | undefined): Partial<Record<string, string>> =>
  (status as { nodeInfo?: Record<string, string> } | undefined)?.nodeInfo ?? {}

function rolesText({ metadata }: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/'
  const roles = Object.keys(metadata.labels ?? {}).flatMap((key) =>
    key.startsWith(prefix) ? key.slice(prefix.length) : [],
  )
  return roles.length === 0 ? none : roles.sort().join(',')
}

function addressText({ status }: Node, type: string): string {
  return status?.addresses?.find((each) => each.type === type)?.address ?? none
}

/** A value anywhere in an object, as text; '' where there is none. */
function at(object: unknown, path: string): string {
  let value = object
  for (const field of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[field]
  return value === undefined || value === null ? '' : String(value)
}

const field = (name: string, path: string, missing: string = none): Column => ({
  name,
  cell: (object) => at(object, path) || missing,
})

const count = (name: string, path: string): Column => ({
  name,
  cell: (object) => {
    const value = (object as unknown as Record<string, unknown>)[path]
    return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
  },
})

const event: readonly Column[] = [
  {
    name: 'Last Seen',
    cell: (object) => sinceText(at(object, 'lastTimestamp') || at(object, 'eventTime') || undefined),
  },
  field('Type', 'type', ''),
  field('Reason', 'reason', ''),
  {
    name: 'Object',
    cell: (object) => `${at(object, 'involvedObject.kind').toLowerCase()}/${at(object, 'involvedObject.name')}`,
  },
  { ...field('Source', 'source.component', ''), wide: true },
  field('Message', 'message', ''),
  { ...field('Count', 'count', '1'), wide: true },
  { ...field('Name', 'metadata.name'), wide: true },
]

const roleRef: Column = {
  name: 'Role',
  cell: (object) => `${at(object, 'roleRef.kind')}/${at(object, 'roleRef.name')}`,
}

export const clusterColumns: Columns = {
  Namespace: namespace as readonly Column[],
  Node: node as readonly Column[],
  ConfigMap: [count('Data', 'data')],
  Secret: [field('Type', 'type', 'Opaque'), count('Data', 'data')],
  ServiceAccount: [count('Secrets', 'secrets')],
  Event: event,
  Lease: [field('Holder', 'spec.holderIdentity')],
  PodDisruptionBudget: [
    field('Min Available', 'spec.minAvailable', 'N/A'),
    field('Max Unavailable', 'spec.maxUnavailable', 'N/A'),
    field('Allowed Disruptions', 'status.disruptionsAllowed', '0'),
  ],
  HorizontalPodAutoscaler: [
    {
      name: 'Reference',
      cell: (object) => `${at(object, 'spec.scaleTargetRef.kind')}/${at(object, 'spec.scaleTargetRef.name')}`,
    },
    { name: 'Targets', cell: () => '<unknown>' },
    field('MinPods', 'spec.minReplicas', '1'),
    field('MaxPods', 'spec.maxReplicas'),
    field('Replicas', 'status.currentReplicas', '0'),
  ],
  ServiceImport: [
    field('Type', 'spec.type'),
    { name: 'IP', cell: ({ spec = {} }) => String((spec as { ips?: readonly string[] }).ips ?? '') },
  ],
  RoleBinding: [roleRef],
  ClusterRoleBinding: [roleRef],
}
