// How the rdata of a type is written in text: what rdata.ts has for each of them.
import type { Rdata } from './rrset.ts'
import type { Fields } from './tokens.ts'

export interface Format {
  /** Octets from its fields; throws RecordError. */
  parse(fields: Fields): string
  /** Text of rdata that has the type's layout; undefined where it is malformed all the same. */
  print(rdata: Rdata): string | undefined
}
