// The cluster as this worker knows it. The read side is narrow on purpose, so that what lies behind it can change.
import type { Endpoint, EndpointSlice } from './endpoint-slice.ts'
import type { Namespace } from './namespace.ts'
import type { Pod } from './pod.ts'
import type { Service } from './service.ts'

export type Kind = 'services' | 'endpointslices' | 'namespaces' | 'pods'

/** Names and namespaces are lower-case; addresses are text in canonical form. Objects never change: an event replaces them. */
export interface Cluster {
  /** Has the kind been listed at least once (or is it not watched at all)? */
  synced(kind: Kind): boolean
  /** Unix seconds of the last change that concerns DNS; 0 before the first. */
  serial(): number
  namespace(name: string): Namespace | undefined
  service(namespace: string, name: string): Service | undefined
  /** All slices of a service, in the order of their names; none where there are none. */
  slices(namespace: string, service: string): readonly EndpointSlice[]
  /** The service that has this cluster IP; of several, the first by namespace and name. */
  serviceAt(address: string): Service | undefined
  /** Every endpoint at an address with the slice it stands in, ready or not. */
  endpointsAt(address: string): readonly { readonly slice: EndpointSlice; readonly endpoint: Endpoint }[]
  /** The pods at an address: one, but for host-network pods. */
  podsAt(address: string): readonly Pod[]
  /** Every service, ordered by namespace and name: for zone transfers. */
  services(): Iterable<Service>
}
