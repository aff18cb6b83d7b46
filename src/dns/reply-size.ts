// The size of a reply before names are compressed and what doesn't fit is cut, as CoreDNS logs and counts it.
import type { Name } from './name.ts'
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'
import type { Rdata, Rrset } from './rrset.ts'

const header = 12
/** Type, class, TTL and length of a record (RFC 1035 4.1.3); type and class of a question. */
const recordFields = 10
const questionFields = 4

/** Octets, without an OPT record. */
// hot
export function replySize(query: Query, reply: Reply): number {
  const question = query.asked.length + questionFields
  return header + question + sectionSize(reply.answer) + sectionSize(reply.authority) + sectionSize(reply.additional)
}

/** Octets of one record, its owner uncompressed. */
// hot
export function recordSize(owner: Name, rdata: Rdata): number {
  return owner.length + recordFields + rdata.length
}

// hot
function sectionSize(rrsets: readonly Rrset[]): number {
  let size = 0
  for (let i = 0; i < rrsets.length; i++) {
    const { owner, rdatas } = rrsets[i] as Rrset
    for (let j = 0; j < rdatas.length; j++) size += recordSize(owner, rdatas[j] as Rdata)
  }
  return size
}
