// What is answered: a value that a handler returns. encode.ts writes it down for the client that asked.
import { Rcode } from './codes.ts'
import type { EdnsOption } from './query.ts'
import type { Rrset } from './rrset.ts'

/** A cause told to the client beside the rcode (RFC 8914): a number of ExtendedErrorCode and a sentence, which may be empty. */
export interface ExtendedError {
  readonly code: number
  readonly text: string
}

export interface Reply {
  readonly rcode: number
  readonly authoritative: boolean
  readonly recursionAvailable: boolean
  /** What RD says where it is not what the client's question said. */
  readonly recursionDesired?: boolean
  readonly authenticData: boolean
  /** The answer was already cut where it came from. encode.ts sets TC by itself where a reply doesn't fit. */
  readonly truncated: boolean
  readonly answer: readonly Rrset[]
  readonly authority: readonly Rrset[]
  readonly additional: readonly Rrset[]
  /**
   * In place of `answer`, and over TCP and TLS only: the records of a whole zone, sent in as many messages as it takes
   * (RFC 5936 2.2). They are asked for as the client takes them, so that they need never be there all at once.
   */
  readonly transfer?: Iterable<Rrset>
  /** EDNS options to send along where the client speaks EDNS. */
  readonly options: readonly EdnsOption[]
  readonly errors: readonly ExtendedError[]
  /** The largest UDP reply we are willing to send, octets, whatever more the client says it can take. */
  readonly udpSize: number
  /** Straight from the watch: caches neither keep it nor change its TTLs. */
  readonly fresh: boolean
  /** The plugin that made it; '' for the server itself. */
  readonly plugin: string
}

const empty: Reply = {
  rcode: Rcode.NOERROR,
  authoritative: false,
  recursionAvailable: false,
  authenticData: false,
  truncated: false,
  answer: [],
  authority: [],
  additional: [],
  options: [],
  errors: [],
  udpSize: 1232,
  fresh: false,
  plugin: '',
}

/** A reply with these fields; the others are NOERROR, empty and false. */
export function reply(fields: Partial<Reply>): Reply {
  return { ...empty, ...fields }
}

/** `reply` with these sections in the place of its own. */
// hot: a literal, for a spread is a call of its own.
export function withSections(
  reply: Reply,
  answer: readonly Rrset[],
  authority: readonly Rrset[],
  additional: readonly Rrset[],
): Reply {
  const { rcode, authoritative, recursionAvailable, recursionDesired, authenticData, truncated } = reply
  const { transfer, options, errors, udpSize, fresh, plugin } = reply
  const changed: Reply = {
    rcode,
    authoritative,
    recursionAvailable,
    authenticData,
    truncated,
    answer,
    authority,
    additional,
    options,
    errors,
    udpSize,
    fresh,
    plugin,
  }
  if (recursionDesired === undefined && transfer === undefined) return changed
  return { ...reply, answer, authority, additional }
}

/** A reply of nothing but an rcode, as the server gives it where no plugin answers. */
export function errorReply(rcode: number, ...errors: readonly ExtendedError[]): Reply {
  return { ...empty, rcode, errors }
}

/** Handlers return this one value where the client is to hear nothing. */
export const silence: Reply = { ...empty, rcode: Rcode.REFUSED }
