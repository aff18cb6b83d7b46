// The cluster as this worker knows it. The read side is narrow on purpose, so that what lies behind it can change.
import { isDeepStrictEqual } from 'node:util'
import type { Name } from '../dns/name.ts'
import { identityOf, keyOf, listOf, partOf } from './api-object.ts'
import type { Endpoint, EndpointSlice } from './endpoint-slice.ts'
import { kindNames, kinds, type Trimmed } from './kinds.ts'
import type { Namespace } from './namespace.ts'
import { compareNamed, ObjectIndex } from './object-index.ts'
import { isTerminating, type Pod } from './pod.ts'
import { ReverseBranches } from './reverse-branches.ts'
import { sameRecords } from './same-records.ts'
import type { Service } from './service.ts'

export type Kind = 'services' | 'endpointslices' | 'namespaces' | 'pods'

/** Names and namespaces are lower-case; addresses are text in canonical form. Objects never change: an event replaces them. */
export interface Cluster {
  /** Has the kind been listed at least once (or is it not watched at all)? */
  synced(kind: Kind): boolean
  /** Unix seconds of the last change that concerns DNS; 0 before the first. */
  serial(): number
  namespace(name: string): Namespace | undefined
  service(namespace: string, name: string): Service | undefined
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
}

const clusterIPsOf = (service: Service): readonly string[] => service.clusterIPs
const externalAddressesOf = (service: Service): readonly string[] => service.externalAddresses ?? []
const addressesOf = (pod: Pod): readonly string[] => pod.addresses
const endpointAddressesOf = (slice: EndpointSlice): readonly string[] =>
  slice.endpoints.flatMap((endpoint) => endpoint.addresses)
const serviceOf = (slice: EndpointSlice): readonly string[] => [`${slice.namespace}/${slice.service}`]

/** A Cluster of plain objects in flat maps. Its keys are those of `keyOf`. */
export class Store implements Cluster {
  readonly #services = new Map<string, Service>()
  readonly #slices = new Map<string, EndpointSlice>()
  readonly #namespaces = new Map<string, Namespace>()
  readonly #pods = new Map<string, Pod>()
  /** By namespace, then by name: the way every question takes, without making a key for it. */
  readonly #servicesOf = new Map<string, Map<string, Service>>()
  readonly #servicesByAddress = new ObjectIndex<Service>()
  readonly #servicesByExternalAddress = new ObjectIndex<Service>()
  readonly #slicesByService = new ObjectIndex<EndpointSlice>()
  readonly #slicesByAddress = new ObjectIndex<EndpointSlice>()
  readonly #podsByAddress = new ObjectIndex<Pod>()
  readonly #branches = new ReverseBranches()
  readonly #synced = new Set<Kind>()
  #ordered: readonly Service[] | undefined
  #serial = 0

  synced(kind: Kind): boolean {
    return this.#synced.has(kind)
  }

  serial(): number {
    return this.#serial
  }

  namespace(name: string): Namespace | undefined {
    return this.#namespaces.get(name)
  }

  service(namespace: string, name: string): Service | undefined {
    return this.#servicesOf.get(namespace)?.get(name)
  }

  slices(namespace: string, service: string): readonly EndpointSlice[] {
    return this.#slicesByService.at(`${namespace}/${service}`)
  }

  serviceAt(address: string): Service | undefined {
    return this.#servicesByAddress.first(address)
  }

  externalServicesAt(address: string): readonly Service[] {
    return this.#servicesByExternalAddress.at(address)
  }

  endpointsAt(address: string): readonly { readonly slice: EndpointSlice; readonly endpoint: Endpoint }[] {
    return this.#slicesByAddress
      .at(address)
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
    return this.#podsByAddress.at(address)
  }

  services(): Iterable<Service> {
    this.#ordered ??= [...this.#services.values()].sort(compareNamed)
    return this.#ordered
  }

  /**
   * Takes an object up, or puts it in the place of the one that has its key. An object equal to the one that is there
   * changes nothing, and that one stays. True if anything changed.
   */
  apply<K extends Kind>(kind: K, key: string, object: Trimmed[K]): boolean {
    const before = this.#mapOf(kind).get(key)
    if (isDeepStrictEqual(before, object)) return false
    this.#mapOf(kind).set(key, object)
    this.#reindex(kind, before, object)
    if (before === undefined || !sameRecords(kind, before, object)) this.#serial = unixSeconds()
    return true
  }

  /** True if there was one. */
  remove(kind: Kind, key: string): boolean {
    const before = this.#mapOf(kind).get(key)
    if (before === undefined) return false
    this.#mapOf(kind).delete(key)
    this.#reindex(kind, before, undefined)
    this.#serial = unixSeconds()
    return true
  }

  /** The kind has been listed, or is not watched. */
  setSynced(kind: Kind): void {
    this.#synced.add(kind)
  }

  /** For who knows better when the last change was: the thread that saw it come. */
  setSerial(seconds: number): void {
    this.#serial = seconds
  }

  /** How many objects of the kind there are. */
  count(kind: Kind): number {
    return this.#mapOf(kind).size
  }

  #mapOf<K extends Kind>(kind: K): Map<string, Trimmed[K]>
  #mapOf(kind: Kind): Map<string, Service> | Map<string, EndpointSlice> | Map<string, Namespace> | Map<string, Pod> {
    switch (kind) {
      case 'services':
        return this.#services
      case 'endpointslices':
        return this.#slices
      case 'namespaces':
        return this.#namespaces
      case 'pods':
        return this.#pods
    }
  }

  #rename(before: Service | undefined, after: Service | undefined): void {
    const { namespace, name } = (after ?? before) as Service
    const services = this.#servicesOf.get(namespace) ?? new Map<string, Service>()
    if (after === undefined) services.delete(name)
    else services.set(name, after)
    if (services.size === 0) this.#servicesOf.delete(namespace)
    else this.#servicesOf.set(namespace, services)
  }

  #reindex<K extends Kind>(kind: K, before: Trimmed[K] | undefined, after: Trimmed[K] | undefined): void
  #reindex(kind: Kind, before: never, after: never): void {
    switch (kind) {
      case 'services':
        this.#rename(before, after)
        this.#servicesByAddress.replace(before, after, clusterIPsOf)
        this.#servicesByExternalAddress.replace(before, after, externalAddressesOf)
        this.#branches.replace(before, after, clusterIPsOf)
        this.#ordered = undefined
        break
      case 'endpointslices':
        this.#slicesByService.replace(before, after, serviceOf)
        this.#slicesByAddress.replace(before, after, endpointAddressesOf)
        this.#branches.replace(before, after, endpointAddressesOf)
        break
      case 'pods':
        this.#podsByAddress.replace(before, after, addressesOf)
        break
      case 'namespaces':
        break
    }
  }
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/**
 * A synced Store of API objects as JSON, of mixed kinds and Lists of them, as a manifest or `kubectl get -o json` has
 * them. What no watch would bring is left out: other kinds, and what can't be used.
 */
export function clusterOf(objects: readonly unknown[], serial?: number): Store {
  const store = new Store()
  const take = (object: unknown): void => {
    const { kind: singular, items } = partOf(object)
    for (const item of listOf(items)) take(item)
    const kind = kindNames.find((name) => kinds[name].singular === singular)
    if (kind === undefined || (kind === 'pods' && isTerminating(object))) return
    const identity = identityOf(object)
    const trimmed = kinds[kind].trim(object)
    if (identity !== undefined && trimmed !== undefined) store.apply(kind, keyOf(identity), trimmed)
  }
  for (const object of objects) take(object)
  for (const kind of kindNames) store.setSynced(kind)
  if (serial !== undefined) store.setSerial(serial)
  return store
}
