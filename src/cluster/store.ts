// The cluster as this worker knows it. The read side is narrow on purpose, so that what lies behind it can change.
import type { Name } from '../dns/name.ts'
import { octetsOf } from '../dns/name-octets.ts'
import { hashText } from '../hash.ts'
import type { Endpoint, EndpointSlice } from './endpoint-slice.ts'
import { hashName } from './hash-table.ts'
import type { ImportedSlice } from './imported-slice.ts'
import { kinds, type Trimmed } from './kinds.ts'
import type { Namespace } from './namespace.ts'
import type { Pod } from './pod.ts'
import { Recent } from './recent.ts'
import type { RecordHead } from './record.ts'
import { compareWords, type HeadChange, RecordIndex } from './record-index.ts'
import { type Chunk, type RecordAddress, RecordMemory } from './record-memory.ts'
import { ReverseBranches } from './reverse-branches.ts'
import type { Service } from './service.ts'
import type { Slot } from './slot.ts'

export type Kind = keyof Trimmed

/** Names and namespaces are lower-case; addresses are text in canonical form. Objects never change: an event replaces them. */
export interface Cluster {
  /** Has the kind been listed at least once (or is it not watched at all)? */
  synced(kind: Kind): boolean
  /** Unix seconds of the last change that concerns DNS; 0 before the first. */
  serial(): number
  namespace(name: string): Namespace | undefined
  service(namespace: string, name: string): Service | undefined
  /**
   * What most questions want to know, without an object or a text for it: the cluster IPs, of 4 or of 16 octets, of the service
   * that the first two labels of a lower-cased name are the name and the namespace of. They are those octets, one character
   * each. Undefined where it has none at all, or isn't there, or its namespace isn't.
   */
  clusterIPs(name: Name, octets: 4 | 16): readonly string[] | undefined
  /** All slices of a service, in the order of their names; none where there are none. */
  slices(namespace: string, service: string): readonly EndpointSlice[]
  /** The service that has this cluster IP; of several, the first by namespace and name. */
  serviceAt(address: string): Service | undefined
  /** The services that are reached at this address from outside of the cluster, ordered by namespace and name. */
  externalServicesAt(address: string): readonly Service[]
  /** Every endpoint at an address with the slice it stands in, ready or not. */
  endpointsAt(address: string): readonly { readonly slice: EndpointSlice; readonly endpoint: Endpoint }[]
  /** Is there a cluster IP or an endpoint's address whose reverse name is below this lower-cased one? At times it says so where there is none. */
  hasAddressBelow(name: Name): boolean
  /** The pods at an address: one, but for host-network pods. */
  podsAt(address: string): readonly Pod[]
  /** Every service, ordered by namespace and name: for zone transfers. */
  services(): Iterable<Service>
  /** The service that several clusters have together. */
  serviceImport(namespace: string, name: string): Service | undefined
  /** All slices of such a service, of whichever cluster, in the order of their names. */
  importedSlices(namespace: string, service: string): readonly ImportedSlice[]
  /** Every such service, ordered by namespace and name. */
  serviceImports(): Iterable<Service>
}

/**
 * How much of what was asked for is kept as objects, in services, and in endpoints of slices: see Recent. With what is
 * compiled from it, a service takes about 1 KiB.
 */
const recentServices = 8192
const recentEndpoints = 16_384
const recentPods = 4096

/** With the address it was asked for by: an object has several, which may have the same hash. */
interface FoundAt<T> {
  readonly address: string
  readonly found: T
}

/** A Cluster of packed records, which are unpacked when they are asked for. */
export class Store implements Cluster {
  readonly #memory = new RecordMemory()
  readonly #records: { readonly [K in Kind]: RecordIndex<Trimmed[K]> } = {
    services: new RecordIndex(this.#memory, kinds.services),
    endpointslices: new RecordIndex(this.#memory, kinds.endpointslices),
    namespaces: new RecordIndex(this.#memory, kinds.namespaces),
    pods: new RecordIndex(this.#memory, kinds.pods),
    serviceimports: new RecordIndex(this.#memory, kinds.serviceimports),
    importedslices: new RecordIndex(this.#memory, kinds.importedslices),
  }
  readonly #branches = new ReverseBranches()
  /** All that were asked for: there are few. */
  readonly #namespaces = new Recent<Namespace>(Number.POSITIVE_INFINITY, () => 1)
  readonly #services = new Recent<Service>(recentServices, () => 1)
  readonly #slices = new Recent<readonly EndpointSlice[]>(recentEndpoints, weighSlices)
  readonly #serviceImports = new Recent<Service>(recentServices, () => 1)
  readonly #importedSlices = new Recent<readonly ImportedSlice[]>(recentEndpoints, weighSlices)
  /** By address, as are pods. */
  readonly #servicesAt = new Recent<FoundAt<Service>>(recentServices, () => 1)
  readonly #podsAt = new Recent<FoundAt<readonly Pod[]>>(recentPods, ({ found }) => found.length)
  readonly #synced = new Set<Kind>()
  #serial = 0

  synced(kind: Kind): boolean {
    return this.#synced.has(kind)
  }

  serial(): number {
    return this.#serial
  }

  // hot
  namespace(name: string): Namespace | undefined {
    const hash = hashText(name)
    const recent = this.#namespaces.get(hash)
    if (recent?.name === name) return recent
    const slot = this.#records.namespaces.find('', name)
    if (slot === 0) return undefined
    const namespace = this.#records.namespaces.unpack(slot)
    this.#namespaces.set(hash, namespace)
    return namespace
  }

  // hot
  service(namespace: string, name: string): Service | undefined {
    return findRecent(this.#records.services, this.#services, namespace, name)
  }

  // hot
  clusterIPs(name: Name, octets: 4 | 16): readonly string[] | undefined {
    const labels = octetsOf(name)
    const { namespaces, services } = this.#records
    if (namespaces.findLabel(labels, 1 + (labels[0] as number)) === 0) return undefined
    const slot = services.findLabels(labels, 0)
    return slot === 0 ? undefined : services.addressOctets(slot, octets)
  }

  // hot
  slices(namespace: string, service: string): readonly EndpointSlice[] {
    return findOf(this.#records.endpointslices, this.#slices, namespace, service)
  }

  serviceAt(address: string): Service | undefined {
    const hash = hashText(address)
    const recent = this.#servicesAt.get(hash)
    if (recent?.address === address) return recent.found
    const [service] = this.#servicesOf(0, address, ({ clusterIPs }) => clusterIPs)
    if (service !== undefined) this.#servicesAt.set(hash, { address, found: service })
    return service
  }

  externalServicesAt(address: string): readonly Service[] {
    return this.#servicesOf(1, address, ({ externalAddresses = [] }) => externalAddresses)
  }

  endpointsAt(address: string): readonly { readonly slice: EndpointSlice; readonly endpoint: Endpoint }[] {
    const slices = this.#records.endpointslices.atAddress(0, address).flatMap((slot) => {
      const { namespace, name, service } = this.#records.endpointslices.headAt(slot)
      return this.slices(namespace, service).filter((slice) => slice.name === name)
    })
    return slices
      .sort(compareNamed)
      .flatMap((slice) =>
        slice.endpoints
          .filter((endpoint) => endpoint.addresses.includes(address))
          .map((endpoint) => ({ slice, endpoint })),
      )
  }

  hasAddressBelow(name: Name): boolean {
    return this.#branches.has(name)
  }

  podsAt(address: string): readonly Pod[] {
    const hash = hashText(address)
    const recent = this.#podsAt.get(hash)
    if (recent?.address === address) return recent.found
    const pods = this.#records.pods
      .atAddress(0, address)
      .map((slot) => this.#records.pods.unpack(slot))
      .filter(({ addresses }) => addresses.includes(address))
      .sort(compareNamed)
    if (pods.length > 0) this.#podsAt.set(hash, { address, found: pods })
    return pods
  }

  services(): Generator<Service, void> {
    return inOrder(this.#records.services, (namespace, name) => this.service(namespace, name))
  }

  serviceImport(namespace: string, name: string): Service | undefined {
    return findRecent(this.#records.serviceimports, this.#serviceImports, namespace, name)
  }

  importedSlices(namespace: string, service: string): readonly ImportedSlice[] {
    return findOf(this.#records.importedslices, this.#importedSlices, namespace, service)
  }

  serviceImports(): Generator<Service, void> {
    return inOrder(this.#records.serviceimports, (namespace, name) => this.serviceImport(namespace, name))
  }

  /** Before records that are in it. Undefined: it is gone. */
  setChunk(number: number, chunk: Chunk): void {
    this.#memory.setChunk(number, chunk)
  }

  /** What the slot holds now; 0: nothing. The record must not be freed before the slot holds another one, or none. */
  put(kind: Kind, slot: Slot, address: RecordAddress): void {
    const change = this.#records[kind].put(slot, address)
    if (change !== undefined) this.#changed(kind, change)
  }

  /** The kind has been listed, or is not watched. */
  setSynced(kind: Kind): void {
    this.#synced.add(kind)
  }

  setSerial(seconds: number): void {
    this.#serial = seconds
  }

  /** How many objects of the kind there are. */
  count(kind: Kind): number {
    return this.#records[kind].size
  }

  /** Those that have the address, by the nth list of addresses, ordered. */
  #servicesOf(list: number, address: string, addressesOf: (service: Service) => readonly string[]): Service[] {
    const services = this.#records.services.atAddress(list, address).flatMap((slot) => {
      const { namespace, name } = this.#records.services.headAt(slot)
      return this.service(namespace, name) ?? []
    })
    return services.filter((service) => addressesOf(service).includes(address)).sort(compareNamed)
  }

  /** What was made of the object as it was is of no use any more. */
  #changed(kind: Kind, { before, after }: HeadChange): void {
    if (kinds[kind].isReversed) {
      const { gone, come } = compareWords(before?.addresses[0] ?? [], after?.addresses[0] ?? [])
      for (const address of come) this.#branches.add(address)
      for (const address of gone) this.#branches.remove(address)
    }
    // They are of other names where something else has taken the slot of what is gone.
    if (before !== undefined) this.#forget(kind, before)
    if (after !== undefined) this.#forget(kind, after)
  }

  #forget(kind: Kind, { namespace, name, service, addresses: [addresses = []] }: RecordHead): void {
    switch (kind) {
      case 'services':
        this.#services.delete(hashName(namespace, name))
        for (const address of addresses) this.#servicesAt.delete(hashText(address))
        break
      case 'endpointslices':
        this.#slices.delete(hashName(namespace, service))
        break
      case 'serviceimports':
        this.#serviceImports.delete(hashName(namespace, name))
        break
      case 'importedslices':
        this.#importedSlices.delete(hashName(namespace, service))
        break
      case 'namespaces':
        this.#namespaces.delete(hashText(name))
        break
      case 'pods':
        for (const address of addresses) this.#podsAt.delete(hashText(address))
        break
    }
  }
}

/** The object of that name, which is kept among the recent ones. */
// hot
function findRecent<T extends Named>(
  records: RecordIndex<T>,
  recent: Recent<T>,
  namespace: string,
  name: string,
): T | undefined {
  const hash = hashName(namespace, name)
  const object = recent.get(hash)
  if (object !== undefined && object.name === name && object.namespace === namespace) return object
  for (const slot of records.named(hash)) {
    const unpacked = records.unpack(slot)
    if (unpacked.namespace !== namespace || unpacked.name !== name) continue
    recent.set(hash, unpacked)
    return unpacked
  }
  return undefined
}

/** The slices of a service, in the order of their names, which are kept among the recent ones. */
function findOf<T extends EndpointSlice>(
  records: RecordIndex<T>,
  recent: Recent<readonly T[]>,
  namespace: string,
  service: string,
): readonly T[] {
  const hash = hashName(namespace, service)
  const known = recent.get(hash)
  if (known?.[0]?.service === service && known[0].namespace === namespace) return known
  const [first, ...others] = records
    .ofService(hash)
    .map((slot) => records.unpack(slot))
    .filter((slice) => slice.namespace === namespace && slice.service === service)
  if (first === undefined) return noSlices
  const slices = [first, ...others].sort(compareNamed)
  recent.set(hash, slices)
  return slices
}

/** Each object by namespace and name, as it is at the time when its turn comes. */
function* inOrder<T>(
  records: RecordIndex<T>,
  find: (namespace: string, name: string) => T | undefined,
): Generator<T, void> {
  const names = [...records.slots()].map((slot) => records.headAt(slot))
  for (const { namespace, name } of names.sort(compareNamed)) {
    const object = find(namespace, name)
    if (object !== undefined) yield object
  }
}

const noSlices: readonly never[] = []

function weighSlices(slices: readonly EndpointSlice[]): number {
  return slices.reduce((weight, { endpoints }) => weight + 1 + endpoints.length, 0)
}

interface Named {
  readonly namespace: string
  readonly name: string
}

/** Which comes first, by namespace, then by name, code unit by code unit: negative, 0 or positive. */
export function compareNamed(a: Named, b: Named): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}
