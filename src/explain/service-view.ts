// A Service and its endpoints, for sentences about them.
import type { Endpoint } from '../cluster/endpoint-slice.ts'
import type { Service } from '../cluster/service.ts'
import type { ClusterView } from './cluster-view.ts'

export function titleOf({ namespace, name }: Service): string {
  return `Service ${namespace}/${name}`
}

export function endpointsOf({ namespace, name }: Service, view: ClusterView): readonly Endpoint[] {
  return view.cluster.slices(namespace, name).flatMap((slice) => slice.endpoints)
}

/** `10.0.0.1 (pod web-0)`. */
export function describe({ addresses, podName }: Endpoint): string {
  return podName === '' ? addresses.join(' ') : `${addresses.join(' ')} (pod ${podName})`
}
