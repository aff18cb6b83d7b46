// What DNS needs of a discovery.k8s.io/v1 EndpointSlice.
import { type Complain, isLabel, listOf, namespacedIdentityOf, partOf, textOf, tolerate } from './api-object.ts'
import type { RecordForm } from './record.ts'
import { readAddresses, readPackedPorts, readPorts, type ServicePort, writePorts } from './service.ts'

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
  return readEndpointSlice(object, 'kubernetes.io/service-name', complain)
}

/** `label` says which service it belongs to. */
export function readEndpointSlice(object: unknown, label: string, complain: Complain): EndpointSlice | undefined {
  const identity = namespacedIdentityOf(object, complain)
  if (identity === undefined) return undefined
  const slice = partOf(object)
  const service = textOf(partOf(partOf(slice.metadata).labels)[label]).toLowerCase()
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

/** What of an endpoint is there, a bit each. */
const has = { ready: 1, serving: 2, terminating: 4, hostname: 8, podName: 16, zone: 32, addresses: 64 } as const

/** Found by its service and by the addresses of all its endpoints. */
export const endpointSliceForm: RecordForm<EndpointSlice> = {
  head({ namespace, name, service, endpoints }) {
    return { namespace, name, service, addresses: [endpoints.flatMap(({ addresses }) => addresses)] }
  },
  write({ ports, endpoints }, to) {
    writePorts(ports, to)
    // A slice has endpoints in three zones or so, whose names are long.
    const zones = [...new Set(endpoints.map(({ zone }) => zone))]
    to.list(zones, (zone) => to.text(zone))
    to.list(endpoints, ({ addresses, ready, serving, terminating, hostname, podName, zone }) => {
      to.octet(
        (ready ? has.ready : 0) |
          (serving ? has.serving : 0) |
          (terminating ? has.terminating : 0) |
          (hostname === '' ? 0 : has.hostname) |
          (podName === '' ? 0 : has.podName) |
          (zone === '' ? 0 : has.zone) |
          (addresses.length === 1 ? 0 : has.addresses),
      )
      if (addresses.length !== 1) to.number(addresses.length)
      if (hostname !== '') to.text(hostname)
      if (podName !== '') to.text(podName)
      if (zone !== '') to.number(zones.indexOf(zone))
    })
  },
  read({ namespace, name, service, addresses: [addresses = []] }, from) {
    const ports = readPackedPorts(from)
    const zones = from.list(() => from.text())
    let taken = 0
    const endpoints = from.list((): Endpoint => {
      const flags = from.octet()
      const start = taken
      taken += (flags & has.addresses) === 0 ? 1 : from.number()
      return {
        addresses: addresses.slice(start, taken),
        ready: (flags & has.ready) !== 0,
        serving: (flags & has.serving) !== 0,
        terminating: (flags & has.terminating) !== 0,
        hostname: (flags & has.hostname) === 0 ? '' : from.text(),
        podName: (flags & has.podName) === 0 ? '' : from.text(),
        zone: (flags & has.zone) === 0 ? '' : (zones[from.number()] as string),
      }
    })
    return { namespace, name, service, endpoints, ports }
  },
}
