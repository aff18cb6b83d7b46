// The size of a reply before names are compressed and what doesn't fit is cut, as CoreDNS logs and counts it.
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'
import type { Rrset } from './rrset.ts'

const header = 12
/** Type, class, TTL and length of a record (RFC 1035 4.1.3); type and class of a question. */
const recordFields = 10
const questionFields = 4

/** Octets, without an OPT record. */
export function replySize(query: Query, reply: Reply): number {
  let size = header + query.asked.length + questionFields
  for (const section of [reply.answer, reply.authority, reply.additional]) {
    for (const rrset of section) size += rrsetSize(rrset)
  }
  return size
}

function rrsetSize({ owner, rdatas }: Rrset): number {
  return rdatas.reduce((size, rdata) => size + owner.length + recordFields + rdata.length, 0)
}
