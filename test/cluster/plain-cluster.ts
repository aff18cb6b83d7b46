// A cluster of plain objects that are searched from end to end: too slow to serve, too simple to be wrong.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { keyOf } from '../../src/cluster/api-object.ts'
import type { EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { kindNames, mapKinds, type Trimmed } from '../../src/cluster/kinds.ts'
import type { Mirror } from '../../src/cluster/mirror.ts'
import { type Cluster, compareNamed, type Kind } from '../../src/cluster/store.ts'
import { parseAddress, reverseName } from '../../src/dns/address.ts'
import { isWithin, labelsOf, type Name, parentOf, parseName } from '../../src/dns/name.ts'
import { fewWords, objectsOf } from './objects.ts'

/** All that objects from `fewWords` are found by. */
export const words = {
  namespaces: ['a', 'b', 'none'],
  names: ['x', 'y', 'z', 'x-y', 'none'],
  addresses: ['10.0.0.1', '10.0.0.2', '10.1.0.1', 'fd00::1', 'fd00::2', '::ffff:10.0.0.1', '10.0.0.9'],
}

export type Change = {
  [K in Kind]:
    | { readonly kind: K; readonly object: Trimmed[K] }
    | { readonly kind: K; readonly key: string; readonly object?: undefined }
}[Kind]

/** Objects come, change and go. */
export const change: fc.Arbitrary<Change> = fc.oneof(
  ...kindNames.map((kind): fc.Arbitrary<Change> => {
    const objects: fc.Arbitrary<Trimmed[Kind]> = objectsOf(fewWords)[kind]
    const key = fc
      .tuple(fewWords.namespace, fewWords.name)
      .map(([namespace, name]) => (kind === 'namespaces' ? namespace : `${namespace}/${name}`))
    const come = objects.map((object) => ({ kind, object }) as Change)
    const go = key.map((key) => ({ kind, key }) as Change)
    return fc.oneof({ weight: 3, arbitrary: come }, { weight: 1, arbitrary: go })
  }),
)

export function keyOfObject(object: Trimmed[Kind]): string {
  return keyOf({ namespace: '', ...object })
}

export class PlainCluster implements Cluster {
  /** All there ever were, as JSON. */
  readonly known = new Set<string>()
  readonly #objects: { readonly [K in Kind]: Map<string, Trimmed[K]> } = mapKinds(() => new Map()) as never

  take(change: Change): void {
    const objects: Map<string, unknown> = this.#objects[change.kind]
    if (change.object === undefined) objects.delete(change.key)
    else {
      objects.set(keyOfObject(change.object), change.object)
      this.known.add(JSON.stringify(change.object))
    }
  }

  synced(): boolean {
    return true
  }

  serial(): number {
    return 0
  }

  namespace(name: string) {
    return this.#objects.namespaces.get(name)
  }

  clusterIPs(lower: Name, octets: 4 | 16) {
    const [name = '', namespace = ''] = labelsOf(lower)
    if (this.namespace(namespace) === undefined) return undefined
    const addresses = this.service(namespace, name)?.clusterIPs.map((address) => parseAddress(address) ?? '') ?? []
    return addresses.length === 0 ? undefined : addresses.filter(({ length }) => length === octets)
  }

  service(namespace: string, name: string) {
    return this.services().find((service) => service.namespace === namespace && service.name === name)
  }

  slices(namespace: string, service: string) {
    return this.#slices().filter((slice) => slice.namespace === namespace && slice.service === service)
  }

  serviceAt(address: string) {
    return this.services().find(({ clusterIPs }) => clusterIPs.includes(address))
  }

  externalServicesAt(address: string) {
    return this.services().filter(({ externalAddresses = [] }) => externalAddresses.includes(address))
  }

  endpointsAt(address: string) {
    return this.#slices().flatMap((slice) =>
      slice.endpoints
        .filter((endpoint) => endpoint.addresses.includes(address))
        .map((endpoint) => ({ slice, endpoint })),
    )
  }

  /** Right for IPv4 only. */
  hasAddressBelow(name: Name): boolean {
    const endpoints = this.#slices().flatMap((slice) => slice.endpoints)
    const addresses = [
      ...this.services().map(({ clusterIPs }) => clusterIPs),
      ...endpoints.map((each) => each.addresses),
    ]
    return addresses.flat().some((address) => isWithin(reverseName(address), name))
  }

  podsAt(address: string) {
    return [...this.#objects.pods.values()].filter(({ addresses }) => addresses.includes(address)).sort(compareNamed)
  }

  services() {
    return [...this.#objects.services.values()].sort(compareNamed)
  }

  serviceImport(namespace: string, name: string) {
    return this.#objects.serviceimports.get(`${namespace}/${name}`)
  }

  importedSlices(namespace: string, service: string) {
    return [...this.#objects.importedslices.values()]
      .filter((slice) => slice.namespace === namespace && slice.service === service)
      .sort(compareNamed)
  }

  serviceImports() {
    return [...this.#objects.serviceimports.values()].sort(compareNamed)
  }

  count(kind: Kind): number {
    return this.#objects[kind].size
  }

  #slices(): EndpointSlice[] {
    return [...this.#objects.endpointslices.values()].sort(compareNamed)
  }
}

/** What a cluster answers to everything that can be asked about `words`. */
export function answersOf(cluster: Cluster): unknown {
  const { namespaces, names, addresses } = words
  const named = namespaces.flatMap((namespace) =>
    names.map((name) => [
      `${namespace}/${name}`,
      cluster.service(namespace, name),
      cluster.clusterIPs(parseName(`${name}.${namespace}.svc`), 4),
      cluster.clusterIPs(parseName(`${name}.${namespace}.svc`), 16),
      cluster.slices(namespace, name),
      cluster.serviceImport(namespace, name),
      cluster.importedSlices(namespace, name),
    ]),
  )
  const addressed = addresses.map((address) => [
    address,
    cluster.serviceAt(address),
    cluster.externalServicesAt(address),
    cluster.endpointsAt(address),
    cluster.podsAt(address),
    address.includes(':') ? undefined : cluster.hasAddressBelow(parentOf(reverseName(address))),
  ])
  return {
    namespaces: namespaces.map((name) => cluster.namespace(name)),
    services: [...cluster.services()],
    serviceImports: [...cluster.serviceImports()],
    named,
    addressed,
  }
}

export function applyTo(mirror: Mirror, change: Change): void {
  if (change.object === undefined) mirror.remove(change.kind, change.key)
  else mirror.apply(change.kind, keyOfObject(change.object), change.object as never)
}

export function assertSame(cluster: Cluster & { count(kind: Kind): number }, plain: PlainCluster): void {
  assert.deepEqual(answersOf(cluster), answersOf(plain))
  for (const kind of kindNames) assert.equal(cluster.count(kind), plain.count(kind))
}

/** Whatever the cluster answers, though it may be late: these are objects that there once were. */
export function assertKnown(cluster: Cluster, plain: PlainCluster): void {
  const { namespaces, names, addresses } = words
  const objects: unknown[] = [
    ...cluster.services(),
    ...namespaces.flatMap((namespace) => names.flatMap((name) => cluster.slices(namespace, name))),
    ...addresses.flatMap((address) => cluster.podsAt(address)),
  ]
  for (const object of objects) assert.ok(plain.known.has(JSON.stringify(object)), JSON.stringify(object))
}
