// What the rdata of each type is made of, as far as a codec must know: where names stand in it, which may be compressed.
import { Type } from './codes.ts'
import { maxLabel, maxName } from './name.ts'

/**
 * A part of rdata: so many octets; a domain name; a `string` with its length in front (RFC 1035 3.3); `strings`, one or
 * more of them up to the end; `rest`, whatever there is up to the end.
 */
export type Part = number | 'name' | 'string' | 'strings' | 'rest'

/**
 * Types that are not listed are octets without structure (RFC 3597). Those with a `name` are the ones whose names a sender
 * may have compressed and a receiver has to decompress (RFC 3597 4); in later types names stand as they are.
 */
export const layouts: ReadonlyMap<number, readonly Part[]> = new Map<number, readonly Part[]>([
  [Type.A, [4]],
  [Type.NS, ['name']],
  [3, ['name']], // MD
  [4, ['name']], // MF
  [Type.CNAME, ['name']],
  [Type.SOA, ['name', 'name', 20]],
  [7, ['name']], // MB
  [8, ['name']], // MG
  [9, ['name']], // MR
  [Type.PTR, ['name']],
  [Type.HINFO, ['string', 'string']],
  [14, ['name', 'name']], // MINFO
  [Type.MX, [2, 'name']],
  [Type.TXT, ['strings']],
  [17, ['name', 'name']], // RP
  [18, [2, 'name']], // AFSDB
  [21, [2, 'name']], // RT
  [24, [18, 'name', 'rest']], // SIG
  [26, [2, 'name', 'name']], // PX
  [Type.AAAA, [16]],
  [30, ['name', 'rest']], // NXT
  [Type.SRV, [6, 'name']],
  [Type.NAPTR, [4, 'string', 'string', 'string', 'name']],
  [36, [2, 'name']], // KX
  [Type.DNAME, ['name']],
  [Type.SPF, ['strings']],
  [Type.CAA, [1, 'string', 'rest']],
])

/** Is this wire form, names uncompressed, one that the type allows? True of every type without a layout. */
export function isWellFormed(type: number, rdata: string): boolean {
  const layout = layouts.get(type)
  if (layout === undefined) return true
  let at = 0
  for (const part of layout) {
    if (typeof part === 'number') at += part
    else if (part === 'name') at = nameEnd(rdata, at)
    else if (part === 'string') at += 1 + rdata.charCodeAt(at)
    else if (part === 'rest') at = Math.max(at, rdata.length)
    else
      do at += 1 + rdata.charCodeAt(at)
      while (at < rdata.length)
    // NaN, from a length octet beyond the end, fails this too.
    if (!(at <= rdata.length)) return false
  }
  return at === rdata.length
}

/** Where the uncompressed name at `at` ends; NaN where there is none. */
export function nameEnd(octets: string, at: number): number {
  let end = at
  for (;;) {
    const length = octets.charCodeAt(end)
    end += 1 + length
    if (!(length <= maxLabel) || end - at > maxName) return Number.NaN
    if (length === 0) return end
  }
}
