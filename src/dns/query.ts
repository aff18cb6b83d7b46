// A question somebody asked us: the decoded message, who sent it, and how.
import type { Name } from './name.ts'

export type Transport = 'udp' | 'tcp' | 'tls' | 'https'

/** Where a message came from. Addresses are text in canonical form; an IPv4-mapped IPv6 address is its IPv4 address. */
export interface Client {
  readonly address: string
  readonly port: number
  /** The address and port the message was sent to. */
  readonly localAddress: string
  readonly localPort: number
  readonly transport: Transport
  /** The listener it came to, as operators know it from metrics: `dns://:53`, `dns://127.0.0.1:1053`. */
  readonly server: string
}

/** One EDNS option as received: code and octets, one character each (RFC 6891 6.1.2). */
export interface EdnsOption {
  readonly code: number
  readonly data: string
}

/** What an OPT record says (RFC 6891 6.1). */
export interface Edns {
  /** The largest UDP payload its sender can take, octets; as sent, which may be under 512. */
  readonly udpSize: number
  readonly version: number
  /** DNSSEC OK (RFC 3225). */
  readonly dnssecOk: boolean
  readonly options: readonly EdnsOption[]
}

/** Made by decode.ts from a client's message, or by a plugin that asks something else. Never changes. */
export interface Query {
  readonly id: number
  /** The question's name, lower-cased: the one to compare and to look up by. */
  readonly name: Name
  /** The question's name in the case in which it was sent: the owner of answers. */
  readonly asked: Name
  readonly type: number
  readonly class: number
  readonly opcode: number
  readonly recursionDesired: boolean
  readonly authenticData: boolean
  readonly checkingDisabled: boolean
  /** Undefined where the message has no OPT record. */
  readonly edns: Edns | undefined
  /** Of the zone that the asker of an incremental transfer has: from the SOA record it sent along (RFC 1995 3). */
  readonly serial?: number
  /** Octets of the message. */
  readonly size: number
  readonly client: Client
  /** How often the server has asked itself on the way to this question; aliases that lead in circles end by it. None: 0. */
  readonly depth?: number
  /** The view that the server block is which took the question; left out where it is none. */
  readonly view?: string | undefined
  /** As it came to the server block, where a plugin has changed something in it: see `originOf`. */
  readonly origin?: Query | undefined
}

/** The query with something changed in it, for the rest of the chain: it stays the same query in logs and counts. */
export function changeQuery(query: Query, changes: Partial<Query>): Query {
  return { ...query, ...changes, origin: query.origin ?? query }
}

/** One and the same object for a query through the whole chain, whatever plugins change in it: what is known of it is kept under that. */
export function originOf(query: Query): Query {
  return query.origin ?? query
}

/** The same query with another question: for search paths, rewrites and CNAME targets. */
export function withQuestion(query: Query, asked: Name, name: Name, type: number = query.type): Query {
  return changeQuery(query, { asked, name, type })
}
