// Messages off the wire (RFC 1035 4.1): a client's question, as strictly as CoreDNS's server takes it, and whole messages.
//
//   id (2)   QR opcode(4) AA TC RD | RA Z AD CD rcode(4)   counts of questions, answer, authority, additional (2 each)
//   question: name, type (2), class (2)
//   record:   name, type (2), class (2), TTL (4), length of rdata (2), rdata
import { Opcode, Rcode, Type } from './codes.ts'
import { decodeOpt } from './edns.ts'
import type { Message } from './message.ts'
import { lowerName, maxLabel, maxName, type Name } from './name.ts'
import { keepOctets, octetsToWrite } from './name-octets.ts'
import { NameReader } from './name-reader.ts'
import type { Client, Edns, Query } from './query.ts'
import { decodeSoa } from './rdata.ts'
import { RecordReader } from './record-reader.ts'
import type { Rdata } from './rrset.ts'
import { WireError } from './wire-error.ts'

export { WireError } from './wire-error.ts'

const header = 12
/** Octets of a record between its owner and its rdata. */
const recordHeader = 10

/**
 * The question in a client's message, of which `size` octets are there. Throws WireError, and nothing else, for what is no
 * acceptable question: without an id for replies and for less than a header; NOTIMP for operations but QUERY and NOTIFY;
 * FORMERR unless there is one question and at most one record of answer, one of authority and two of additional, all whole,
 * and at most one OPT record, well-formed; BADVERS for versions of EDNS after 0. Octets after the last record are not looked
 * at.
 */
// hot
export function decodeQuery(message: Buffer, client: Client, size: number = message.length): Query {
  if (size < header) throw new WireError(Rcode.FORMERR, undefined, 'message shorter than a header')
  const id = read16(message, 0)
  const flags = read16(message, 2)
  if ((flags & 0x8000) !== 0) throw new WireError(Rcode.FORMERR, undefined, 'message is a reply')
  const opcode = (flags >> 11) & 15
  if (opcode !== Opcode.QUERY && opcode !== Opcode.NOTIFY) throw new WireError(Rcode.NOTIMP, id, `opcode ${opcode}`)
  const answers = read16(message, 6)
  const beforeAdditional = answers + read16(message, 8)
  const additionals = read16(message, 10)
  if (read16(message, 4) !== 1) throw new WireError(Rcode.FORMERR, id, 'not one question')
  if (answers > 1 || read16(message, 8) > 1 || additionals > 2) {
    throw new WireError(Rcode.FORMERR, id, 'more records than a query has')
  }

  // No pointer can stand here, for want of a name before it.
  let at = header
  const lower = octetsToWrite()
  /** Negative once an octet was above '@' and below '['. */
  let upper = 0
  for (let length = message[at] as number; length !== 0; length = message[at] as number) {
    const end = at + 1 + length
    if (!(length <= maxLabel) || end - header >= maxName)
      throw new WireError(Rcode.FORMERR, id, 'bad name in the question')
    lower[at - header] = length
    for (at++; at < end; at++) {
      const octet = message[at] as number
      const isUpper = (0x40 - octet) & (octet - 0x5b)
      upper |= isUpper
      lower[at - header] = octet | ((isUpper >> 31) & 0x20)
    }
  }
  lower[at - header] = 0
  at++
  if (at + 4 > size) throw new WireError(Rcode.FORMERR, id, 'bad name in the question')
  const asked = message.toString('latin1', header, at) as Name
  const type = read16(message, at)
  const questionClass = read16(message, at + 2)
  at += 4
  const questionEnd = at

  let edns: Edns | undefined
  let serial: number | undefined
  for (let i = 0; i < beforeAdditional + additionals; i++) {
    const isRoot = message[at] === 0
    const start = at
    at = isRoot ? at + 1 : skipName(message.subarray(0, size), at, questionEnd)
    if (at + recordHeader > size) throw new WireError(Rcode.FORMERR, id, 'message cut short', questionEnd)
    const end = at + recordHeader + read16(message, at + 8)
    if (end > size) throw new WireError(Rcode.FORMERR, id, 'message cut short', questionEnd)
    if (read16(message, at) === Type.OPT) {
      if (!isRoot || edns !== undefined || i < beforeAdditional) {
        throw new WireError(Rcode.FORMERR, id, 'misplaced OPT record', questionEnd)
      }
      edns = decodeOpt(message, at, end)
      if (edns === undefined) throw new WireError(Rcode.FORMERR, id, 'bad option in the OPT record', questionEnd)
    } else if (type === Type.IXFR && i >= answers && i < beforeAdditional) {
      serial = readSerial(message.subarray(0, size), start, questionEnd)
    }
    at = end
  }
  if (edns !== undefined && edns.version !== 0) {
    throw new WireError(Rcode.BADVERS, id, `EDNS version ${edns.version}`, questionEnd)
  }
  const name = upper < 0 ? lowerName(asked) : asked
  keepOctets(name)
  const query: Query = {
    id,
    name,
    asked,
    type,
    class: questionClass,
    opcode,
    recursionDesired: (flags & 0x0100) !== 0,
    authenticData: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    edns,
    size,
    client,
  }
  return serial === undefined ? query : { ...query, serial }
}

// hot: Buffer's own looks at its arguments each time, and is a call.
function read16(message: Buffer, at: number): number {
  return ((message[at] as number) << 8) | (message[at + 1] as number)
}

/** The serial in the record at `at`, where that is a SOA record (RFC 1995 3). */
function readSerial(message: Buffer, at: number, questionEnd: number): number | undefined {
  try {
    const [record] = new RecordReader(message, at).section('authority', 1)
    return record?.type === Type.SOA ? decodeSoa(record.rdatas[0] as Rdata).serial : undefined
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new WireError(error.rcode, error.id, error.message, questionEnd)
  }
}

/** Where the name at `at` ends. What is wrong with it is told to a sender whose question was readable. */
function skipName(message: Buffer, at: number, questionEnd: number): number {
  const names = new NameReader(message)
  try {
    names.read(at)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new WireError(error.rcode, error.id, error.message, questionEnd)
  }
  return names.end
}

/**
 * All of a message, names in its rdata decompressed (RFC 3597 4). Throws WireError, and nothing else. The work is at most
 * proportional to the message's length: see name-reader.ts. Octets after the last record are not looked at.
 */
export function decodeMessage(message: Buffer): Message {
  if (message.length < header) throw new WireError(Rcode.FORMERR, undefined, 'message shorter than a header')
  const flags = message.readUInt16BE(2)
  const records = new RecordReader(message, header)
  const questions = records.questions(message.readUInt16BE(4))
  const answer = records.section('answer', message.readUInt16BE(6))
  const authority = records.section('authority', message.readUInt16BE(8))
  const additional = records.section('additional', message.readUInt16BE(10))
  return {
    id: message.readUInt16BE(0),
    opcode: (flags >> 11) & 15,
    response: (flags & 0x8000) !== 0,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticData: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: (records.upperRcode << 4) | (flags & 15),
    questions,
    answer,
    authority,
    additional,
    edns: records.edns,
  }
}
