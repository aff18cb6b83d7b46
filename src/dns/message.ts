// A whole message as it is on the wire (RFC 1035 4.1): what upstreams answer, what they and tests are asked.
import type { Name } from './name.ts'
import type { Edns } from './query.ts'
import type { Rrset } from './rrset.ts'

export interface Question {
  /** In the case in which it stands in the message. */
  readonly name: Name
  readonly type: number
  readonly class: number
}

export interface Message {
  readonly id: number
  readonly opcode: number
  /** QR: is it a reply? */
  readonly response: boolean
  readonly authoritative: boolean
  readonly truncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  readonly authenticData: boolean
  readonly checkingDisabled: boolean
  /** With the upper bits from the OPT record, where there is one (RFC 6891 6.1.3). */
  readonly rcode: number
  readonly questions: readonly Question[]
  /** Neighbouring records of one owner (in one case), type, class and TTL make one rrset; TTLs are 0 to 2^32-1, as sent. */
  readonly answer: readonly Rrset[]
  readonly authority: readonly Rrset[]
  /** Without the OPT record. */
  readonly additional: readonly Rrset[]
  readonly edns: Edns | undefined
}

const empty: Message = {
  id: 0,
  opcode: 0,
  response: false,
  authoritative: false,
  truncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  rcode: 0,
  questions: [],
  answer: [],
  authority: [],
  additional: [],
  edns: undefined,
}

/** A message with these fields; the others are 0, false and empty. */
export function message(fields: Partial<Message>): Message {
  return { ...empty, ...fields }
}
