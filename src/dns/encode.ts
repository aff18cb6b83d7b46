// Messages onto the wire (RFC 1035 4.1): replies cut to what the client can take, errors, and whole messages.
import { Rcode, Type } from './codes.ts'
import { encodeExtendedError, optionSize, optSize, writeOpt } from './edns.ts'
import type { Message } from './message.ts'
import { MessageWriter } from './message-writer.ts'
import type { EdnsOption, Query } from './query.ts'
import { errorReply, type Reply } from './reply.ts'
import type { Rrset } from './rrset.ts'
import type { WireError } from './wire-error.ts'

const header = 12
/** Octets of a question after its name. */
const questionTail = 4
const maxMessage = 65_535
/** What a client takes over UDP if it doesn't say (RFC 1035 4.2.1), and at least if it does (RFC 6891 6.2.3). */
const minUdpSize = 512
const answerCount = 6
const authorityCount = 8
const additionalCount = 10

const flag = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, AD: 0x0020, CD: 0x0010 } as const

const writer = new MessageWriter()
const noOptions: readonly EdnsOption[] = []
const plainEdns = { version: 0, dnssecOk: false }
const noRrsets: readonly Rrset[] = []

/**
 * Writes the reply at the beginning of `into`, 512 octets or more, and returns its length. It is no longer than the client
 * can take, nor over UDP than `reply.udpSize`: where it would be, rrsets are left out from the end, whole ones, the first
 * to go being the additional ones; TC is set where any others went, or a referral's glue (RFC 9471 3.1). An OPT record is in
 * it if there was one in the query.
 */
// hot
export function encodeReply(query: Query, reply: Reply, into: Buffer): number {
  const edns = query.edns
  const udpSize = edns === undefined ? minUdpSize : Math.max(Math.min(edns.udpSize, reply.udpSize), minUdpSize)
  const limit = Math.min(query.client.transport === 'udp' ? udpSize : maxMessage, into.length)

  let options = noOptions
  let optRoom = 0
  if (edns !== undefined) {
    if (reply.options.length !== 0 || reply.errors.length !== 0) {
      options = optionsWithin(limit - header - query.asked.length - questionTail - optSize, reply)
    }
    optRoom = optSize + sizeOf(options)
  }
  writer.begin(into, limit - optRoom)
  writer.askedQuestion(query.asked, query.name, query.type, query.class)
  // A section that doesn't fit whole leaves no room for what follows.
  const isAnswerWhole = writer.section(reply.answer, answerCount)
  const isWhole = writer.section(isAnswerWhole ? reply.authority : noRrsets, authorityCount) && isAnswerWhole
  const isAllThere = writer.section(isWhole ? reply.additional : noRrsets, additionalCount)

  // An rcode of more than 4 bits can't be told to a client without EDNS.
  const rcode = edns === undefined && reply.rcode > 15 ? Rcode.SERVFAIL : reply.rcode
  let flags = flag.QR | (query.opcode << 11) | (rcode & 15)
  if (reply.authoritative) flags |= flag.AA
  if (reply.truncated || !isWhole || (!isAllThere && isReferral(reply))) flags |= flag.TC
  if (reply.recursionDesired ?? query.recursionDesired) flags |= flag.RD
  if (reply.recursionAvailable) flags |= flag.RA
  if (reply.authenticData) flags |= flag.AD
  if (query.checkingDisabled) flags |= flag.CD
  writeHeader(into, query.id, flags, 1)
  if (edns === undefined) return writer.at
  addRecord(into)
  return writeOpt(into, writer.at, udpSize, rcode, edns, options)
}

/** Without the addresses of the name servers a client may get no further. */
function isReferral({ authoritative, answer, authority }: Reply): boolean {
  return !authoritative && answer.length === 0 && authority[0]?.type === Type.NS
}

/** The reply's options and extended errors, less those at the end for which there is no room. */
function optionsWithin(room: number, reply: Reply): readonly EdnsOption[] {
  const options = [...reply.options, ...reply.errors.map(encodeExtendedError)]
  while (sizeOf(options) > room) options.pop()
  return options
}

function sizeOf(options: readonly EdnsOption[]): number {
  let size = 0
  for (let i = 0; i < options.length; i++) size += optionSize(options[i] as EdnsOption)
  return size
}

function writeHeader(into: Buffer, id: number, flags: number, questions: number): void {
  into[0] = id >> 8
  into[1] = id
  into[2] = flags >> 8
  into[3] = flags
  into[4] = questions >> 8
  into[5] = questions
}

/** Counts the OPT record, written by itself, as one of the additional records. */
function addRecord(into: Buffer): void {
  into.writeUInt16BE(into.readUInt16BE(additionalCount) + 1, additionalCount)
}

/**
 * The reply to a message that decodeQuery refused; undefined where it deserves none. It repeats the question where that
 * could be read, as CoreDNS does: not for what its header alone disqualifies.
 */
export function encodeError(message: Buffer, error: WireError): Buffer | undefined {
  if (error.id === undefined) return undefined
  const questionEnd = error.questionEnd
  const needsOpt = error.rcode > 15
  const into = Buffer.alloc(questionEnd + (needsOpt ? optSize : 0))
  message.copy(into, header, header, questionEnd)
  const kept = message.readUInt16BE(2) & (0x7800 | flag.RD | flag.CD)
  writeHeader(into, error.id, flag.QR | kept | (error.rcode & 15), questionEnd > header ? 1 : 0)
  if (needsOpt) {
    const { rcode, udpSize } = errorReply(error.rcode)
    addRecord(into)
    writeOpt(into, questionEnd, udpSize, rcode, plainEdns, noOptions)
  }
  return into
}

/**
 * A whole message, its names in the case they are in. Throws RangeError where it would be longer than 65,535 octets, or has
 * an rcode over 15 and no `edns` to carry it.
 */
export function encodeMessage(message: Message): Buffer {
  const { edns, rcode } = message
  if (rcode > 15 && edns === undefined) throw new RangeError(`rcode ${rcode} without an OPT record`)
  const into = Buffer.alloc(Math.min(uncompressedSize(message), maxMessage))
  const room = edns === undefined ? 0 : optSize + sizeOf(edns.options)
  writer.begin(into, into.length - room)
  const fits =
    message.questions.every((question) => writer.question(question.name, question.type, question.class)) &&
    writer.section(message.answer, answerCount) &&
    writer.section(message.authority, authorityCount) &&
    writer.section(message.additional, additionalCount)
  if (!fits) throw new RangeError('message longer than 65535 octets')
  let flags = (message.opcode << 11) | (rcode & 15)
  if (message.response) flags |= flag.QR
  if (message.authoritative) flags |= flag.AA
  if (message.truncated) flags |= flag.TC
  if (message.recursionDesired) flags |= flag.RD
  if (message.recursionAvailable) flags |= flag.RA
  if (message.authenticData) flags |= flag.AD
  if (message.checkingDisabled) flags |= flag.CD
  writeHeader(into, message.id, flags, message.questions.length)
  if (edns === undefined) return into.subarray(0, writer.at)
  addRecord(into)
  return into.subarray(0, writeOpt(into, writer.at, edns.udpSize, rcode, edns, edns.options))
}

/** Octets that the message takes at most. */
function uncompressedSize(message: Message): number {
  let size = header
  for (const question of message.questions) size += question.name.length + questionTail
  for (const section of [message.answer, message.authority, message.additional]) {
    for (const rrset of section) for (const rdata of rrset.rdatas) size += rrset.owner.length + 10 + rdata.length
  }
  return message.edns === undefined ? size : size + optSize + sizeOf(message.edns.options)
}
