// What an upstream sends: is it the reply to what was asked (RFC 5452 9.1), and which Reply is it for our client?
import { Rcode } from '../../dns/codes.ts'
import { decodeMessage, WireError } from '../../dns/decode.ts'
import { decodeExtendedError } from '../../dns/edns.ts'
import { type Message, message } from '../../dns/message.ts'
import { lowerName, type Name } from '../../dns/name.ts'
import type { EdnsOption } from '../../dns/query.ts'
import { type ExtendedError, type Reply, reply } from '../../dns/reply.ts'
import type { Rrset } from '../../dns/rrset.ts'
import { endToEnd, type Request } from './request.ts'
import { UpstreamError } from './upstream-error.ts'

const header = 12

/** What a server may say that could not read the question, and so doesn't repeat it. */
const bareRcodes: ReadonlySet<number> = new Set([Rcode.FORMERR, Rcode.SERVFAIL, Rcode.NOTIMP, Rcode.REFUSED])

/** Octets too few to have an ID, or no reply at all: undefined. */
export function idOf(octets: Buffer): number | undefined {
  if (octets.length < header || ((octets[2] as number) & 0x80) === 0) return undefined
  return octets.readUInt16BE(0)
}

/** Does this, a reply with the right ID, answer the question that was asked: its name in any case, its type, its class? */
export function answersTo(octets: Buffer, request: Request): boolean {
  if ((((octets[2] as number) >> 3) & 15) !== request.opcode) return false
  const questions = octets.readUInt16BE(4)
  if (questions === 0) return octets.length === header && bareRcodes.has((octets[3] as number) & 15)
  const end = header + request.name.length
  if (questions !== 1 || octets.length < end + 4) return false
  if (octets.readUInt16BE(end) !== request.type || octets.readUInt16BE(end + 2) !== request.class) return false
  return lowerName(octets.toString('latin1', header, end) as Name) === request.name
}

/** The whole of it. Throws UpstreamError where it is malformed, but for one cut short that says so. */
export function readResponse(octets: Buffer): Message {
  try {
    return decodeMessage(octets)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const flags = octets.readUInt16BE(2)
    // Cut in the middle of a record by servers that don't care: what there was is lost, TC is what counts.
    if ((flags & 0x0200) !== 0) {
      return message({ response: true, truncated: true, rcode: flags & 15, recursionAvailable: (flags & 0x0080) !== 0 })
    }
    throw new UpstreamError(`dns: bad reply: ${error.message}`, { cause: error })
  }
}

/** With all that time in seconds taken off its records' TTLs. */
export function agedBy(response: Message, age: number): Message {
  if (age === 0) return response
  const aged = (rrsets: readonly Rrset[]) => rrsets.map((one) => ({ ...one, ttl: Math.max(0, one.ttl - age) }))
  const { answer, authority, additional } = response
  return { ...response, answer: aged(answer), authority: aged(authority), additional: aged(additional) }
}

/** As it came: records in their order, unknown types and options as octets. Only what is between neighbours stays here. */
export function replyFrom(response: Message): Reply {
  const options: EdnsOption[] = []
  const errors: ExtendedError[] = []
  for (const option of endToEnd(response.edns?.options ?? [])) {
    const error = decodeExtendedError(option)
    if (error === undefined) options.push(option)
    else errors.push(error)
  }
  return reply({
    rcode: response.rcode,
    authoritative: response.authoritative,
    recursionAvailable: response.recursionAvailable,
    authenticData: response.authenticData,
    truncated: response.truncated,
    answer: response.answer,
    authority: response.authority,
    additional: response.additional,
    options,
    errors,
    plugin: 'forward',
  })
}
