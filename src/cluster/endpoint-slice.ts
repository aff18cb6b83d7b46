// What DNS needs of a discovery.k8s.io/v1 EndpointSlice.
import { type Complain, isLabel, listOf, namespacedIdentityOf, partOf, textOf, tolerate } from './api-object.ts'
import { readAddresses, readPorts, type ServicePort } from './service.ts'

export interface Endpoint {
  /** Text in canonical form; at least one. */
  readonly addresses: readonly string[]
  /** Conditions, with the defaults of the API filled in: ready unless said otherwise. */
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  /** '' where there is none. */
  readonly hostname: string
  /** The name of its target, as a rule a pod; '' where there is none, or none that can be a label. */
  readonly podName: string
  /** Lower-cased. */
  readonly zone: string
}

export interface EndpointSlice {
  readonly namespace: string
  readonly name: string
  /** The service it belongs to: its label kubernetes.io/service-name. */
  readonly service: string
  readonly endpoints: readonly Endpoint[]
  readonly ports: readonly ServicePort[]
}

/** Reads an EndpointSlice. Undefined where it belongs to no service, which is no fault, or can't be looked up. */
export function trimEndpointSlice(object: unknown, complain: Complain = tolerate): EndpointSlice | undefined {
  const identity = namespacedIdentityOf(object, complain)
  if (identity === undefined) return undefined
  const slice = partOf(object)
  const service = textOf(partOf(partOf(slice.metadata).labels)['kubernetes.io/service-name']).toLowerCase()
  if (service === '') return undefined
  const endpoints: Endpoint[] = []
  for (const entry of listOf(slice.endpoints)) {
    const endpoint = trimEndpoint(entry, complain)
    if (endpoint !== undefined) endpoints.push(endpoint)
  }
  return { ...identity, service, endpoints, ports: readPorts(slice.ports, complain) }
}

/** Reads one of the `endpoints` of a slice. Undefined where it has no address. */
export function trimEndpoint(entry: unknown, complain: Complain): Endpoint | undefined {
  const endpoint = partOf(entry)
  const addresses = readAddresses(listOf(endpoint.addresses), complain)
  if (addresses.length === 0) return undefined
  const conditions = partOf(endpoint.conditions)
  // "A nil value should be interpreted as true" for ready; for serving, consumers defer to ready (API reference).
  const ready = conditions.ready !== false
  const hostname = textOf(endpoint.hostname).toLowerCase()
  if (hostname !== '' && !isLabel(hostname)) complain(`hostname ${JSON.stringify(hostname)} is no label`)
  const podName = textOf(partOf(endpoint.targetRef).name).toLowerCase()
  return {
    addresses,
    ready,
    serving: typeof conditions.serving === 'boolean' ? conditions.serving : ready,
    terminating: conditions.terminating === true,
    hostname: isLabel(hostname) ? hostname : '',
    podName: isLabel(podName) ? podName : '',
    zone: textOf(endpoint.zone).toLowerCase(),
  }
}
