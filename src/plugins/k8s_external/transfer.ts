// A zone as a whole (RFC 5936): what is answered for services that are reached from outside.
import { reverseName } from '../../dns/address.ts'
import { Type } from '../../dns/codes.ts'
import { isWithin, type Name } from '../../dns/name.ts'
import { encodeName } from '../../dns/rdata.ts'
import { type Rdata, type Rrset, rrset } from '../../dns/rrset.ts'
import type { Outside, OutsideEntry, OutsidePort, OutsideService } from '../../plugin.ts'
import { addressRrsets, aliasSrv, srvOf, startOfAuthority } from './answer.ts'
import type { ExternalOptions } from './index.ts'
import { below, fits, nameOf, namesOf, ownEntries } from './lookup.ts'
import { isReverseName, type OuterZone } from './zone.ts'

/**
 * The SOA record first and last. The names of endpoints of services that aren't headless are left out, as in CoreDNS. Undefined
 * before the cluster is known as a whole.
 */
export function transferZone(outside: Outside, zone: OuterZone, options: ExternalOptions): Iterable<Rrset> | undefined {
  return outside.isWhole() ? recordsOf(outside, zone, options) : undefined
}

function* recordsOf(outside: Outside, zone: OuterZone, options: ExternalOptions): Generator<Rrset> {
  const { ttl, headless } = options
  const soa = startOfAuthority(zone, outside.serial(), ttl)
  yield soa
  yield rrset(zone.name, Type.NS, ttl, [encodeName(zone.nameServer)])
  yield* addressRrsets(zone.nameServer, ownEntries(outside, { headless }), ttl)
  if (isReverseName(zone.name)) yield* reverseRecords(outside, zone, options)
  else {
    for (const service of outside.services()) {
      const name = nameOf(service, zone.name)
      if (name !== undefined) yield* serviceRecords(service, name, options)
    }
  }
  yield soa
}

function* serviceRecords(service: OutsideService, name: Name, { ttl, headless }: ExternalOptions): Generator<Rrset> {
  const { entries, hostnames, ports } = service
  const [target] = hostnames
  if (entries.length > 0) yield* namesOfEntries(name, entries, ttl)
  else if (target !== undefined) {
    yield rrset(name, Type.CNAME, ttl, [encodeName(target)])
    for (const { owner, port, protocol } of portOwners(name, ports)) {
      const those = ports.filter((candidate) => fits(candidate, port, protocol))
      yield* some(owner, Type.SRV, ttl, aliasSrv(target, those))
    }
  } else if (headless && service.isHeadless) {
    const endpoints = service.endpoints()
    yield* namesOfEntries(name, endpoints, ttl)
    for (const label of new Set(endpoints.map((endpoint) => endpoint.label))) {
      const owner = below(label, name)
      const those = endpoints.filter((endpoint) => endpoint.label === label)
      if (owner === undefined) continue
      yield* addressRrsets(owner, those, ttl)
      const selection = { kind: 'addresses', entries: those, port: '', protocol: '', base: name } as const
      yield* some(owner, Type.SRV, ttl, srvOf(selection, ttl).answer)
    }
  }
}

/** The addresses of a service, and its SRV records: of all ports under its own name, of each under that of the port. */
function* namesOfEntries(name: Name, entries: readonly OutsideEntry[], ttl: number): Generator<Rrset> {
  yield* addressRrsets(name, entries, ttl)
  const select = (port: string, protocol: string) =>
    srvOf({ kind: 'addresses', entries, port, protocol, base: name }, ttl).answer
  yield* some(name, Type.SRV, ttl, select('', ''))
  const ports = entries.flatMap((entry) => entry.ports)
  for (const { owner, port, protocol } of portOwners(name, ports)) {
    yield* some(owner, Type.SRV, ttl, select(port, protocol))
  }
}

/** Each name and protocol once; ports without a name have no records of their own. */
function portOwners(
  name: Name,
  ports: readonly OutsidePort[],
): { readonly owner: Name | undefined; readonly port: string; readonly protocol: string }[] {
  const owners = new Map<string, { owner: Name | undefined; port: string; protocol: string }>()
  for (const { name: port, protocol } of ports) {
    const owner = below(`_${port}`, below(`_${protocol}`, name))
    if (port !== '') owners.set(`${port}/${protocol}`, { owner, port, protocol })
  }
  return [...owners.values()]
}

function* reverseRecords(outside: Outside, zone: OuterZone, { ttl, primary }: ExternalOptions): Generator<Rrset> {
  for (const address of new Set([...outside.services()].flatMap(({ addresses }) => addresses))) {
    const owner = reverseName(address)
    if (isWithin(owner, zone.name)) yield* some(owner, Type.PTR, ttl, namesOf(outside.servicesAt(address), primary))
  }
}

/** Nothing where there is no record, or the owner's name would be too long. */
function* some(owner: Name | undefined, type: number, ttl: number, rdatas: readonly Rdata[]): Generator<Rrset> {
  if (owner !== undefined && rdatas.length > 0) yield rrset(owner, type, ttl, rdatas)
}
