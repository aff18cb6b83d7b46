// A set of records of one owner, class and type (RFC 2181 5): what stores keep, plugins hand on and replies are made of.
import { Class } from './codes.ts'
import type { Name } from './name.ts'

declare const rdataBrand: unique symbol

/**
 * The data of one record in wire form, names in it uncompressed, one character (U+0000 to U+00FF) per octet. Made and
 * read by rdata.ts. Like a Name it is immutable and compares as a value, so that sets of records are de-duplicated and
 * compared without looking inside.
 */
export type Rdata = string & { readonly [rdataBrand]: true }

/** An rrset never changes: whoever wants another one makes another one. */
export interface Rrset {
  /** In the case in which it is to be sent. */
  readonly owner: Name
  readonly type: number
  readonly class: number
  /** Seconds. */
  readonly ttl: number
  readonly rdatas: readonly Rdata[]
}

/** An rrset of class IN. */
export function rrset(owner: Name, type: number, ttl: number, rdatas: readonly Rdata[]): Rrset {
  return { owner, type, class: Class.IN, ttl, rdatas }
}
