// From the name that is asked for to what is there.
import { addressOfReverse } from '../../dns/address.ts'
import { isWithin, labelsOf, type Name } from '../../dns/name.ts'
import { addressType, encodeAddress, encodeName } from '../../dns/rdata.ts'
import type { Rdata } from '../../dns/rrset.ts'
import type { Outside, OutsideEntry, OutsidePort, OutsideService } from '../../plugin.ts'
import type { ExternalOptions } from './index.ts'
import { isReverseName, type OuterZone } from './zone.ts'

/**
 * `branch`: a name without records of its own. `addresses`: whatever has addresses. `alias`: a service that goes by another
 * name. `names`: the names of an address.
 */
export type Found =
  | { readonly kind: 'apex' | 'branch' }
  | { readonly kind: 'names'; readonly rdatas: readonly Rdata[] }
  | Addresses
  | Alias

export interface Addresses {
  readonly kind: 'addresses'
  readonly entries: readonly OutsideEntry[]
  /** Only these ports; '' for any. */
  readonly port: string
  readonly protocol: string
  /** The service's name, under which the targets of SRV records are. */
  readonly base: Name
}

export interface Alias {
  readonly kind: 'alias'
  readonly target: Name
  /** Those that were asked for. */
  readonly ports: readonly OutsidePort[]
}

const branch: Found = { kind: 'branch' }

/** Undefined where there is no such name, or it can't be told yet. */
export function find(outside: Outside, name: Name, zone: OuterZone, options: ExternalOptions): Found | undefined {
  if (name === zone.name) return { kind: 'apex' }
  if (isWithin(name, zone.apex)) return findNameServer(outside, name, zone, options)
  if (isReverseName(name)) return findNames(outside, name, options)
  // With the root's label, as names have it.
  const labels = labelsOf(`${name.slice(0, name.length - zone.name.length)}\0` as Name)
  const [namespace = '', service, ...rest] = labels.reverse()
  if (service === undefined) return outside.hasNamespace(namespace) ? branch : undefined
  const found = outside.service(namespace, service)
  return found === undefined ? undefined : findService(found, rest, zone, options)
}

function findNameServer(
  outside: Outside,
  name: Name,
  zone: OuterZone,
  { headless }: ExternalOptions,
): Found | undefined {
  if (name === zone.apex) return branch
  if (name !== zone.nameServer) return undefined
  return { kind: 'addresses', entries: ownEntries(outside, { headless }), port: '', protocol: '', base: name }
}

/** The addresses of the name server. */
export function ownEntries(outside: Outside, options: { readonly headless: boolean }): readonly OutsideEntry[] {
  return outside
    .ownAddresses(options)
    .map((address) => ({ label: '', type: addressType(address), rdata: encodeAddress(address), ports: [] }))
}

/** What could be above the name of an address is taken to be there: it is not to be denied (RFC 8020), and costs nothing so. */
function findNames(outside: Outside, name: Name, { primary }: ExternalOptions): Found | undefined {
  const address = addressOfReverse(name)
  if (address === undefined) return isReverseBranch(name) ? branch : undefined
  const rdatas = namesOf(outside.servicesAt(address), primary)
  return rdatas.length === 0 ? undefined : { kind: 'names', rdatas }
}

function isReverseBranch(name: Name): boolean {
  const labels = labelsOf(name)
  const [label, most] = labels.at(-2) === 'ip6' ? [/^[0-9a-f]$/, 32] : [/^(?:0|[1-9][0-9]{0,2})$/, 4]
  return labels.length - 2 < most && labels.slice(0, -2).every((each) => label.test(each))
}

/** The names of services in the zone that reverse names lead to. */
export function namesOf(services: readonly OutsideService[], primary: Name | undefined): readonly Rdata[] {
  if (primary === undefined) return []
  return services.flatMap((service) => {
    const name = nameOf(service, primary)
    return name === undefined ? [] : [encodeName(name)]
  })
}

/** `SERVICE.NAMESPACE.ZONE`; undefined where it would be over 255 octets. */
export function nameOf({ name, namespace }: OutsideService, zone: Name): Name | undefined {
  return below(name, below(namespace, zone))
}

/** The name one label below another; undefined where it would be over 255 octets, or where that is. */
export function below(label: string, name: Name | undefined): Name | undefined {
  if (name === undefined || name.length + 1 + label.length > 255) return undefined
  return (String.fromCharCode(label.length) + label + name) as Name
}

/** `rest` is what stands before the service's name, backwards: an endpoint's label, or a protocol and perhaps a port. */
function findService(
  service: OutsideService,
  rest: readonly string[],
  zone: OuterZone,
  { headless }: ExternalOptions,
): Found | undefined {
  const base = nameOf(service, zone.name)
  if (base === undefined || rest.length > 2) return undefined
  const [target] = service.hostnames
  const { entries } = service
  const isOutside = entries.length > 0 || target !== undefined
  if (rest.length === 1) {
    const [label = ''] = rest
    const endpoints = headless && !isOutside ? service.endpoints() : []
    const those = endpoints.filter((endpoint) => endpoint.label === label)
    if (those.length > 0) return { kind: 'addresses', entries: those, port: '', protocol: '', base }
    const portsOf = service.isHeadless && !isOutside ? endpoints.flatMap(({ ports }) => ports) : service.ports
    const isThere = isOutside || endpoints.length > 0
    return isThere && portsOf.some(({ protocol }) => protocol === bare(label)) ? branch : undefined
  }
  const [protocol = '', port = ''] = rest.map(bare)
  // An alias can't stand beside addresses.
  if (entries.length === 0 && target !== undefined) {
    const ports = service.ports.filter((candidate) => fits(candidate, port, protocol))
    return rest.length === 2 && ports.length === 0 ? undefined : { kind: 'alias', target, ports }
  }
  const all = isOutside ? entries : headless && service.isHeadless ? service.endpoints() : []
  const those = rest.length === 0 ? all : all.filter(({ ports }) => ports.some((each) => fits(each, port, protocol)))
  return those.length === 0 ? undefined : { kind: 'addresses', entries: those, port, protocol, base }
}

/** Is it the port asked for, '' being any? */
export function fits(candidate: OutsidePort, port: string, protocol: string): boolean {
  return (port === '' || port === candidate.name) && (protocol === '' || protocol === candidate.protocol)
}

/** Without the underscore at its beginning. */
function bare(label: string): string {
  return label.startsWith('_') ? label.slice(1) : label
}
