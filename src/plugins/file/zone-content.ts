// What a master file says of a zone: its rrsets, checked.
import { Type } from '../../dns/codes.ts'
import type { MasterRecord } from '../../dns/master-file.ts'
import { isWithin, lowerName, type Name, printName } from '../../dns/name.ts'
import { decodeSoa } from '../../dns/rdata.ts'
import type { Rdata, Rrset } from '../../dns/rrset.ts'

interface GrowingRrset extends Rrset {
  ttl: number
  readonly rdatas: Rdata[]
}

/** A zone that can't be served; the message is a sentence for people. */
export class ZoneError extends Error {
  override name = 'ZoneError'
}

/** Types of records that stand for denials we don't make. */
const hashed = 50
const hashedParameters = 51

export class ZoneContent {
  readonly #origin: Name
  /** By lower-cased owner and type. */
  readonly #rrsets = new Map<string, GrowingRrset>()
  #outside = 0
  #firstOutside: MasterRecord | undefined

  constructor(origin: Name) {
    this.#origin = origin
  }

  /**
   * Records of one owner and type become one rrset, without repetitions; of different TTLs the lowest counts (RFC 2181 5).
   * Those outside of the zone are left out. Throws ZoneError.
   */
  add(record: MasterRecord): void {
    const { owner, type, ttl, rdatas } = record.rrset
    const name = lowerName(owner)
    if (!isWithin(name, this.#origin)) {
      this.#outside++
      this.#firstOutside ??= record
      return
    }
    const refuse = (problem: string) => new ZoneError(`${record.file}:${record.line}: ${problem}`)
    if (type === hashed || type === hashedParameters) throw refuse('NSEC3 zone is not supported')
    if (type === Type.SOA && name !== this.#origin) throw refuse(`SOA record of ${printName(owner)} within the zone`)
    const key = `${String.fromCharCode(type)}${name}`
    const known = this.#rrsets.get(key)
    const [rdata] = rdatas as readonly [Rdata]
    if (known === undefined) {
      this.#rrsets.set(key, { ...record.rrset, rdatas: [rdata] })
      return
    }
    if (type === Type.SOA) throw refuse('second SOA record')
    known.ttl = Math.min(known.ttl, ttl)
    known.rdatas.push(rdata)
  }

  /** Throws ZoneError where there is no SOA record. */
  finish(file: string): { readonly rrsets: readonly Rrset[]; readonly serial: number } {
    const soa = this.#rrsets.get(`${String.fromCharCode(Type.SOA)}${this.#origin}`)
    if (soa === undefined) {
      throw new ZoneError(`file ${JSON.stringify(file)} has no SOA record for origin ${printName(this.#origin)}`)
    }
    const rrsets = [...this.#rrsets.values()].map((rrset) => ({ ...rrset, rdatas: [...new Set(rrset.rdatas)] }))
    return { rrsets, serial: decodeSoa(soa.rdatas[0] as Rdata).serial }
  }

  /** What was left out, in words; undefined where nothing was. */
  leftOut(): string | undefined {
    if (this.#firstOutside === undefined) return undefined
    const { file, line, rrset } = this.#firstOutside
    return `${this.#outside} records are not in the zone and left out, the first at ${file}:${line}: ${printName(rrset.owner)}`
  }
}
