// EndpointSlices of services with a selector: at most 100 endpoints each, one set per address family and set of ports.
import { endpointSlices, nodes, pods, services } from '../kinds.ts'
import { controllerReference, type KubeObject, keyOf, sameJson } from '../object.ts'
import type { EndpointPort, EndpointSlice, IpFamily, Service, SliceEndpoint } from '../resources.ts'
import type { Change, Store } from '../store.ts'
import { addressOf, type Backend, backendsOf, isHeadless, selects, zoneLabel } from './backend.ts'
import { type BackendIndex, serviceLabel } from './backend-index.ts'
import { type Controller, type ControllerContext, itself } from './runner.ts'

export const managedBy = 'endpointslice.kubernetes.io/managed-by'
const controllerName = 'endpointslice-controller.k8s.io'
const triggerTime = 'endpoints.kubernetes.io/last-change-trigger-time'
/** What kube-controller-manager's --max-endpoints-per-slice is set to. */
const mostEndpoints = 100

export function endpointSliceController(store: Store, index: BackendIndex): Controller {
  return {
    name: 'endpointslice',
    watches: [
      { kind: services, keys: itself },
      { kind: pods, keys: index.servicesOfPod() },
      { kind: nodes, keys: (change) => (movesZone(change) ? [...store.list(services)].map(keyOf) : []) },
      {
        kind: endpointSlices,
        keys: ({ object }) => {
          const service = object.metadata.labels?.[serviceLabel]
          return isOurs(object) && service !== undefined ? [`${object.metadata.namespace}/${service}`] : []
        },
      },
    ],
    reconcile(context, namespace, name) {
      const service = store.get<Service>(services, namespace, name)
      const existing = index.slicesOf(namespace, name).filter(isOurs)
      if (service === undefined || !selects(service)) {
        for (const slice of existing) context.registry.remove(endpointSlices, namespace, slice.metadata.name)
        return
      }
      const wanted = groupsOf(service, backendsOf(store, service, index.podsOf(service)))
      for (const group of wanted) {
        fill(
          context,
          service,
          group,
          existing.filter((slice) => belongs(slice, group)),
        )
      }
      for (const slice of existing) {
        if (wanted.some((group) => belongs(slice, group))) continue
        context.registry.remove(endpointSlices, namespace, slice.metadata.name)
      }
    },
  }
}

const zoneOf = (object: KubeObject | undefined) => object?.metadata.labels?.[zoneLabel]
const movesZone = ({ object, previous }: Change) => zoneOf(object) !== zoneOf(previous)

const isOurs = ({ metadata }: KubeObject) => metadata.labels?.[managedBy] === controllerName

/** Endpoints that may share a slice. */
interface Group {
  readonly family: IpFamily
  readonly ports: readonly EndpointPort[]
  readonly endpoints: Map<string, SliceEndpoint>
}

const belongs = (slice: EndpointSlice, group: Group) =>
  slice.addressType === group.family && sameJson(slice.ports ?? [], group.ports)

function groupsOf(service: Service, backends: readonly Backend[]): Group[] {
  const groups = new Map<string, Group>()
  for (const family of service.spec.ipFamilies ?? ['IPv4']) {
    for (const backend of backends) {
      const address = addressOf(backend.pod, family)
      if (address === undefined) continue
      const key = `${family} ${JSON.stringify(backend.ports)}`
      const group = groups.get(key) ?? { family, ports: backend.ports, endpoints: new Map() }
      groups.set(key, group)
      group.endpoints.set(backend.pod.metadata.uid ?? '', sliceEndpoint(service, backend, address))
    }
    // A service that nothing stands behind has one slice all the same, without ports.
    if (![...groups.values()].some((group) => group.family === family)) {
      groups.set(family, { family, ports: [], endpoints: new Map() })
    }
  }
  return [...groups.values()]
}

function sliceEndpoint(service: Service, backend: Backend, address: string): SliceEndpoint {
  const { pod, ready, terminating, hostname, zone } = backend
  const { name, namespace = '', uid = '' } = pod.metadata
  const published = service.spec.publishNotReadyAddresses === true
  return {
    addresses: [address],
    conditions: { ready: published || (ready && !terminating), serving: ready, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    ...(zone === undefined ? {} : { zone }),
  }
}

/** Leaves endpoints in the slices they are in, fills those up, and makes new ones for the rest. */
function fill(
  { registry }: ControllerContext,
  service: Service,
  group: Group,
  existing: readonly EndpointSlice[],
): void {
  const left = new Map(group.endpoints)
  const kept = existing.map((slice) => {
    const stay = slice.endpoints.flatMap(({ targetRef }) => {
      const endpoint = left.get(targetRef?.uid ?? '')
      left.delete(targetRef?.uid ?? '')
      return endpoint === undefined ? [] : [endpoint]
    })
    return { slice, stay }
  })
  const rest = [...left.values()]
  const { namespace = '' } = service.metadata
  for (const [index, { slice, stay }] of kept.entries()) {
    const inside = [...stay, ...rest.splice(0, mostEndpoints - stay.length)]
    const last = index === kept.length - 1 && group.endpoints.size === 0
    if (inside.length > 0 || last) write(registry, slice, sliceOf(service, group, inside, slice))
    else registry.remove(endpointSlices, namespace, slice.metadata.name)
  }
  while (rest.length > 0 || (kept.length === 0 && group.endpoints.size === 0)) {
    registry.create(endpointSlices, sliceOf(service, group, rest.splice(0, mostEndpoints)))
    if (group.endpoints.size === 0) return
  }
}

function write(registry: ControllerContext['registry'], old: EndpointSlice, wanted: EndpointSlice): void {
  const timeless = { ...wanted, metadata: { ...wanted.metadata, annotations: old.metadata.annotations } }
  if (!sameJson(timeless, old)) registry.update(endpointSlices, wanted)
}

function sliceOf(service: Service, group: Group, inside: readonly SliceEndpoint[], old?: EndpointSlice): EndpointSlice {
  const { name, namespace = '', labels } = service.metadata
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...(old?.metadata ?? { name: '', generateName: `${name}-` }),
      namespace,
      labels: {
        ...labels,
        [serviceLabel]: name,
        [managedBy]: controllerName,
        ...(isHeadless(service) ? { 'service.kubernetes.io/headless': '' } : {}),
      },
      annotations: { [triggerTime]: new Date().toISOString() },
      ownerReferences: [controllerReference(service)],
    },
    addressType: group.family,
    endpoints: inside,
    ports: group.ports,
  }
}
