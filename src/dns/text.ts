// Records as lines of text (RFC 1035 5.1, RFC 3597 5).
import { Class, parseClass, parseType, printClass, printType } from './codes.ts'
import { type Name, printName } from './name.ts'
import { parseRdataFields, printRdata } from './rdata.ts'
import { RecordError } from './record-error.ts'
import type { Rrset } from './rrset.ts'
import { Fields, tokenize } from './tokens.ts'

const maxTtl = 0x7fff_ffff

/**
 * One record: `OWNER [TTL] [CLASS] TYPE RDATA`, the TTL in seconds, TTL and class in either order. Relative names are relative
 * to the origin, if any; the class is IN and the TTL `defaultTtl` where the line has none. Throws RecordError.
 */
export function parseRecord(line: string, origin?: Name, defaultTtl?: number): Rrset {
  try {
    return parseFields(new Fields(tokenize(line), origin), defaultTtl)
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    throw new RecordError(`bad record ${JSON.stringify(line)}: ${error.message}`, { cause: error })
  }
}

function parseFields(fields: Fields, defaultTtl: number | undefined): Rrset {
  const owner = fields.name('owner')
  let ttl: number | undefined
  let recordClass: number | undefined
  for (;;) {
    const { text } = fields.token('type')
    if (ttl === undefined && /^[0-9]{1,10}$/.test(text)) {
      ttl = Number(text)
      if (ttl > maxTtl) throw new RecordError(`TTL ${text} over ${maxTtl}`)
      continue
    }
    const asClass = recordClass === undefined ? parseClass(text) : undefined
    if (asClass !== undefined) {
      recordClass = asClass
      continue
    }
    const type = parseType(text)
    if (type === undefined) throw new RecordError(`unknown type ${JSON.stringify(text)}`)
    ttl ??= defaultTtl
    if (ttl === undefined) throw new RecordError('TTL is missing')
    const rdatas = [parseRdataFields(type, fields)]
    return { owner, type, class: recordClass ?? Class.IN, ttl, rdatas }
  }
}

/** A line for each record: `www.example. 30 IN A 192.0.2.1`. Inverse of parseRecord. */
export function printRecords(rrset: Rrset): string[] {
  const front = `${printName(rrset.owner)} ${rrset.ttl} ${printClass(rrset.class)} ${printType(rrset.type)}`
  return rrset.rdatas.map((rdata) => `${front} ${printRdata(rrset.type, rdata)}`)
}
