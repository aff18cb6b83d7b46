// The strategy of every kind; a kind not named here is a plain object with a name.
import type { Kind } from '../kinds.ts'
import { dnsLabel, dnsSubdomain, pathSegment } from '../names.ts'
import type { Namespace, Secret } from '../resources.ts'
import type { Store } from '../store.ts'
import { customResourceDefinitionStrategy, customResourceStrategy } from './custom-resource.ts'
import { endpointSliceStrategy, endpointsStrategy } from './endpoint.ts'
import { podStrategy } from './pod.ts'
import { type ServiceRules, serviceStrategy } from './service.ts'
import type { Strategy } from './strategy.ts'
import { daemonSetStrategy, deploymentStrategy, replicaSetStrategy, statefulSetStrategy } from './workload.ts'

const secretStrategy: Strategy<Secret> = {
  nameRule: dnsSubdomain,
  // What is given as text is stored as data.
  complete: ({ stringData = {}, ...secret }) => {
    const encoded = Object.entries(stringData).map(([name, text]) => [name, Buffer.from(text).toString('base64')])
    const data = { ...secret.data, ...Object.fromEntries(encoded) }
    return { ...secret, ...(Object.keys(data).length > 0 ? { data } : {}), type: secret.type ?? 'Opaque' }
  },
}

const plain: Strategy = { nameRule: dnsSubdomain }
const plainWithStatus: Strategy = { nameRule: dnsSubdomain, generation: true, newStatus: () => ({}) }
const rbac: Strategy = { nameRule: pathSegment }

const namespaceStrategy: Strategy<Namespace> = {
  nameRule: dnsLabel,
  newStatus: () => ({ phase: 'Active' }),
  complete: (namespace) => ({
    ...namespace,
    spec: { ...namespace.spec, finalizers: namespace.spec?.finalizers ?? ['kubernetes'] },
    metadata: {
      ...namespace.metadata,
      labels: { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name },
    },
  }),
}

/** Finds the strategy of a kind. */
export function makeStrategies(services: ServiceRules, store: Store): (kind: Kind) => Strategy {
  const table: Readonly<Record<string, Strategy>> = {
    Namespace: namespaceStrategy,
    Node: { nameRule: dnsSubdomain, newStatus: () => ({}) },
    Secret: secretStrategy,
    Service: serviceStrategy(services),
    Endpoints: endpointsStrategy,
    EndpointSlice: endpointSliceStrategy,
    Pod: podStrategy,
    Deployment: deploymentStrategy,
    ReplicaSet: replicaSetStrategy,
    StatefulSet: statefulSetStrategy,
    DaemonSet: daemonSetStrategy,
    PodDisruptionBudget: plainWithStatus,
    HorizontalPodAutoscaler: { ...plainWithStatus, generation: false },
    ServiceImport: plainWithStatus,
    CustomResourceDefinition: customResourceDefinitionStrategy(store),
    Role: rbac,
    RoleBinding: rbac,
    ClusterRole: rbac,
    ClusterRoleBinding: rbac,
  }
  return (kind) => (kind.schema === undefined ? (table[kind.kind] ?? plain) : customResourceStrategy(kind, kind.schema))
}
