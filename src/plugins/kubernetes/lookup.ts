// From what is asked for to what is there.
import type { Service } from '../../cluster/service.ts'
import { canonicalAddress, parseAddress } from '../../dns/address.ts'
import { Type } from '../../dns/codes.ts'
import { type Name, NameError, parseName } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { encodeTxt } from '../../dns/rdata.ts'
import type { Rdata } from '../../dns/rrset.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import { nameServers } from './name-server.ts'
import {
  addressRecords,
  endpointNamed,
  hasCluster,
  hasProtocol,
  inZone,
  podRecords,
  portNamed,
  type Records,
  type Selection,
} from './records.ts'
import { type Request, type RequestKind, withoutUnderscore } from './request.ts'
import { findNames } from './reverse.ts'
import { undashedAddress } from './service-name.ts'
import type { Zone } from './zone.ts'

/** `branch`: a name without records of its own. `addresses`: whatever has addresses. `alias`: an ExternalName. `names`: the names of an address. */
export type Found =
  | FoundService
  | { readonly kind: 'apex' }
  | { readonly kind: 'version'; readonly rdatas: readonly Rdata[] }
  | { readonly kind: 'names'; readonly rdatas: readonly Rdata[] }
  | ClusterIPs

/** What is reached at cluster IPs has nothing else for who asks for addresses of their type. */
export interface ClusterIPs {
  readonly kind: 'cluster IPs'
  readonly rdatas: readonly Rdata[]
}

export type FoundService = Selection | { readonly kind: 'alias'; readonly target: Name } | { readonly kind: 'branch' }

const apex: Found = { kind: 'apex' }
const branch: FoundService = { kind: 'branch' }
/** Of the schema (Kubernetes DNS-Based Service Discovery 1 and 2.2). */
const version: Found = { kind: 'version', rdatas: [encodeTxt(['1.1.0'])] }

/** What stands at the lower-cased name; undefined where there is no such name. */
// hot
export function find(
  exposed: ExposedCluster,
  { name, type }: Pick<Query, 'name' | 'type'>,
  request: Request,
  zone: Zone,
): Found | undefined {
  switch (request.kind) {
    case 'service':
      return (
        (zone.isMulticluster ? undefined : findClusterIPs(exposed, name, request, type)) ??
        findService(exposed, request, zone)
      )
    case 'endpoint':
    case 'port':
    case 'member':
    case 'zonal':
      return findService(exposed, request, zone)
    case 'reverse':
      return findNames(exposed, name)
    case 'apex':
      return apex
    case 'branch':
      return branch
    case 'version':
      return version
    case 'nameserver':
      return addressRecords(nameServers(exposed, zone.name).flatMap((server) => server.addresses))
    case 'namespace':
      return exposed.hasNamespace(request.namespace) ? branch : undefined
    case 'pods':
      return hasPods(exposed, request) ? branch : undefined
    case 'pod':
      return hasPods(exposed, request) ? findPod(exposed, request) : undefined
    case 'none':
      return undefined
  }
}

/** The commonest of all: no object is made for it. Undefined where there is more to it. */
// hot
function findClusterIPs(exposed: ExposedCluster, name: Name, request: Request, type: number): ClusterIPs | undefined {
  if (type !== Type.A && type !== Type.AAAA) return undefined
  if (exposed.options.ignoreEmptyService || !exposed.shows(request)) return undefined
  const rdatas = exposed.cluster.clusterIPs(name, type === Type.A ? 4 : 16)
  return rdatas === undefined ? undefined : { kind: 'cluster IPs', rdatas: rdatas as readonly Rdata[] }
}

/** What a service, one of its endpoints or ports stands for. */
// hot
export function findService(exposed: ExposedCluster, request: Request, zone: Zone): FoundService | undefined {
  const { kind, namespace } = request
  if (!exposed.hasNamespace(namespace)) return undefined
  const service = exposed.serviceIn(zone, namespace, request.service)
  if (service === undefined) return undefined
  if (kind === 'zonal') return findZonal(exposed, service, request)
  if (service.type === 'ExternalName') return findAlias(service, kind)
  const needsEndpoints = service.headless || exposed.options.ignoreEmptyService
  const endpoints =
    needsEndpoints || kind === 'endpoint' || kind === 'member' ? exposed.endpointsOf(service) : undefined
  if (needsEndpoints && (endpoints === undefined || endpoints.all.entries.length === 0)) return undefined
  const own = service.headless && endpoints !== undefined ? endpoints : exposed.recordsOf(service)
  if (kind === 'service') return own.all
  if (kind === 'port') return portNamed(own, request.port, request.protocol)
  if (kind === 'member') return endpoints && endpointNamed(endpoints, request.endpoint, request.cluster)
  return endpoints === undefined ? undefined : findEndpoint(endpoints, own, request.endpoint)
}

/** Of headless services only. Each zone that could be has a name, with endpoints or not. */
function findZonal(
  exposed: ExposedCluster,
  service: Service,
  { topologyZone = '', fallsBack = false }: Request,
): FoundService | undefined {
  if (!service.headless) return undefined
  const endpoints = exposed.endpointsOf(service)
  if (endpoints === undefined) return undefined
  if (topologyZone === '') return branch
  const those = inZone(endpoints, topologyZone)
  if (those !== undefined) return those
  return fallsBack && endpoints.all.entries.length > 0 ? endpoints.all : branch
}

/** There is nothing below an ExternalName, nor at one that is an address. */
function findAlias({ externalName }: Service, kind: RequestKind): FoundService | undefined {
  if (kind !== 'service' || externalName === '' || parseAddress(externalName) !== undefined) return undefined
  try {
    return { kind: 'alias', target: parseName(externalName) }
  } catch (error) {
    // The API lets pass what no record can hold, as labels of over 63 octets: there is a service, but nothing to tell of it.
    if (error instanceof NameError) return branch
    throw error
  }
}

/** Services with cluster IPs have names for their endpoints too. The label may also be a protocol with ports below it. */
function findEndpoint(endpoints: Records, own: Records, label: string): FoundService | undefined {
  const selection = endpointNamed(endpoints, label)
  if (selection !== undefined) return selection
  return hasCluster(endpoints, label) || hasProtocol(own, withoutUnderscore(label)) ? branch : undefined
}

function hasPods(exposed: ExposedCluster, { namespace }: Request): boolean {
  return exposed.options.pods !== 'disabled' && exposed.hasNamespace(namespace)
}

function findPod(exposed: ExposedCluster, { namespace, service: label }: Request): Found | undefined {
  const text = undashedAddress(label)
  if (text === undefined) return undefined
  if (exposed.options.pods === 'insecure') {
    const address = canonicalAddress(text)
    return address === undefined ? undefined : podRecords(address, 1)
  }
  // Only the form in which the pod's status has it counts, as in CoreDNS.
  const pods = exposed.cluster.podsAt(text).filter((pod) => pod.namespace === namespace)
  return pods.length === 0 ? undefined : podRecords(text, pods.length)
}
