// Gives pods their addresses: pinned ones by annotation, the others from their node's part of the pod CIDR.
import { AddressPool, type Cidr, canonicalAddress, parseCidr } from '../address-pool.ts'
import { pods } from '../kinds.ts'
import { familyOf } from '../names.ts'
import { annotations, type IpFamily, type Node, type Pod } from '../resources.ts'
import type { Store } from '../store.ts'
import { annotationForPod, ownerOf } from './pod-annotation.ts'

/** The first addresses of each node are left to pins. */
const firstAutomatic = 10n

export class PodNetwork {
  readonly #pool: AddressPool
  readonly #families: readonly IpFamily[]
  /** Pinned addresses that were given, by the uid of what pinned them: each is given once. */
  readonly #given = new Map<string, Set<string>>()

  constructor(ranges: readonly Cidr[], store: Store) {
    this.#pool = new AddressPool(ranges, firstAutomatic)
    this.#families = [...new Set(ranges.map((range) => range.family))]
    store.subscribe(pods, ({ type, object }) => {
      if (type !== 'DELETED') return
      for (const address of addressesOf(object as Pod)) this.#pool.release(address)
      this.#given.delete(object.metadata.uid ?? '')
    })
  }

  /** The addresses of a pod that starts on a node, one per family, the cluster's first family first where it can be. */
  assign(pod: Pod, node: Node | undefined, store: Store): string[] {
    if (pod.spec.hostNetwork === true) return hostAddresses(node)
    const pinned = this.#pinned(pod, store)
    const ranges = (node?.spec.podCIDRs ?? []).map(parseCidr)
    const missing = this.#families.filter((family) => !pinned.some((address) => familyOf(address) === family))
    const automatic = missing.flatMap((family) => {
      const preferred = ranges.find((range) => range.family === family)
      return this.#pool.take(family, preferred) ?? []
    })
    return [...pinned, ...automatic]
  }

  /** The addresses a pod would be given by annotation; none where all of them were. */
  pins(pod: Pod, store: Store): string[] {
    const rounds = annotationForPod(pod, annotations.addresses, store)
    const given = this.#given.get((ownerOf(pod, store) ?? pod).metadata.uid ?? '')
    const next = rounds.map((text) =>
      text
        .split(/\s+/)
        .filter((each) => familyOf(each) !== undefined)
        .map(canonicalAddress),
    )
    return next.find((addresses) => addresses.length > 0 && !addresses.some((address) => given?.has(address))) ?? []
  }

  #pinned(pod: Pod, store: Store): string[] {
    const uid = (ownerOf(pod, store) ?? pod).metadata.uid ?? ''
    for (;;) {
      const addresses = this.pins(pod, store)
      if (addresses.length === 0) return []
      const given = this.#given.get(uid) ?? new Set()
      this.#given.set(uid, given)
      for (const address of addresses) given.add(address)
      const free = addresses.filter((address) => this.#pool.claim(address))
      if (free.length === addresses.length) return addresses
      for (const address of free) this.#pool.release(address)
    }
  }
}

export function addressesOf(pod: Pod): string[] {
  if (pod.spec.hostNetwork === true) return []
  return (pod.status?.podIPs ?? (pod.status?.podIP ? [{ ip: pod.status.podIP }] : [])).map(({ ip }) => ip)
}

/** The addresses of the node itself. */
export function hostAddresses(node: Node | undefined): string[] {
  return (node?.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address)
}
