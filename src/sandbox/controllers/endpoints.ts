// Endpoints of services with a selector: addresses by readiness, grouped by the ports they offer.
import { endpoints, pods, services } from '../kinds.ts'
import { sameJson } from '../object.ts'
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Service } from '../resources.ts'
import type { Store } from '../store.ts'
import { addressOf, type Backend, backendsOf, isHeadless, selects } from './backend.ts'
import type { BackendIndex } from './backend-index.ts'
import { type Controller, itself } from './runner.ts'

const headlessLabel = 'service.kubernetes.io/headless'

export function endpointsController(store: Store, index: BackendIndex): Controller {
  /** Services that were there: Endpoints go with theirs, whoever wrote them; Endpoints that never had one stay. */
  const seen = new Set<string>()
  return {
    name: 'endpoints',
    watches: [
      { kind: services, keys: itself },
      { kind: pods, keys: index.servicesOfPod() },
      // What someone else made of an object we keep is put right.
      { kind: endpoints, keys: itself },
    ],
    reconcile({ registry }, namespace, name) {
      const service = store.get<Service>(services, namespace, name)
      const existing = store.get<Endpoints>(endpoints, namespace, name)
      if (service === undefined) {
        if (existing !== undefined && seen.delete(`${namespace}/${name}`)) registry.remove(endpoints, namespace, name)
        return
      }
      seen.add(`${namespace}/${name}`)
      if (!selects(service)) return
      const wanted: Endpoints = {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: {
          ...existing?.metadata,
          name,
          namespace,
          labels: {
            ...service.metadata.labels,
            'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
            ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
          },
        },
        ...subsetsOf(service, backendsOf(store, service, index.podsOf(service))),
      }
      if (existing === undefined) registry.create(endpoints, wanted)
      else if (!sameJson(wanted, existing)) registry.update(endpoints, wanted)
    },
  }
}

function subsetsOf(service: Service, backends: readonly Backend[]): { subsets?: EndpointSubset[] } {
  const family = service.spec.ipFamilies?.[0] ?? 'IPv4'
  const publish = service.spec.publishNotReadyAddresses === true
  const groups = new Map<string, { ports: readonly EndpointPort[]; ready: EndpointAddress[]; not: EndpointAddress[] }>()
  for (const backend of backends) {
    const address = endpointAddress(backend, addressOf(backend.pod, family))
    if (address === undefined || (backend.terminating && !publish)) continue
    // A headless service without ports has addresses all the same.
    if (backend.ports.length === 0 && (!isHeadless(service) || (service.spec.ports ?? []).length > 0)) continue
    const key = JSON.stringify(backend.ports)
    const group = groups.get(key) ?? { ports: backend.ports, ready: [], not: [] }
    groups.set(key, group)
    if (backend.ready || publish) group.ready.push(address)
    else group.not.push(address)
  }
  if (groups.size === 0) return {}
  const byAddress = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : 1)
  return {
    subsets: [...groups.values()].map(({ ports, ready, not }) => ({
      ...(ready.length > 0 ? { addresses: ready.sort(byAddress) } : {}),
      ...(not.length > 0 ? { notReadyAddresses: not.sort(byAddress) } : {}),
      ...(ports.length > 0 ? { ports: ports.map(withoutEmptyName) } : {}),
    })),
  }
}

function endpointAddress({ pod, hostname }: Backend, ip: string | undefined): EndpointAddress | undefined {
  if (ip === undefined) return undefined
  const { name, namespace = '', uid = '' } = pod.metadata
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  }
}

/** Unlike slices, Endpoints leave the name of an unnamed port out. */
function withoutEmptyName({ name, ...port }: EndpointPort): EndpointPort {
  return name ? { name, ...port } : port
}
