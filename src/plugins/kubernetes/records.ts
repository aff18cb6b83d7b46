// What the stored objects say in DNS: addresses with the names and ports they are reached by, compiled once per object.
import type { Endpoint, EndpointSlice } from '../../cluster/endpoint-slice.ts'
import type { ImportedSlice } from '../../cluster/imported-slice.ts'
import type { Service, ServicePort } from '../../cluster/service.ts'
import { Type } from '../../dns/codes.ts'
import type { Name } from '../../dns/name.ts'
import { addressType, encodeAddress, encodeSrv } from '../../dns/rdata.ts'
import { type Rdata, type Rrset, rrset } from '../../dns/rrset.ts'
import { below, dashedAddress } from './service-name.ts'

/** One address, and how it is reached. */
export interface Entry {
  /** The label before the service's name; '' where it is the service's own. */
  readonly label: string
  readonly type: number
  readonly rdata: Rdata
  /** None where it is reached by no port that anybody told of. */
  readonly ports: readonly ServicePort[]
  /** The topology zone it is in; '' where nobody said. */
  readonly zone: string
  /** Whose it is, of several that have the service together: a label between its own and the service's name; '' for none. */
  readonly cluster: string
}

/** The entries that a name stands for. */
export interface Selection {
  readonly kind: 'addresses'
  readonly a: readonly Rdata[]
  readonly aaaa: readonly Rdata[]
  readonly entries: readonly Entry[]
  /** Only these ports; '' for any. */
  readonly port: string
  readonly protocol: string
  /** The SRV records asked for last, and the name and TTL they were made for. */
  srv: { readonly base: Name; readonly ttl: number; readonly records: SrvRecords } | undefined
}

export interface SrvRecords {
  readonly answer: readonly Rdata[]
  /** The addresses of the targets. */
  readonly additional: readonly Rrset[]
}

// These are kept for thousands of services: one for all that are empty, and copies of arrays that were made to grow, without
// the room for more that those have.
const noSelections: readonly Selection[] = []
const noRdatas: readonly Rdata[] = []

/** All that one service or all its endpoints can be asked for. */
export interface Records {
  readonly all: Selection
  /** By the label of an endpoint, once one has been asked for. */
  byLabel: ReadonlyMap<string, Selection> | undefined
  /** Of ports and protocols that have been asked for and are there: few, as are ports. */
  ofPorts: readonly Selection[]
  /** Of topology zones that have been asked for and hold some. */
  ofZones: Map<string, Selection> | undefined
}

/** Of a service that has cluster IPs. */
export function serviceRecords(service: Service): Records {
  return recordsOf(service.clusterIPs.map((address) => entryOf('', address, service.ports)))
}

/** How a stanza reads endpoints. */
export interface EndpointReading {
  /** Those without a hostname are called by their pods. */
  readonly ofPods: boolean
  /** Where none is ready, those that end but still serve are answered with. */
  readonly terminating: boolean
}

/** Tells those endpoints of a service that are answered with, given all of its slices (KEP-1672). */
export function answeringEndpoints(
  slices: readonly EndpointSlice[],
  { terminating }: EndpointReading,
): (endpoint: Endpoint) => boolean {
  const isReady = ({ ready }: Endpoint): boolean => ready
  if (!terminating || slices.some(({ endpoints }) => endpoints.some(isReady))) return isReady
  return (endpoint) => endpoint.serving && endpoint.terminating
}

/** Of the endpoints of a service that are answered with. */
export function endpointRecords(slices: readonly (EndpointSlice | ImportedSlice)[], reading: EndpointReading): Records {
  const isAnswering = answeringEndpoints(slices, reading)
  const entries: Entry[] = []
  for (const slice of slices) {
    const { endpoints, ports } = slice
    const cluster = 'cluster' in slice ? slice.cluster : ''
    for (const endpoint of endpoints) {
      if (!isAnswering(endpoint)) continue
      for (const address of endpoint.addresses) {
        const label = endpointLabel(endpoint, address, reading)
        entries.push(entryOf(label, address, ports, { zone: endpoint.zone, cluster }))
      }
    }
  }
  return recordsOf(entries)
}

/** Of addresses that have neither labels nor ports. */
export function addressRecords(addresses: readonly string[]): Selection {
  return select(
    addresses.map((address) => entryOf('', address, [])),
    '',
    '',
  )
}

/** Of a pod, as often as there are pods at the address: an SRV record for its name has port 0, as in CoreDNS. */
export function podRecords(address: string, count: number): Selection {
  const entry = entryOf('', address, [{ name: '', port: 0, protocol: '' }])
  return select(new Array<Entry>(count).fill(entry), '', '')
}

/**
 * The name of an endpoint within its service: its hostname, else its pod's name where these are used, else the address
 * with dashes.
 */
export function endpointLabel(endpoint: Endpoint, address: string, names: { readonly ofPods: boolean }): string {
  if (endpoint.hostname !== '') return endpoint.hostname
  if (names.ofPods && endpoint.podName !== '') return endpoint.podName
  return dashedAddress(address)
}

/** What the label of an endpoint, in a cluster or in none, stands for; undefined where there is no such endpoint. */
export function endpointNamed(records: Records, label: string, cluster = ''): Selection | undefined {
  records.byLabel ??= new Map(groupByName(records.all.entries).map((group) => [placeOf(group), group.selection]))
  return records.byLabel.get(placeOf({ label, cluster }))
}

/** Has the cluster endpoints of the service? */
export function hasCluster(records: Records, cluster: string): boolean {
  return cluster !== '' && records.all.entries.some((entry) => entry.cluster === cluster)
}

/** No label has this letter in it. */
const placeOf = ({ label, cluster }: Pick<Entry, 'label' | 'cluster'>): string =>
  cluster === '' ? label : `${label}\u0100${cluster}`

/** What a port and a protocol, '' being any, stand for; undefined where there are none of that name. */
export function portNamed(records: Records, port: string, protocol: string): Selection | undefined {
  for (const known of records.ofPorts) if (known.port === port && known.protocol === protocol) return known
  const selection = selectPort(records.all, port, protocol)
  if (selection !== undefined) records.ofPorts = [...records.ofPorts, selection]
  return selection
}

/** The endpoints in a topology zone; undefined where there are none. */
export function inZone(records: Records, zone: string): Selection | undefined {
  records.ofZones ??= new Map()
  const known = records.ofZones.get(zone)
  if (known !== undefined) return known
  const those = records.all.entries.filter((entry) => entry.zone === zone)
  if (those.length === 0) return undefined
  const selection = select(those, '', '')
  records.ofZones.set(zone, selection)
  return selection
}

/** As portNamed. */
export function selectPort({ entries }: Selection, port: string, protocol: string): Selection | undefined {
  const those = entries.filter((entry) => countPorts(entry, port, protocol) > 0)
  return those.length === 0 ? undefined : select(those, port, protocol)
}

/** Is there something below the label of a protocol, with or without its underscore? */
export function hasProtocol(records: Records, protocol: string): boolean {
  return records.all.entries.some((entry) => countPorts(entry, '', protocol) > 0)
}

/**
 * The SRV records of a name: one for each target and port, `base` being the service's name. The weights share 100 among
 * all that match, counted before repetitions are left out, as in CoreDNS.
 */
export function srvOf(selection: Selection, base: Name, ttl: number): SrvRecords {
  if (selection.srv?.base === base && selection.srv.ttl === ttl) return selection.srv.records
  const records = makeSrv(selection, base, ttl)
  selection.srv = { base, ttl, records }
  return records
}

export function entryOf(
  label: string,
  address: string,
  ports: readonly ServicePort[],
  { zone, cluster }: Pick<Entry, 'zone' | 'cluster'> = nowhere,
): Entry {
  return { label, type: addressType(address), rdata: encodeAddress(address), ports, zone, cluster }
}

const nowhere = { zone: '', cluster: '' }

function recordsOf(entries: readonly Entry[]): Records {
  return { all: select(entries, '', ''), byLabel: undefined, ofPorts: noSelections, ofZones: undefined }
}

function select(entries: readonly Entry[], port: string, protocol: string): Selection {
  const a = rdatasOf(entries, Type.A)
  const aaaa = rdatasOf(entries, Type.AAAA)
  return { kind: 'addresses', a, aaaa, entries: entries.slice(), port, protocol, srv: undefined }
}

function rdatasOf(entries: readonly Entry[], type: number): readonly Rdata[] {
  const rdatas = new Set<Rdata>()
  for (const entry of entries) if (entry.type === type) rdatas.add(entry.rdata)
  return rdatas.size === 0 ? noRdatas : [...rdatas]
}

/** Of several endpoints with one label, as those of one pod in two families, all. */
export function groupByName(entries: readonly Entry[]): readonly NamedGroup[] {
  const groups = new Map<string, Entry[]>()
  for (const entry of entries) {
    const place = placeOf(entry)
    const group = groups.get(place)
    if (group === undefined) groups.set(place, [entry])
    else group.push(entry)
  }
  return [...groups.values()].map((group) => {
    const [{ label, cluster }] = group as [Entry]
    return { label, cluster, selection: select(group, '', '') }
  })
}

/** The entries of one name, and what that is below the service's. */
export interface NamedGroup extends Pick<Entry, 'label' | 'cluster'> {
  readonly selection: Selection
}

/** The name of an endpoint, `base` being its service's; undefined where it would be too long to exist. */
export function endpointName({ label, cluster }: Pick<Entry, 'label' | 'cluster'>, base: Name): Name | undefined {
  return below(label, below(cluster, base))
}

/** An entry without ports counts once where any port will do: there is something, though no record can tell its port. */
function countPorts({ ports }: Entry, port: string, protocol: string): number {
  if (ports.length === 0) return port === '' && protocol === '' ? 1 : 0
  return ports.filter((candidate) => matches(candidate, port, protocol)).length
}

function matches(candidate: ServicePort, port: string, protocol: string): boolean {
  return (port === '' || port === candidate.name) && (protocol === '' || protocol === candidate.protocol)
}

/** A target of SRV records, as it is put together. */
interface Target {
  readonly name: Name
  readonly ports: Set<number>
  readonly entries: Entry[]
}

function makeSrv({ entries, port, protocol }: Selection, base: Name, ttl: number): SrvRecords {
  let count = 0
  for (const entry of entries) count += countPorts(entry, port, protocol)
  const weight = Math.max(1, Math.floor((100 / (100 * count)) * 100))
  const answer: Rdata[] = []
  const targets = new Map<string, Target>()
  for (const entry of entries) {
    for (const candidate of entry.ports) {
      if (!matches(candidate, port, protocol)) continue
      const place = placeOf(entry)
      const target = targets.get(place) ?? targetOf(entry, base)
      if (target === undefined) continue
      targets.set(place, target)
      if (target.entries.at(-1) !== entry) target.entries.push(entry)
      if (target.ports.has(candidate.port)) continue
      target.ports.add(candidate.port)
      answer.push(encodeSrv({ priority: 0, weight, port: candidate.port, target: target.name }))
    }
  }
  const additional = [...targets.values()].flatMap((target) => addressesOf(target, ttl))
  return { answer: answer.slice(), additional: additional.slice() }
}

/** Undefined where the name would be too long to exist. */
function targetOf(entry: Entry, base: Name): Target | undefined {
  const name = endpointName(entry, base)
  return name === undefined ? undefined : { name, ports: new Set(), entries: [] }
}

function addressesOf({ name, entries }: Target, ttl: number): Rrset[] {
  return [Type.A, Type.AAAA].flatMap((type) => {
    const rdatas = rdatasOf(entries, type)
    return rdatas.length === 0 ? [] : [rrset(name, type, ttl, rdatas)]
  })
}
