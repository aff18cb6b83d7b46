// The kinds the sandbox serves: one table, from which paths, discovery, schemas and tables are made.
import type { JsonSchema } from './schema/json-schema.ts'

export interface Kind {
  /** `RESOURCE.GROUP`: no two kinds have the same. */
  readonly id: string
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Plural, as in paths. */
  readonly resource: string
  readonly singular: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  /** Has a status subresource: writes to the object leave the status alone, writes to the status leave the rest alone. */
  readonly status: boolean
  readonly scale: boolean
  /** What a field selector may name, beside metadata.name and metadata.namespace. */
  readonly fields: readonly string[]
  /** What its objects look like, where a CustomResourceDefinition made the kind. */
  readonly schema?: JsonSchema
}

type Row = Pick<Kind, 'kind' | 'resource'> &
  Partial<Kind> & { readonly group?: string; readonly version?: string; readonly cluster?: true }

const rows: readonly Row[] = [
  {
    kind: 'Namespace',
    resource: 'namespaces',
    shortNames: ['ns'],
    cluster: true,
    status: true,
    fields: ['status.phase'],
  },
  { kind: 'Node', resource: 'nodes', shortNames: ['no'], cluster: true, status: true, fields: ['spec.unschedulable'] },
  { kind: 'ConfigMap', resource: 'configmaps', shortNames: ['cm'] },
  { kind: 'Secret', resource: 'secrets', fields: ['type'] },
  { kind: 'ServiceAccount', resource: 'serviceaccounts', shortNames: ['sa'] },
  {
    kind: 'Event',
    resource: 'events',
    shortNames: ['ev'],
    fields: [
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'source',
      'type',
    ],
  },
  {
    kind: 'Service',
    resource: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    status: true,
    fields: ['spec.clusterIP', 'spec.type'],
  },
  { kind: 'Endpoints', resource: 'endpoints', singular: 'endpoints', shortNames: ['ep'] },
  {
    kind: 'Pod',
    resource: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    status: true,
    fields: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.nominatedNodeName',
    ],
  },
  { group: 'discovery.k8s.io', kind: 'EndpointSlice', resource: 'endpointslices' },
  {
    group: 'apps',
    kind: 'Deployment',
    resource: 'deployments',
    shortNames: ['deploy'],
    categories: ['all'],
    status: true,
    scale: true,
  },
  {
    group: 'apps',
    kind: 'ReplicaSet',
    resource: 'replicasets',
    shortNames: ['rs'],
    categories: ['all'],
    status: true,
    scale: true,
  },
  {
    group: 'apps',
    kind: 'StatefulSet',
    resource: 'statefulsets',
    shortNames: ['sts'],
    categories: ['all'],
    status: true,
    scale: true,
  },
  {
    group: 'apps',
    kind: 'DaemonSet',
    resource: 'daemonsets',
    shortNames: ['ds'],
    categories: ['all'],
    status: true,
  },
  { group: 'apps', kind: 'ControllerRevision', resource: 'controllerrevisions' },
  { group: 'coordination.k8s.io', kind: 'Lease', resource: 'leases' },
  { group: 'policy', kind: 'PodDisruptionBudget', resource: 'poddisruptionbudgets', shortNames: ['pdb'], status: true },
  {
    group: 'autoscaling',
    version: 'v2',
    kind: 'HorizontalPodAutoscaler',
    resource: 'horizontalpodautoscalers',
    shortNames: ['hpa'],
    categories: ['all'],
    status: true,
  },
  { group: 'rbac.authorization.k8s.io', kind: 'Role', resource: 'roles' },
  { group: 'rbac.authorization.k8s.io', kind: 'RoleBinding', resource: 'rolebindings' },
  { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', resource: 'clusterroles', cluster: true },
  { group: 'rbac.authorization.k8s.io', kind: 'ClusterRoleBinding', resource: 'clusterrolebindings', cluster: true },
  {
    group: 'apiextensions.k8s.io',
    kind: 'CustomResourceDefinition',
    resource: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    cluster: true,
    status: true,
  },
  // As if its definition (CustomResourceDefinition) had been applied.
  {
    group: 'multicluster.x-k8s.io',
    version: 'v1alpha1',
    kind: 'ServiceImport',
    resource: 'serviceimports',
    shortNames: ['svcim', 'svcimport'],
    status: true,
  },
]

/** A kind with what its row leaves out. */
export function makeKind(row: Row): Kind {
  return {
    id: `${row.resource}.${row.group ?? ''}`,
    group: row.group ?? '',
    version: row.version ?? 'v1',
    kind: row.kind,
    resource: row.resource,
    singular: row.singular ?? row.kind.toLowerCase(),
    namespaced: row.cluster !== true,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    status: row.status ?? false,
    scale: row.scale ?? false,
    fields: ['metadata.name', ...(row.cluster === true ? [] : ['metadata.namespace']), ...(row.fields ?? [])],
    ...(row.schema === undefined ? {} : { schema: row.schema }),
  }
}

/** Those every sandbox has; `store.kinds` has those of custom resources, too. */
export const kinds: readonly Kind[] = rows.map(makeKind)

export function apiVersionOf(kind: Kind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** Where a kind is served: `api/v1` or `apis/GROUP/VERSION`. */
export function pathOf(kind: Kind): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${apiVersionOf(kind)}`
}

/** The kind served under a path. */
export function kindAt(among: readonly Kind[], group: string, version: string, resource: string): Kind | undefined {
  return among.find((kind) => kind.group === group && kind.version === version && kind.resource === resource)
}

/** The kind an object says it is of. */
export function kindOf(
  object: { readonly apiVersion: string; readonly kind: string },
  among: readonly Kind[] = kinds,
): Kind | undefined {
  return among.find((kind) => kind.kind === object.kind && apiVersionOf(kind) === object.apiVersion)
}

/** The kind called so: `Pod`, `pods`, `po`, in any case. Throws a RangeError for what is not served. */
export function kindNamed(name: string, among: readonly Kind[] = kinds): Kind {
  const wanted = name.toLowerCase()
  const found = among.find(
    (kind) =>
      kind.resource === wanted ||
      kind.kind.toLowerCase() === wanted ||
      kind.singular === wanted ||
      kind.shortNames.includes(wanted),
  )
  if (found === undefined) throw new RangeError(`the sandbox has no kind ${name}`)
  return found
}

/** The kinds that code refers to. */
export const namespaces = kindNamed('Namespace')
export const nodes = kindNamed('Node')
export const services = kindNamed('Service')
export const endpoints = kindNamed('Endpoints')
export const endpointSlices = kindNamed('EndpointSlice')
export const pods = kindNamed('Pod')
export const deployments = kindNamed('Deployment')
export const replicaSets = kindNamed('ReplicaSet')
export const statefulSets = kindNamed('StatefulSet')
export const daemonSets = kindNamed('DaemonSet')
export const controllerRevisions = kindNamed('ControllerRevision')
export const events = kindNamed('Event')
export const configMaps = kindNamed('ConfigMap')
export const customResourceDefinitions = kindNamed('CustomResourceDefinition')
export const serviceAccounts = kindNamed('ServiceAccount')
