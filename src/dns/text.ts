// Records as lines of text (RFC 1035 5.1, RFC 3597 5).
import { Class, parseClass, parseType, printClass, printType, Type } from './codes.ts'
import { type Name, printName } from './name.ts'
import { decodeSoa, parseRdataFields, printRdata } from './rdata.ts'
import { RecordError } from './record-error.ts'
import type { Rdata, Rrset } from './rrset.ts'
import { Fields, parseSeconds, tokenize } from './tokens.ts'

/** Seconds (RFC 2181 8). */
export const maxTtl = 0x7fff_ffff

/**
 * One record: `OWNER [TTL] [CLASS] TYPE RDATA`, TTL and class in either order, the TTL in seconds or with units, `1h30m`.
 * Relative names are relative to the origin, if any; the class is IN and the TTL `defaultTtl` where the line has none. Throws
 * RecordError.
 */
export function parseRecord(line: string, origin?: Name, defaultTtl?: number): Rrset {
  try {
    const fields = new Fields(tokenize(line), origin)
    const owner = fields.name('owner')
    return parseRecordFields(fields, owner, defaultTtl)
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    throw new RecordError(`bad record ${JSON.stringify(line)}: ${error.message}`, { cause: error })
  }
}

/** What follows the owner: a record of one rdata. A SOA record for which there is no TTL has its own last field as TTL. */
export function parseRecordFields(fields: Fields, owner: Name, defaultTtl: number | undefined): Rrset {
  let ttl: number | undefined
  let recordClass: number | undefined
  for (;;) {
    const { text } = fields.token('type')
    const asTtl = ttl === undefined ? parseSeconds(text) : undefined
    if (asTtl !== undefined) {
      if (asTtl > maxTtl) throw new RecordError(`TTL ${text} over ${maxTtl}`)
      ttl = asTtl
      continue
    }
    const asClass = recordClass === undefined ? parseClass(text) : undefined
    if (asClass !== undefined) {
      recordClass = asClass
      continue
    }
    const type = parseType(text)
    if (type === undefined) throw new RecordError(`unknown type ${JSON.stringify(text)}`)
    const rdata = parseRdataFields(type, fields)
    return {
      owner,
      type,
      class: recordClass ?? Class.IN,
      ttl: ttl ?? defaultTtl ?? ownTtl(type, rdata),
      rdatas: [rdata],
    }
  }
}

function ownTtl(type: number, rdata: Rdata): number {
  if (type !== Type.SOA) throw new RecordError('TTL is missing')
  return Math.min(decodeSoa(rdata).minimum, maxTtl)
}

/** A line for each record: `www.example. 30 IN A 192.0.2.1`. Inverse of parseRecord. */
export function printRecords(rrset: Rrset): string[] {
  const front = `${printName(rrset.owner)} ${rrset.ttl} ${printClass(rrset.class)} ${printType(rrset.type)}`
  return rrset.rdatas.map((rdata) => `${front} ${printRdata(rrset.type, rdata)}`)
}
