// A zone: its names and their records, and what is found at a name (RFC 1034 4.3.2, RFC 4592, RFC 6672).
import { Type } from '../../dns/codes.ts'
import { isWithin, labelsOf, lowerName, type Name, parentOf } from '../../dns/name.ts'
import type { Rrset } from '../../dns/rrset.ts'

/** A name with its records, or without any: one that only has names below it. */
export class ZoneNode {
  readonly rrsets: Rrset[] = []

  /** The rrset of a type; for ANY one of those there are, which is enough (RFC 8482 4.1). */
  rrset(type: number): Rrset | undefined {
    if (type === Type.ANY) return this.rrsets[0]
    for (const rrset of this.rrsets) if (rrset.type === type) return rrset
    return undefined
  }
}

/** What is at a name: the name itself, or the wildcard that stands for it; on the way to it a cut, or a DNAME record. */
export type Found =
  | { readonly kind: 'name'; readonly node: ZoneNode; readonly isWildcard: boolean }
  | { readonly kind: 'cut'; readonly node: ZoneNode; readonly servers: Rrset }
  | { readonly kind: 'dname'; readonly dname: Rrset }

const asterisk = '\x01*'

/** A name of a signed zone's chain of denials. */
interface Link {
  readonly key: string
  readonly node: ZoneNode
}

/** It is put together record by record, and then stays as it is. */
export class Zone {
  /** Lower-cased. */
  readonly origin: Name
  readonly #apex = new ZoneNode()
  /** By lower-cased name, with every name between the apex and one that has records. */
  readonly #nodes = new Map<Name, ZoneNode>()
  /** Made when it is needed for the first time. */
  #chain: readonly Link[] | undefined

  constructor(origin: Name) {
    this.origin = origin
    this.#nodes.set(origin, this.#apex)
  }

  /** An rrset whose owner is in the zone, the only one of its owner and type. */
  add(rrset: Rrset): void {
    this.#make(lowerName(rrset.owner)).rrsets.push(rrset)
  }

  #make(name: Name): ZoneNode {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const node = new ZoneNode()
    this.#nodes.set(name, node)
    for (let above = parentOf(name); !this.#nodes.has(above); above = parentOf(above)) {
      this.#nodes.set(above, new ZoneNode())
    }
    return node
  }

  get soa(): Rrset | undefined {
    return this.#apex.rrset(Type.SOA)
  }

  /** The zone's own name servers. */
  get servers(): Rrset | undefined {
    return this.#apex.rrset(Type.NS)
  }

  /** Exactly this lower-cased name. */
  at(name: Name): ZoneNode | undefined {
    return this.#nodes.get(name)
  }

  /** What there is at a lower-cased name in the zone; undefined where there is no such name. */
  // hot
  find(name: Name, type: number): Found | undefined {
    // Where its labels begin, from the first to the one before the origin.
    const starts: number[] = []
    const end = name.length - this.origin.length
    for (let at = 0; at < end; at += 1 + name.charCodeAt(at)) starts.push(at)
    let encloser: Name = this.origin
    for (let i = starts.length; i >= 0; i--) {
      const at = i === starts.length ? this.origin : (name.slice(starts[i]) as Name)
      const node = this.#nodes.get(at)
      if (node === undefined) break
      if (i > 0) {
        const dname = node.rrset(Type.DNAME)
        if (dname !== undefined) return { kind: 'dname', dname }
      }
      // Whether a child is signed is said by its parent (RFC 4035 3.1.4.1).
      if (i < starts.length && !(i === 0 && type === Type.DS)) {
        const servers = node.rrset(Type.NS)
        if (servers !== undefined) return { kind: 'cut', node, servers }
      }
      if (i === 0) return { kind: 'name', node, isWildcard: false }
      encloser = at
    }
    // The wildcard right below the last name that is there (RFC 4592 3.3.1).
    const wildcard = this.#nodes.get((asterisk + encloser) as Name)
    return wildcard === undefined ? undefined : { kind: 'name', node: wildcard, isWildcard: true }
  }

  /** All records, the SOA first and last (RFC 5936 2.2); none without a SOA. */
  *records(): Generator<Rrset> {
    const { soa } = this
    if (soa === undefined) return
    yield soa
    for (const node of this.#nodes.values()) for (const rrset of node.rrsets) if (rrset !== soa) yield rrset
    yield soa
  }

  /** Has it signatures? */
  get isSigned(): boolean {
    return this.#apex.rrset(Type.RRSIG) !== undefined
  }

  /** Of the names with NSEC records the last one that is not behind this lower-cased name, in canonical order. */
  before(name: Name): ZoneNode | undefined {
    this.#chain ??= this.#sortChain()
    const key = canonicalKey(name)
    let low = 0
    let high = this.#chain.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#chain[middle] as Link).key <= key) low = middle + 1
      else high = middle
    }
    return this.#chain[low - 1]?.node
  }

  #sortChain(): readonly Link[] {
    const chain: Link[] = []
    for (const [name, node] of this.#nodes) {
      if (node.rrset(Type.NSEC) !== undefined) chain.push({ key: canonicalKey(name), node })
    }
    return chain.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** Is this lower-cased name in the zone, or below a cut of it? */
  has(name: Name): boolean {
    return isWithin(name, this.origin)
  }
}

/** A text that sorts as a lower-cased name does in canonical order (RFC 4034 6.1): by its labels from the last to the first. */
export function canonicalKey(name: Name): string {
  return labelsOf(name)
    .reverse()
    .map((label) => label.replace(/[\s\S]/g, (octet) => String.fromCharCode(octet.charCodeAt(0) + 1)))
    .join('\0')
}
