// What a reply amounts to (RFC 2308 2, RFC 2136, RFC 5936): logs are filtered by it.
import { Opcode, Rcode, Type } from './codes.ts'
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'

/** Named as CoreDNS's logs and metadata name them. */
export type ReplyKind =
  | 'NOERROR'
  | 'NXDOMAIN'
  | 'NODATA'
  | 'DELEGATION'
  | 'SERVERERROR'
  | 'META'
  | 'UPDATE'
  | 'OTHERERROR'

/** DELEGATION is a referral: nothing but name servers. META is a transfer or a notification. */
export function replyKind(query: Query, reply: Reply): ReplyKind {
  if (query.opcode === Opcode.UPDATE) return 'UPDATE'
  if (query.opcode === Opcode.NOTIFY || query.type === Type.AXFR || query.type === Type.IXFR) return 'META'
  const hasAuthority = (type: number) => reply.authority.some((rrset) => rrset.type === type)
  switch (reply.rcode) {
    case Rcode.NOERROR:
      if (reply.answer.length > 0) return 'NOERROR'
      if (hasAuthority(Type.SOA)) return 'NODATA'
      return hasAuthority(Type.NS) ? 'DELEGATION' : 'NOERROR'
    case Rcode.NXDOMAIN:
      // After a CNAME, say: part of an answer, and an error.
      return reply.answer.length > 0 ? 'OTHERERROR' : 'NXDOMAIN'
    case Rcode.SERVFAIL:
    case Rcode.NOTIMP:
      return 'SERVERERROR'
    default:
      return 'OTHERERROR'
  }
}
