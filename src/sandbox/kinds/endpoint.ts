// Endpoints and EndpointSlices: what the API fills in and what it refuses.
import { dnsLabel, dnsSubdomain, endpointAddressFault, familyOf, portFault } from '../names.ts'
import type { EndpointPort, EndpointSlice, Endpoints } from '../resources.ts'
import { type Cause, cause } from '../status.ts'
import type { Strategy } from './strategy.ts'

const addressTypes = ['FQDN', 'IPv4', 'IPv6']
const mostEndpoints = 1000

export const endpointsStrategy: Strategy<Endpoints> = {
  nameRule: dnsSubdomain,
  complete: (endpoints) =>
    endpoints.subsets === undefined
      ? endpoints
      : { ...endpoints, subsets: endpoints.subsets.map((subset) => ({ ...subset, ...withProtocols(subset.ports) })) },
  faults: ({ subsets = [] }) =>
    subsets.flatMap((subset, index) => {
      const field = `subsets[${index}]`
      const addresses = [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])]
      const none =
        addresses.length === 0 ? [cause.required(field, 'must specify `addresses` or `notReadyAddresses`')] : []
      const faults = addresses.flatMap((address, at) => [
        ...addressFaults(`${field}.addresses[${at}].ip`, address.ip),
        ...hostnameFaults(`${field}.addresses[${at}].hostname`, address.hostname),
      ])
      return [...none, ...faults, ...portFaults(`${field}.ports`, subset.ports, 'required')]
    }),
}

export const endpointSliceStrategy: Strategy<EndpointSlice> = {
  nameRule: dnsSubdomain,
  generation: true,
  complete: (slice) => ({ ...slice, endpoints: slice.endpoints ?? [], ...withProtocols(slice.ports) }),
  faults: (slice, old) => {
    const found: Cause[] = []
    if (!slice.addressType) found.push(cause.required('addressType'))
    else if (!addressTypes.includes(slice.addressType)) {
      found.push(cause.notSupported('addressType', slice.addressType, addressTypes))
    }
    if (old !== undefined && old.addressType !== slice.addressType) {
      found.push(cause.invalid('addressType', slice.addressType, 'field is immutable'))
    }
    if (slice.endpoints.length > mostEndpoints) {
      const message = `Too many: ${slice.endpoints.length}: must have at most ${mostEndpoints} items`
      found.push({ reason: 'FieldValueTooMany', message, field: 'endpoints' })
    }
    slice.endpoints.forEach(({ addresses, hostname }, index) => {
      const field = `endpoints[${index}]`
      if (!addresses?.length) found.push(cause.required(`${field}.addresses`, 'must contain at least 1 address'))
      addresses?.forEach((address, at) => {
        found.push(...sliceAddressFaults(slice.addressType, `${field}.addresses[${at}]`, address))
      })
      found.push(...hostnameFaults(`${field}.hostname`, hostname))
    })
    return [...found, ...portFaults('ports', slice.ports, 'optional')]
  },
}

function withProtocols(ports: readonly EndpointPort[] | undefined): { ports?: readonly EndpointPort[] } {
  if (ports === undefined) return {}
  return { ports: ports.map((port) => ({ name: '', ...port, protocol: port.protocol ?? 'TCP' })) }
}

function addressFaults(field: string, address: string): Cause[] {
  const fault = endpointAddressFault(address)
  return fault === undefined ? [] : [cause.invalid(field, address, fault)]
}

function sliceAddressFaults(type: string, field: string, address: string): Cause[] {
  if (type === 'FQDN') {
    const fault = dnsSubdomain(address)
    return fault === undefined ? [] : [cause.invalid(field, address, fault)]
  }
  if (familyOf(address) === type) return addressFaults(field, address)
  return [cause.invalid(field, address, `must be an ${type} address`)]
}

function hostnameFaults(field: string, hostname: string | undefined): Cause[] {
  const fault = hostname ? dnsLabel(hostname) : undefined
  return fault === undefined ? [] : [cause.invalid(field, hostname, fault)]
}

function portFaults(
  field: string,
  ports: readonly EndpointPort[] | undefined,
  number: 'required' | 'optional',
): Cause[] {
  return (ports ?? []).flatMap((port, index) => {
    const at = `${field}[${index}]`
    const fault = port.port === undefined && number === 'optional' ? undefined : portFault(port.port)
    const nameFault = port.name ? dnsLabel(port.name) : undefined
    const twice = ports?.findIndex((each) => each.name === port.name) !== index
    return [
      ...(fault === undefined ? [] : [cause.invalid(`${at}.port`, port.port ?? 0, fault)]),
      ...(nameFault === undefined ? [] : [cause.invalid(`${at}.name`, port.name, nameFault)]),
      ...(twice ? [cause.duplicate(`${at}.name`, port.name ?? '')] : []),
    ]
  })
}
