// Puts names and rrsets into a message, one after the other, names compressed (RFC 1035 4.1.4).
//
// Owners are compressed, and the names in rdata of the types that every receiver has to decompress (RFC 3597 4); all
// others, such as SRV targets (RFC 2782), stand whole. A name points to an earlier one only where the octets are the same,
// so that its case survives (RFC 4343), but where the question is a client's, to that in any case.
import { Type } from './codes.ts'
import { isWellFormed, layouts, nameEnd } from './layout.ts'
import { isWithin, lowerName, type Name, root } from './name.ts'
import type { Rdata, Rrset } from './rrset.ts'

const header = 12
/** The farthest place that the 14 bits of a pointer lead to. */
const maxTarget = 0x3fff
/** Their numbers are below 32, and a bit for each is looked up faster than a member of a set. */
const bitsOf = (types: readonly number[]): number => types.reduce((bits, type) => bits | (1 << type), 0)
/** Those whose rdata is a name and nothing else. */
const namesOnly = bitsOf([Type.NS, Type.CNAME, Type.PTR])
const compressed = namesOnly | bitsOf([Type.SOA, Type.MX])
/** Up to here octets are written one by one, which for longer strings costs more than a call into Buffer. */
const shortString = 12
/** So many names are compared one by one. */
const fewNames = 8

/** Of rdata: octets to be copied, a name, or the labels of a name before those of the record's owner. */
interface Part {
  readonly octets: string
  /** The same, not of a name. */
  readonly copied: Uint8Array
  readonly kind: 'octets' | 'name' | 'labels'
}

function partOf(kind: Part['kind'], octets: string): Part {
  return { kind, octets, copied: Buffer.from(octets, 'latin1') }
}

/** Undefined where the rdata is not what its type says. */
function partsOf(type: number, rdata: Rdata, owner: Name): readonly Part[] | undefined {
  if (!isWellFormed(type, rdata)) return undefined
  let from = 0
  return (layouts.get(type) ?? []).map((part): Part => {
    const isName = typeof part !== 'number'
    const end = isName ? nameEnd(rdata, from) : from + part
    const octets = rdata.slice(from, end)
    from = end
    if (!isName) return partOf('octets', octets)
    const before = octets.length - owner.length
    // Mostly they are below the owner, as in SOA records: a pointer to that is found without a search.
    if (before <= 0 || owner === root || !isWithin(octets as Name, owner)) return partOf('name', octets)
    return partOf('labels', octets.slice(0, before))
  })
}

/** One serves all messages: it is begun anew for each. */
export class MessageWriter {
  #into: Buffer = Buffer.alloc(0)
  #limit = 0
  /** Where the next octet goes. */
  at = 0
  /** The names of this message that can be pointed to, and where they stand: looked through while they are few. */
  readonly #names: Name[] = []
  readonly #namesAt: number[] = []
  /** How many of them are this message's: to shorten an array costs more than to write a name. */
  #count = 0
  /** Once they are many, where each of them and all that follow their labels stand, up to `maxTarget`. */
  readonly #places = new Map<string, number>()
  // A client's question.
  #asked: Name = root
  #askedLower: Name = root
  #questionEnd = 0
  // The rdata that was taken apart last, and its parts: that of the SOA record of a zone goes into many replies.
  #partsOf: Rdata | undefined
  #partsType = 0
  #partsOwner: Name = root
  #parts: readonly Part[] | undefined
  // The owner of the record being written, and where it stands.
  #owner: Name = root
  #ownerAt = 0

  /** Begins a message at the start of `into`, not to go beyond `limit`; the header is left to the caller. */
  begin(into: Buffer, limit: number): void {
    this.#into = into
    this.#limit = limit
    this.at = header
    if (this.#count > fewNames) this.#places.clear()
    this.#count = 0
    this.#questionEnd = 0
  }

  /** The question of a client, for which there is room, in the client's case and in lower case. Names may point to it in any case. */
  askedQuestion(asked: Name, lower: Name, type: number, questionClass: number): void {
    this.#asked = asked
    this.#askedLower = lower
    this.#octets(asked)
    this.#write16(type)
    this.#write16(questionClass)
    this.#questionEnd = this.at
  }

  /** False where it doesn't fit. */
  question(name: Name, type: number, questionClass: number): boolean {
    if (!this.#name(name) || this.at + 4 > this.#limit) return false
    this.#write16(type)
    this.#write16(questionClass)
    return true
  }

  /**
   * Writes the rrsets that fit, whole ones and in their order, and their number of records at `countAt` in the header.
   * False where not all do: `at` is behind the last that does, and nothing more may be written that could be compressed.
   */
  section(rrsets: readonly Rrset[], countAt: number): boolean {
    let count = 0
    let fits = true
    for (let i = 0; i < rrsets.length && fits; i++) {
      const rrset = rrsets[i] as Rrset
      const start = this.at
      fits = this.#rrset(rrset)
      if (fits) count += rrset.rdatas.length
      else this.at = start
    }
    this.#into[countAt] = count >> 8
    this.#into[countAt + 1] = count
    return fits
  }

  // hot
  #rrset(rrset: Rrset): boolean {
    const { owner, type, ttl, rdatas } = rrset
    const isAsked = this.#questionEnd !== 0 && this.#isAsked(owner)
    this.#owner = owner
    for (let i = 0; i < rdatas.length; i++) {
      if (isAsked) {
        if (this.at + 2 > this.#limit) return false
        this.#write16(0xc000 | header)
        this.#ownerAt = header
      } else if (!this.#ownerName(owner)) return false
      if (this.at + 10 > this.#limit) return false
      this.#write16(type)
      this.#write16(rrset.class)
      this.#write16(ttl >>> 16)
      this.#write16(ttl)
      const start = this.at
      this.at += 2
      if (!this.#rdata(type, rdatas[i] as Rdata)) return false
      const length = this.at - start - 2
      this.#into[start] = length >> 8
      this.#into[start + 1] = length
    }
    return true
  }

  #isAsked(owner: Name): boolean {
    if (owner === this.#asked) return owner !== root
    return owner.length === this.#asked.length && lowerName(owner) === this.#askedLower
  }

  // hot
  #rdata(type: number, rdata: Rdata): boolean {
    if (type > 31 || (compressed & (1 << type)) === 0) return this.#whole(rdata)
    if ((namesOnly & (1 << type)) !== 0) {
      return nameEnd(rdata, 0) === rdata.length ? this.#name(rdata as string as Name) : this.#whole(rdata)
    }
    if (rdata !== this.#partsOf || type !== this.#partsType || this.#owner !== this.#partsOwner) {
      this.#parts = partsOf(type, rdata, this.#owner)
      this.#partsOf = rdata
      this.#partsType = type
      this.#partsOwner = this.#owner
    }
    const parts = this.#parts
    if (parts === undefined) return this.#whole(rdata)
    for (let i = 0; i < parts.length; i++) {
      const { octets, copied, kind } = parts[i] as Part
      const fits =
        kind === 'octets'
          ? this.#copy(copied, 0)
          : kind === 'labels' && this.#ownerAt <= maxTarget
            ? this.#belowOwner(copied)
            : this.#name((kind === 'labels' ? octets + this.#owner : octets) as Name)
      if (!fits) return false
    }
    return true
  }

  // hot
  #belowOwner(labels: Uint8Array): boolean {
    if (!this.#copy(labels, 2)) return false
    this.#write16(0xc000 | this.#ownerAt)
    return true
  }

  /** Where there is room for `more` behind it. */
  // hot: an octet of an array takes a third of the time of one of a string.
  #copy(octets: Uint8Array, more: number): boolean {
    const into = this.#into
    const at = this.at
    const { length } = octets
    if (at + length + more > this.#limit) return false
    for (let i = 0; i < length; i++) into[at + i] = octets[i] as number
    this.at = at + length
    return true
  }

  // hot
  #whole(octets: string): boolean {
    if (this.at + octets.length > this.#limit) return false
    this.#octets(octets)
    return true
  }

  #ownerName(owner: Name): boolean {
    const start = this.at
    if (!this.#name(owner)) return false
    const first = this.#into[start] as number
    this.#ownerAt = first >= 0xc0 ? ((first & 0x3f) << 8) | (this.#into[start + 1] as number) : start
    return true
  }

  /** Writes a name, as a pointer from the first label on from which it has been written before. */
  // hot
  #name(name: Name): boolean {
    const names = this.#names
    const count = this.#count
    let target = -1
    let from = name.length - 1
    if (this.#questionEnd !== 0) {
      const start = sharedFrom(name, this.#askedLower, anyCase)
      if (start < from) {
        from = start
        target = header + this.#askedLower.length - (name.length - start)
      }
    }
    if (count > fewNames) {
      const known = this.#findPlace(name, from)
      if (known !== undefined) {
        from = known.from
        target = known.target
      }
    } else {
      // The first name that ends so is the one that stands there in full.
      for (let i = 0; i < count && from > 0; i++) {
        const other = names[i] as Name
        const start = sharedFrom(name, other, sameCase)
        const place = (this.#namesAt[i] as number) + other.length - (name.length - start)
        if (start >= from || place > maxTarget) continue
        from = start
        target = place
      }
    }
    const size = target < 0 ? name.length : from + 2
    if (this.at + size > this.#limit) return false
    if (from > 0) this.#remember(name, from)
    if (target < 0) this.#octets(name)
    else {
      this.#octets(name, from)
      this.#write16(0xc000 | target)
    }
    return true
  }

  /** A name is about to be written, as labels up to `end`. */
  #remember(name: Name, end: number): void {
    const names = this.#names
    const newest = this.#count++
    names[newest] = name
    this.#namesAt[newest] = this.at
    if (newest < fewNames) return
    for (let i = newest === fewNames ? 0 : newest; i <= newest; i++) {
      const known = names[i] as Name
      const at = this.#namesAt[i] as number
      const last = i === newest ? end : known.length - 1
      for (let from = 0; from < last && at + from <= maxTarget; from += 1 + known.charCodeAt(from)) {
        const rest = known.slice(from)
        if (!this.#places.has(rest)) this.#places.set(rest, at + from)
      }
    }
  }

  /** Where the name stands from a label before `end` on, the first of them. */
  #findPlace(name: Name, end: number): { from: number; target: number } | undefined {
    for (let from = 0; from < end; from += 1 + name.charCodeAt(from)) {
      const target = this.#places.get(name.slice(from))
      if (target !== undefined) return { from, target }
    }
    return undefined
  }

  // hot
  #octets(octets: string, length: number = octets.length): void {
    const into = this.#into
    const at = this.at
    if (length > shortString) into.write(octets, at, length, 'latin1')
    else for (let i = 0; i < length; i++) into[at + i] = octets.charCodeAt(i)
    this.at = at + length
  }

  #write16(value: number): void {
    this.#into[this.at] = value >> 8
    this.#into[this.at + 1] = value
    this.at += 2
  }
}

/** How `sharedFrom` compares: octet by octet, or `name` in any case with a lower-cased one. */
const sameCase = 0
const anyCase = 0x20

/** Where in `name` the labels begin that it has in common with the end of `other`; at its root label where it has none. */
// hot
function sharedFrom(name: Name, other: Name, folding: typeof sameCase | typeof anyCase): number {
  const last = name.length - 1
  const shift = other.length - name.length
  const least = shift < 0 ? -shift : 0
  // The whole name, as a rule: that is compared in one go.
  let same = shift >= 0 && name.charCodeAt(0) === other.charCodeAt(shift) && other.endsWith(name) ? 0 : last
  while (same > least) {
    const octet = name.charCodeAt(same - 1)
    // Length octets are below the letters.
    const folded = octet >= 0x41 && octet <= 0x5a ? octet | folding : octet
    if (folded !== other.charCodeAt(same - 1 + shift)) break
    same--
  }
  if (same === last) return last
  // Where labels begin in both: a length octet and a character of a label may be equal.
  let at = 0
  let otherAt = 0
  while (at < last) {
    if (at >= same) {
      while (otherAt < at + shift) otherAt += 1 + other.charCodeAt(otherAt)
      if (otherAt === at + shift) return at
    }
    at += 1 + name.charCodeAt(at)
  }
  return last
}
