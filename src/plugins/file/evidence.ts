// What a signed zone shows beside an answer to those who check it (RFC 4035 3.1): signatures, and that a name or type is not there.
import { Type } from '../../dns/codes.ts'
import { lowerName, type Name, parentOf } from '../../dns/name.ts'
import { decode16 } from '../../dns/octets.ts'
import type { Reply } from '../../dns/reply.ts'
import type { Rrset } from '../../dns/rrset.ts'
import type { Zone, ZoneNode } from './zone.ts'

/** Of one answer: told what the answer is made of, it adds what proves it. */
export class Evidence {
  readonly #zone: Zone
  /** Where rrsets come from whose owner is another: from a wildcard. */
  readonly #sources = new Map<Rrset, ZoneNode>()
  readonly #denials = new Set<Rrset>()

  constructor(zone: Zone) {
    this.#zone = zone
  }

  /** An rrset of the answer comes from a wildcard, for there is no such name (RFC 4035 3.1.3.3). */
  expanded(rrset: Rrset, wildcard: ZoneNode, name: Name): void {
    this.#sources.set(rrset, wildcard)
    this.#cover(name)
  }

  /** Nothing of the type is at a name (RFC 4035 3.1.3.1 and 3.1.3.4), which may be there by a wildcard. */
  lacking(name: Name, node: ZoneNode): void {
    this.#deny(node)
    if (this.#zone.at(name) !== node || node.rrsets.length === 0) this.#cover(name)
  }

  /** There is no such name, nor a wildcard for it (RFC 4035 3.1.3.2). */
  missing(name: Name): void {
    this.#cover(name)
    let encloser = parentOf(name)
    while (this.#zone.at(encloser) === undefined) encloser = parentOf(encloser)
    this.#cover(`\x01*${encloser}` as Name)
  }

  /** A delegation without a DS record (RFC 4035 3.1.4). */
  unsigned(node: ZoneNode): void {
    this.#deny(node)
  }

  #deny(node: ZoneNode | undefined): void {
    const denial = node?.rrset(Type.NSEC)
    if (denial !== undefined) this.#denials.add(denial)
  }

  #cover(name: Name): void {
    this.#deny(this.#zone.before(name))
  }

  /** The reply with its evidence. */
  of(reply: Reply): Reply {
    return {
      ...reply,
      answer: this.#signed(reply.answer),
      authority: this.#signed([...reply.authority, ...this.#denials]),
      additional: this.#signed(reply.additional),
    }
  }

  #signed(rrsets: readonly Rrset[]): readonly Rrset[] {
    return rrsets.flatMap((rrset) => {
      const { owner, type, ttl } = rrset
      const node = this.#sources.get(rrset) ?? this.#zone.at(lowerName(owner))
      const rdatas = node?.rrset(Type.RRSIG)?.rdatas.filter((rdata) => decode16(rdata, 0) === type) ?? []
      if (rdatas.length === 0 || type === Type.RRSIG) return [rrset]
      return [rrset, { ...rrset, owner, type: Type.RRSIG, ttl, rdatas }]
    })
  }
}
