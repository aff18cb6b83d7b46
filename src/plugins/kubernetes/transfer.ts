// A zone as a whole (RFC 5936): what is answered for services and endpoints, with the TTLs and weights of answers.
import type { Service, ServicePort } from '../../cluster/service.ts'
import type { Cluster } from '../../cluster/store.ts'
import { reverseName } from '../../dns/address.ts'
import { Type } from '../../dns/codes.ts'
import { isWithin, type Name } from '../../dns/name.ts'
import { encodeName } from '../../dns/rdata.ts'
import { type Rdata, type Rrset, rrset } from '../../dns/rrset.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import { findService } from './lookup.ts'
import { addressRrsets, nameServers } from './name-server.ts'
import { startOfAuthority } from './negative.ts'
import { endpointName, groupByName, type Selection, selectPort, srvOf } from './records.ts'
import { serviceRequest } from './request.ts'
import { namesOf } from './reverse.ts'
import { below, serviceName } from './service-name.ts'
import type { Zone } from './zone.ts'

/**
 * The records of one of our zones, the SOA first and last: name servers with their addresses, then services by namespace
 * and name or, of a reverse zone, the names of all addresses. Pods' own names are left out, and as in CoreDNS the names of
 * endpoints of services with cluster IPs. Undefined for other zones, and before the cluster is known as a whole.
 */
export function transferZone(exposed: ExposedCluster, name: Name): Iterable<Rrset> | undefined {
  const zone = exposed.options.zones.find((candidate) => candidate.name === name)
  if (zone === undefined || !exposed.isWhole()) return undefined
  return recordsOf(exposed, zone)
}

function* recordsOf(exposed: ExposedCluster, zone: Zone): Generator<Rrset> {
  const { cluster, options } = exposed
  const soa = startOfAuthority(zone.name, cluster.serial(), options.ttl)
  yield soa
  const servers = nameServers(exposed, zone.isMulticluster ? options.primary : zone.name)
  const names = servers.map((server) => encodeName(server.name))
  if (names.length > 0) yield rrset(zone.name, Type.NS, options.ttl, names)
  yield* addressRrsets(servers, options.ttl)
  if (zone.isReverse) yield* reverseRecords(exposed, zone.name)
  else for (const service of exposed.servicesIn(zone)) yield* serviceRecords(exposed, service, zone)
  yield soa
}

function* serviceRecords(exposed: ExposedCluster, service: Service, zone: Zone): Generator<Rrset> {
  const { ttl } = exposed.options
  const name = serviceName(service.namespace, service.name, zone.name)
  const found = findService(exposed, serviceRequest(service.namespace, service.name), zone)
  if (name === undefined || found === undefined || found.kind === 'branch') return
  if (found.kind === 'alias') {
    yield rrset(name, Type.CNAME, ttl, [encodeName(found.target)])
    return
  }
  yield* addresses(name, found, ttl)
  if (service.headless) {
    for (const group of groupByName(found.entries)) yield* addresses(endpointName(group, name), group.selection, ttl)
  } else {
    yield* some(name, Type.SRV, ttl, srvOf(found, name, ttl).answer)
  }
  for (const { name: port, protocol } of namedPorts(found)) {
    const owner = below(`_${port}`, below(`_${protocol}`, name))
    const selection = selectPort(found, port, protocol)
    if (selection !== undefined) yield* some(owner, Type.SRV, ttl, srvOf(selection, name, ttl).answer)
  }
}

function* reverseRecords(exposed: ExposedCluster, zone: Name): Generator<Rrset> {
  const { cluster, options } = exposed
  const passed = new Set<string>()
  for (const service of cluster.services()) {
    for (const address of addressesOf(cluster, service)) {
      if (passed.has(address)) continue
      passed.add(address)
      const owner = reverseName(address)
      if (isWithin(owner, zone)) yield* some(owner, Type.PTR, options.ttl, namesOf(exposed, address))
    }
  }
}

function* addressesOf(cluster: Cluster, { namespace, name, clusterIPs }: Service): Generator<string> {
  yield* clusterIPs
  for (const { endpoints } of cluster.slices(namespace, name)) for (const { addresses } of endpoints) yield* addresses
}

function* addresses(owner: Name | undefined, { a, aaaa }: Selection, ttl: number): Generator<Rrset> {
  yield* some(owner, Type.A, ttl, a)
  yield* some(owner, Type.AAAA, ttl, aaaa)
}

/** Nothing where there is no record, or the owner's name would be too long. */
function* some(owner: Name | undefined, type: number, ttl: number, rdatas: readonly Rdata[]): Generator<Rrset> {
  if (owner !== undefined && rdatas.length > 0) yield rrset(owner, type, ttl, rdatas)
}

/** Each name and protocol once; ports without a name have no records of their own (Kubernetes DNS-Based Service Discovery 2.3.2). */
function namedPorts({ entries }: Selection): Iterable<ServicePort> {
  const ports = new Map<string, ServicePort>()
  for (const entry of entries) {
    for (const port of entry.ports) if (port.name !== '') ports.set(`${port.name}/${port.protocol}`, port)
  }
  return ports.values()
}
