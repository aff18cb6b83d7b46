// What a reply is to the cache: an answer, a denial or neither, and for how long (RFC 2308 2, 5 and 7; RFC 8767 4).
import { Rcode, Type } from '../../dns/codes.ts'
import { lowerName, type Name } from '../../dns/name.ts'
import { decode32 } from '../../dns/octets.ts'
import type { Query } from '../../dns/query.ts'
import { decodeName, decodeSoa } from '../../dns/rdata.ts'
import type { Reply } from '../../dns/reply.ts'
import { type ReplyKind, replyKind } from '../../dns/reply-kind.ts'
import type { Rrset } from '../../dns/rrset.ts'
import type { CacheConfig } from './stanza.ts'

export interface Verdict {
  readonly kind: ReplyKind
  /** The cache it belongs in; undefined where it is not to be kept. */
  readonly part: 'success' | 'denial' | undefined
  /** How long it is good for, seconds. */
  readonly lifetime: number
  /** The reply with every TTL within the bounds, as it is also given to the client that waits for it. */
  readonly reply: Reply
  /** Is it an answer with the record asked for, perhaps at the end of aliases? */
  readonly isAnswer: boolean
}

/** Of replies whose records don't say how long they are good for, seconds. */
const shortLifetime = 5

/** `now` is the time of day, seconds: signatures say in it when they end. */
export function judge(query: Query, reply: Reply, config: CacheConfig, now: number): Verdict {
  const told = replyKind(query, reply)
  // A transfer's TTLs are those of the zone.
  if (told === 'META' || told === 'UPDATE') return { kind: told, part: undefined, lifetime: 0, reply, isAnswer: false }
  const isAnswer = told === 'NOERROR' && answersQuestion(query, reply)
  const soa = reply.authority.find((rrset) => rrset.type === Type.SOA)
  const endsNowhere = told === 'NOERROR' && reply.answer.length > 0 && !isAnswer
  const kind = endsNowhere && soa !== undefined ? 'NODATA' : told
  const part = reply.truncated || (endsNowhere && soa === undefined) ? undefined : partOf(kind, soa)
  const clamped = clampReply(reply, boundsOf(kind, config), kind === 'NXDOMAIN' || kind === 'NODATA' ? soa : undefined)
  const isExpired = query.edns?.dnssecOk === true && hasExpiredSignature(reply, now)
  return { kind, part: isExpired ? undefined : part, ...clamped, isAnswer }
}

function partOf(kind: ReplyKind, soa: Rrset | undefined): Verdict['part'] {
  switch (kind) {
    case 'NOERROR':
    case 'DELEGATION':
      return 'success'
    case 'SERVERERROR':
    case 'NODATA':
      return 'denial'
    case 'NXDOMAIN':
      // Without an SOA record it doesn't say for how long it holds.
      return soa === undefined ? undefined : 'denial'
    default:
      return undefined
  }
}

interface Bounds {
  readonly least: number
  readonly most: number
  /** Where the records are not asked for it. */
  readonly lifetime: number | undefined
}

function boundsOf(kind: ReplyKind, { success, denial, servfail }: CacheConfig): Bounds {
  if (kind === 'SERVERERROR') return { least: servfail, most: servfail, lifetime: servfail }
  const part = kind === 'NXDOMAIN' || kind === 'NODATA' ? denial : success
  const bounds = { least: part.minTtl, most: part.maxTtl }
  return { ...bounds, lifetime: kind === 'DELEGATION' ? clamp(shortLifetime, bounds) : undefined }
}

const clamp = (ttl: number, { least, most }: { readonly least: number; readonly most: number }): number =>
  Math.min(Math.max(ttl, least), most)

/** `soa` is the record that bounds a denial: by its TTL and by its last field, whichever is less (RFC 2308 5). */
function clampReply(
  reply: Reply,
  bounds: Bounds,
  soa: Rrset | undefined,
): { readonly reply: Reply; readonly lifetime: number } {
  let lifetime = Number.POSITIVE_INFINITY
  const clampRrset = (rrset: Rrset): Rrset => {
    const ttl = clamp(rrset === soa ? negativeTtl(rrset) : rrset.ttl, bounds)
    lifetime = Math.min(lifetime, ttl)
    return ttl === rrset.ttl ? rrset : { ...rrset, ttl }
  }
  const clamped: Reply = {
    ...reply,
    answer: reply.answer.map(clampRrset),
    authority: reply.authority.map(clampRrset),
    additional: reply.additional.map(clampRrset),
  }
  if (lifetime === Number.POSITIVE_INFINITY) lifetime = clamp(shortLifetime, bounds)
  return { reply: clamped, lifetime: bounds.lifetime ?? lifetime }
}

function negativeTtl({ ttl, rdatas }: Rrset): number {
  return rdatas.reduce((least, rdata) => Math.min(least, decodeSoa(rdata).minimum), ttl)
}

/**
 * Is the type asked for among the records of the name that the aliases lead to? Aliases that lead in circles or in two
 * directions lead nowhere (RFC 1034 3.6.2, RFC 2181 10.1).
 */
function answersQuestion(query: Query, { rcode, answer }: Reply): boolean {
  if (rcode !== Rcode.NOERROR || answer.length === 0) return false
  if (query.type === Type.ANY) return answer.some((rrset) => isAt(rrset, query.name, query.class))
  if (query.type === Type.CNAME) return aliasOf(answer, query.name, query.class) !== undefined
  let name: Name | undefined = query.name
  for (let hops = 0; hops <= answer.length && name !== undefined; hops++) {
    const at: Name = name
    if (answer.some((rrset) => rrset.type === query.type && isAt(rrset, at, query.class))) {
      return !answer.some((rrset) => rrset.type === Type.CNAME && isAt(rrset, at, query.class))
    }
    name = aliasOf(answer, at, query.class)
  }
  return false
}

const isAt = (rrset: Rrset, name: Name, klass: number): boolean =>
  rrset.class === klass && lowerName(rrset.owner) === name

/** The one name that this one is an alias of, lower-cased. */
function aliasOf(answer: readonly Rrset[], name: Name, klass: number): Name | undefined {
  const targets = new Set<Name>()
  for (const rrset of answer) {
    if (rrset.type !== Type.CNAME || !isAt(rrset, name, klass)) continue
    for (const rdata of rrset.rdatas) targets.add(lowerName(decodeName(rdata)))
  }
  return targets.size === 1 ? [...targets][0] : undefined
}

/** Where the time a signature ends stands in its record (RFC 4034 3.1). */
const expirationAt = 8
const inceptionAt = 12

/** Is there a signature that doesn't hold at this time? Times are compared in a circle (RFC 1982). */
function hasExpiredSignature(reply: Reply, now: number): boolean {
  return [reply.answer, reply.authority, reply.additional].some((section) =>
    section.some(
      (rrset) =>
        rrset.type === Type.RRSIG &&
        rrset.rdatas.some(
          (rdata) => ((decode32(rdata, expirationAt) - now) | 0) < 0 || ((now - decode32(rdata, inceptionAt)) | 0) < 0,
        ),
    ),
  )
}
