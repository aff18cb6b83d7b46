// The messages of a zone transfer (RFC 5936 2.2): any number of records, in messages of moderate size.
import { encodeReply } from './encode.ts'
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'
import type { Rdata, Rrset } from './rrset.ts'

/** Octets of a record between its owner and its rdata. */
const recordFields = 10
/** Octets of records for one message, before their names are compressed, which about halves them: pointers lead 16 KiB far. */
const batchSize = 0x8000
/** Octets of a record so long that a message might not hold it beside the longest question and an OPT record with options. */
const maxRecord = 0xffff - 1024

const scratch = Buffer.allocUnsafeSlow(0xffff)

/**
 * Replies with the records as their answers, in a buffer each, made when they are asked for. Rrsets may be divided between
 * two of them. Throws RangeError for a record that is too long for a message, and what `records` throws.
 */
export function* encodeTransfer(query: Query, reply: Reply, records: Iterable<Rrset>): Generator<Buffer> {
  for (const answer of batches(records)) {
    const length = encodeReply(query, { ...reply, answer }, scratch)
    yield Buffer.from(scratch.subarray(0, length))
  }
}

function* batches(records: Iterable<Rrset>): Generator<readonly Rrset[]> {
  let batch: Rrset[] = []
  let size = 0
  for (const rrset of records) {
    let rdatas: Rdata[] = []
    for (const rdata of rrset.rdatas) {
      const octets = rrset.owner.length + recordFields + rdata.length
      if (octets > maxRecord) throw new RangeError(`a record of ${octets} octets is too long for a message`)
      if (size + octets > batchSize && size > 0) {
        if (rdatas.length > 0) batch.push({ ...rrset, rdatas })
        yield batch
        batch = []
        rdatas = []
        size = 0
      }
      rdatas.push(rdata)
      size += octets
    }
    if (rdatas.length > 0) batch.push(rdatas.length === rrset.rdatas.length ? rrset : { ...rrset, rdatas })
  }
  if (batch.length > 0) yield batch
}
