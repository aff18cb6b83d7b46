// The cluster as one stanza shows it: which namespaces, by which names and addresses.
import type { Endpoint, EndpointSlice } from '../../cluster/endpoint-slice.ts'
import { type Freshness, freshnessOf } from '../../cluster/freshness.ts'
import type { Service } from '../../cluster/service.ts'
import type { Cluster, Kind } from '../../cluster/store.ts'
import type { KubernetesOptions } from './options.ts'
import {
  answeringEndpoints,
  type EndpointReading,
  endpointLabel,
  endpointRecords,
  type Records,
  serviceRecords,
} from './records.ts'
import type { Request } from './request.ts'
import type { Zone } from './zone.ts'

const noEndpoints: Records = endpointRecords([], { ofPods: false, terminating: false })
const kinds: readonly Kind[] = ['namespaces', 'services', 'endpointslices', 'pods', 'serviceimports', 'importedslices']
const loopback = /^(?:127\.|::1$)/

export class ExposedCluster {
  readonly cluster: Cluster
  readonly options: KubernetesOptions
  /** The addresses at which we can be asked from afar. */
  readonly localAddresses: readonly string[]
  readonly #namespaces: ReadonlySet<string>
  // Objects of the store never change, so that what is made of one lives as long as it does.
  readonly #compiled = new WeakMap<Service | EndpointSlice | readonly EndpointSlice[], Records>()
  readonly #reading: EndpointReading
  readonly #freshness: Freshness
  #isWhole = false

  constructor(cluster: Cluster, options: KubernetesOptions, localAddresses: readonly string[]) {
    this.cluster = cluster
    this.options = options
    // An address that is good on one link only comes with the name of its interface.
    this.localAddresses = localAddresses
      .map((address) => address.replace(/%.*/, ''))
      .filter((address) => !loopback.test(address))
    this.#namespaces = new Set(options.namespaces)
    this.#reading = { ofPods: options.endpointPodNames, terminating: options.terminatingEndpoints }
    this.#freshness = freshnessOf(cluster)
  }

  /** Is there such a namespace, and is it to be seen? */
  hasNamespace(name: string): boolean {
    return (this.#namespaces.size === 0 || this.#namespaces.has(name)) && this.cluster.namespace(name) !== undefined
  }

  /** Is the namespace to be seen, if there is one? */
  // hot: its text is asked for only where it matters.
  shows(request: Request): boolean {
    return this.#namespaces.size === 0 || this.#namespaces.has(request.namespace)
  }

  /** Is all known that is to be known? Once it is, it stays so. */
  isWhole(): boolean {
    this.#isWhole ||= kinds.every((kind) => this.cluster.synced(kind))
    return this.#isWhole
  }

  /** Could there be an answer, once everything is known that decides it, to a request for which nothing was found? */
  isUnsynced(request: Request, zone: Zone): boolean {
    return !this.isWhole() && this.#decisive(request, zone).some((each) => !this.cluster.synced(each))
  }

  /** Has the API server been away for so long that an answer to the request has to say so? */
  // hot
  isStale(request: Request, zone: Zone): boolean {
    if (!this.#freshness.isAnyLost()) return false
    return this.#decisive(request, zone).some((each) => this.#freshness.ageOf(each) > this.options.staleAfter)
  }

  #decisive({ kind }: Request, zone: Zone): readonly Kind[] {
    switch (kind) {
      case 'service':
      case 'endpoint':
      case 'port':
      case 'member':
      case 'zonal':
        if (zone.isMulticluster) return ['namespaces', 'serviceimports', 'importedslices']
        return ['namespaces', 'services', 'endpointslices']
      case 'reverse':
        return ['namespaces', 'services', 'endpointslices']
      case 'namespace':
        return ['namespaces']
      case 'pods':
      case 'pod':
        return this.options.pods === 'disabled' ? [] : ['namespaces', 'pods']
      default:
        return []
    }
  }

  /** The service that has its name in a zone: of this cluster, or of several together. */
  serviceIn({ isMulticluster }: Zone, namespace: string, name: string): Service | undefined {
    return isMulticluster ? this.cluster.serviceImport(namespace, name) : this.cluster.service(namespace, name)
  }

  servicesIn({ isMulticluster }: Zone): Iterable<Service> {
    return isMulticluster ? this.cluster.serviceImports() : this.cluster.services()
  }

  /** Of a service with cluster IPs. */
  recordsOf(service: Service): Records {
    let records = this.#compiled.get(service)
    if (records === undefined) {
      records = serviceRecords(service)
      this.#compiled.set(service, records)
    }
    return records
  }

  /** Of the endpoints of a service that are answered with; undefined while those that are known may be but some of them. */
  endpointsOf({ namespace, name, imported }: Service): Records | undefined {
    if (!this.cluster.synced(imported === true ? 'importedslices' : 'endpointslices')) return undefined
    const slices =
      imported === true ? this.cluster.importedSlices(namespace, name) : this.cluster.slices(namespace, name)
    if (slices.length === 0) return noEndpoints
    // A list of several is the same as long as nothing in it changes; one of one may be made for the occasion.
    const key = slices.length === 1 ? (slices[0] as EndpointSlice) : slices
    let records = this.#compiled.get(key)
    if (records === undefined) {
      records = endpointRecords(slices, this.#reading)
      this.#compiled.set(key, records)
    }
    return records
  }

  /** The endpoints at an address that are answered with: their slices and the labels by which they go. */
  endpointsAt(
    address: string,
  ): readonly { readonly slice: EndpointSlice; readonly label: string; readonly hasHostname: boolean }[] {
    const reading = this.#reading
    const isAnswering = ({ slice, endpoint }: { slice: EndpointSlice; endpoint: Endpoint }): boolean =>
      endpoint.ready ||
      (reading.terminating &&
        answeringEndpoints(this.cluster.slices(slice.namespace, slice.service), reading)(endpoint))
    return this.cluster
      .endpointsAt(address)
      .filter(isAnswering)
      .map(({ slice, endpoint }) => ({
        slice,
        label: endpointLabel(endpoint, address, reading),
        hasHostname: endpoint.hostname !== '',
      }))
  }
}
