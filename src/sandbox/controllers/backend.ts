// The pods behind a service, and what each of them offers at the service's ports.
import { nodes } from '../kinds.ts'
import { familyOf } from '../names.ts'
import type { EndpointPort, IpFamily, Node, Pod, Service } from '../resources.ts'
import type { Store } from '../store.ts'
import { isPodOver, isPodReady } from './condition.ts'

export const zoneLabel = 'topology.kubernetes.io/zone'

export interface Backend {
  readonly pod: Pod
  readonly ports: readonly EndpointPort[]
  readonly ready: boolean
  readonly terminating: boolean
  /** Only where the pod names this service as its subdomain. */
  readonly hostname: string | undefined
  readonly zone: string | undefined
}

/** Does a controller keep the endpoints of this service? */
export function selects(service: Service): boolean {
  return service.spec.type !== 'ExternalName' && Object.keys(service.spec.selector ?? {}).length > 0
}

export const isHeadless = (service: Service) => service.spec.clusterIP === 'None'

/** Those of the pods a service selects that have an address and have not come to their end, in the order of their names. */
export function backendsOf(store: Store, service: Service, selected: readonly Pod[]): Backend[] {
  const { name } = service.metadata
  const found: Backend[] = []
  for (const pod of selected) {
    if (isPodOver(pod) || (pod.status?.podIPs?.length ?? 0) === 0) continue
    const { hostname, subdomain, nodeName = '' } = pod.spec
    found.push({
      pod,
      ports: portsOf(service, pod),
      ready: isPodReady(pod),
      terminating: pod.metadata.deletionTimestamp !== undefined,
      hostname: hostname && subdomain === name ? hostname : undefined,
      zone: store.get<Node>(nodes, '', nodeName)?.metadata.labels?.[zoneLabel],
    })
  }
  return found.sort((a, b) => (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1))
}

/** The pod's own address of a family. */
export function addressOf(pod: Pod, family: IpFamily): string | undefined {
  return pod.status?.podIPs?.map(({ ip }) => ip).find((ip) => familyOf(ip) === family)
}

/** A pod that has no port of the name a target port asks for offers nothing there. */
function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const { name = '', protocol = 'TCP', targetPort = port.port, appProtocol } = port
    const number = typeof targetPort === 'number' ? targetPort : containerPort(pod, targetPort, protocol)
    return number === undefined ? [] : [{ name, port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }]
  })
}

function containerPort(pod: Pod, name: string, protocol: string): number | undefined {
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? [])
  return ports.find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort
}
