// Record data between values, wire form and presentation form (RFC 1035 3.3 and 5.1, RFC 2782, RFC 3596, RFC 3597).
import { parseAddress, printAddress } from './address.ts'
import { printType, Type } from './codes.ts'
import { isWellFormed, nameEnd } from './layout.ts'
import { type Name, printName } from './name.ts'
import { decode16, decode32, encode16, encode32 } from './octets.ts'
import type { Format } from './rdata-format.ts'
import { RecordError } from './record-error.ts'
import type { Rdata } from './rrset.ts'
import { securityFormats } from './security-rdata.ts'
import { parseSvcb, printSvcb } from './svcb.ts'
import { Fields, parseOctets, printOctets, tokenize } from './tokens.ts'

const maxString = 255

/** A server of a service (RFC 2782). */
export interface Srv {
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly target: Name
}

/** The start of a zone (RFC 1035 3.3.13); the four intervals are seconds. */
export interface Soa {
  readonly mname: Name
  readonly rname: Name
  readonly serial: number
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  readonly minimum: number
}

export interface Mx {
  readonly preference: number
  readonly exchange: Name
}

/** The type of the record that holds an address: A, or AAAA of an IPv6 address. */
export function addressType(address: string): number {
  return address.includes(':') ? Type.AAAA : Type.A
}

/** Rdata of A or AAAA. Throws RecordError for what is no address. */
export function encodeAddress(address: string): Rdata {
  const octets = parseAddress(address)
  if (octets === undefined) throw new RecordError(`${JSON.stringify(address)} is no address`)
  return octets as Rdata
}

/** Rdata of CNAME, DNAME, NS and PTR. */
export function encodeName(name: Name): Rdata {
  return name as string as Rdata
}

export function encodeSrv({ priority, weight, port, target }: Srv): Rdata {
  return (encode16(priority) + encode16(weight) + encode16(port) + target) as Rdata
}

export function encodeSoa({ mname, rname, serial, refresh, retry, expire, minimum }: Soa): Rdata {
  return (mname + rname + [serial, refresh, retry, expire, minimum].map(encode32).join('')) as Rdata
}

export function encodeMx({ preference, exchange }: Mx): Rdata {
  return (encode16(preference) + exchange) as Rdata
}

/**
 * Rdata of TXT and SPF: strings of octets, one character (U+0000 to U+00FF) each. Those longer than 255 are divided; none
 * at all is one empty string. Throws RangeError for characters that are no octets.
 */
export function encodeTxt(strings: readonly string[]): Rdata {
  let octets = ''
  for (const string of strings.length === 0 ? [''] : strings) {
    if (/[^\0-\xff]/.test(string)) throw new RangeError(`${JSON.stringify(string)} is not of octets`)
    let from = 0
    do {
      octets += frame(string.slice(from, from + maxString))
      from += maxString
    } while (from < string.length)
  }
  return octets as Rdata
}

const frame = (octets: string): string => String.fromCharCode(octets.length) + octets

/** The address of A or AAAA, in canonical text. Like all these decoders, throws RecordError for malformed rdata. */
export function decodeAddress(rdata: Rdata): string {
  if (rdata.length !== 4 && rdata.length !== 16) throw new RecordError(`an address of ${rdata.length} octets`)
  return printAddress(rdata)
}

/** The name in CNAME, DNAME, NS or PTR. */
export function decodeName(rdata: Rdata): Name {
  check(Type.CNAME, rdata)
  return rdata as string as Name
}

export function decodeSrv(rdata: Rdata): Srv {
  check(Type.SRV, rdata)
  return {
    priority: decode16(rdata, 0),
    weight: decode16(rdata, 2),
    port: decode16(rdata, 4),
    target: rdata.slice(6) as Name,
  }
}

export function decodeSoa(rdata: Rdata): Soa {
  check(Type.SOA, rdata)
  const mnameEnd = nameEnd(rdata, 0)
  const at = nameEnd(rdata, mnameEnd)
  return {
    mname: rdata.slice(0, mnameEnd) as Name,
    rname: rdata.slice(mnameEnd, at) as Name,
    serial: decode32(rdata, at),
    refresh: decode32(rdata, at + 4),
    retry: decode32(rdata, at + 8),
    expire: decode32(rdata, at + 12),
    minimum: decode32(rdata, at + 16),
  }
}

export function decodeMx(rdata: Rdata): Mx {
  check(Type.MX, rdata)
  return { preference: decode16(rdata, 0), exchange: rdata.slice(2) as Name }
}

/** The strings of TXT, SPF or HINFO, octets as they are. */
export function decodeTxt(rdata: Rdata): string[] {
  check(Type.TXT, rdata)
  const strings: string[] = []
  for (let at = 0; at < rdata.length; at += 1 + rdata.charCodeAt(at)) {
    strings.push(rdata.slice(at + 1, at + 1 + rdata.charCodeAt(at)))
  }
  return strings
}

function check(type: number, rdata: Rdata): void {
  if (!isWellFormed(type, rdata)) throw new RecordError(`malformed rdata of type ${printType(type)}`)
}

const addressFormat = (type: number): Format => ({
  parse: (fields) => {
    const { text } = fields.token('address')
    if (addressType(text) !== type)
      throw new RecordError(`${JSON.stringify(text)} is no address for ${printType(type)}`)
    return encodeAddress(text)
  },
  print: decodeAddress,
})

const nameFormat: Format = { parse: (fields) => fields.name('name'), print: (rdata) => printName(decodeName(rdata)) }

const txtFormat: Format = {
  parse: (fields) => encodeTxt([fields.token('string'), ...fields.rest()].map((token) => parseOctets(token.text))),
  print: (rdata) => printStrings(decodeTxt(rdata)),
}

const printStrings = (strings: readonly string[]): string =>
  strings.map((octets) => `"${printOctets(octets)}"`).join(' ')

const twoNames: Format = {
  parse: (fields) => fields.name('mailbox') + fields.name('text'),
  print: (rdata) =>
    `${printName(rdata.slice(0, nameEnd(rdata, 0)) as Name)} ${printName(rdata.slice(nameEnd(rdata, 0)) as Name)}`,
}

/** A number of 16 bits and a name. */
const numberedName = (what: string): Format => ({
  parse: (fields) => encode16(fields.number(what, 0xffff)) + fields.name('name'),
  print: (rdata) => `${decode16(rdata, 0)} ${printName(rdata.slice(2) as Name)}`,
})

const formats: ReadonlyMap<number, Format> = new Map<number, Format>([
  ...securityFormats,
  [Type.A, addressFormat(Type.A)],
  [Type.AAAA, addressFormat(Type.AAAA)],
  [Type.NS, nameFormat],
  [Type.CNAME, nameFormat],
  [Type.PTR, nameFormat],
  [Type.DNAME, nameFormat],
  [Type.TXT, txtFormat],
  [Type.SPF, txtFormat],
  [Type.SVCB, { parse: parseSvcb, print: printSvcb }],
  [Type.HTTPS, { parse: parseSvcb, print: printSvcb }],
  [
    Type.SOA,
    {
      parse: (fields) =>
        encodeSoa({
          mname: fields.name('mname'),
          rname: fields.name('rname'),
          serial: fields.number('serial', 0xffff_ffff),
          refresh: fields.seconds('refresh', 0xffff_ffff),
          retry: fields.seconds('retry', 0xffff_ffff),
          expire: fields.seconds('expire', 0xffff_ffff),
          minimum: fields.seconds('minimum', 0xffff_ffff),
        }),
      print: (rdata) => {
        const { mname, rname, serial, refresh, retry, expire, minimum } = decodeSoa(rdata)
        return `${printName(mname)} ${printName(rname)} ${serial} ${refresh} ${retry} ${expire} ${minimum}`
      },
    },
  ],
  [
    Type.SRV,
    {
      parse: (fields) =>
        encodeSrv({
          priority: fields.number('priority', 0xffff),
          weight: fields.number('weight', 0xffff),
          port: fields.number('port', 0xffff),
          target: fields.name('target'),
        }),
      print: (rdata) => {
        const { priority, weight, port, target } = decodeSrv(rdata)
        return `${priority} ${weight} ${port} ${printName(target)}`
      },
    },
  ],
  [
    Type.MX,
    {
      parse: (fields) =>
        encodeMx({ preference: fields.number('preference', 0xffff), exchange: fields.name('exchange') }),
      print: (rdata) => {
        const { preference, exchange } = decodeMx(rdata)
        return `${preference} ${printName(exchange)}`
      },
    },
  ],
  [
    Type.HINFO,
    {
      parse: (fields) => frame(fields.string('CPU', maxString)) + frame(fields.string('OS', maxString)),
      print: (rdata) => printStrings(decodeTxt(rdata)),
    },
  ],
  [17, twoNames], // RP (RFC 1183 2.2)
  [18, numberedName('subtype')], // AFSDB (RFC 1183 1)
  [36, numberedName('preference')], // KX (RFC 2230 3)
  [
    // order (2), preference (2), flags, services, regular expression (strings), replacement (name) (RFC 3403 4.1)
    Type.NAPTR,
    {
      parse: (fields) => {
        const numbers = encode16(fields.number('order', 0xffff)) + encode16(fields.number('preference', 0xffff))
        const strings = ['flags', 'services', 'expression'].map((what) => frame(fields.string(what, maxString)))
        return numbers + strings.join('') + fields.name('replacement')
      },
      print: (rdata) => {
        const strings: string[] = []
        let at = 4
        for (; strings.length < 3; at += 1 + rdata.charCodeAt(at)) {
          strings.push(rdata.slice(at + 1, at + 1 + rdata.charCodeAt(at)))
        }
        return `${decode16(rdata, 0)} ${decode16(rdata, 2)} ${printStrings(strings)} ${printName(rdata.slice(at) as Name)}`
      },
    },
  ],
  [
    // priority (2), weight (2), target (rest) (RFC 7553 4.5)
    256,
    {
      parse: (fields) =>
        encode16(fields.number('priority', 0xffff)) +
        encode16(fields.number('weight', 0xffff)) +
        fields.string('target', maxRdata),
      print: (rdata) =>
        rdata.length < 5 ? undefined : `${decode16(rdata, 0)} ${decode16(rdata, 2)} ${printStrings([rdata.slice(4)])}`,
    },
  ],
  [
    // flags (1), tag (string), value (rest) (RFC 8659 4.1)
    Type.CAA,
    {
      parse: (fields) => {
        const flags = fields.number('flags', 255)
        const tag = fields.string('tag', maxString)
        if (!/^[a-zA-Z0-9]+$/.test(tag)) throw new RecordError(`bad tag: ${JSON.stringify(tag)}`)
        return String.fromCharCode(flags) + frame(tag) + fields.string('value', maxRdata)
      },
      print: (rdata) => {
        const tagEnd = 2 + rdata.charCodeAt(1)
        const tag = rdata.slice(2, tagEnd)
        if (!/^[a-zA-Z0-9]+$/.test(tag)) return undefined
        return `${rdata.charCodeAt(0)} ${tag} ${printStrings([rdata.slice(tagEnd)])}`
      },
    },
  ],
])

const maxRdata = 0xffff

/**
 * Reads rdata in presentation form, or in the form for every type, `\# 4 0a000001` (RFC 3597 5). Relative names are relative
 * to the origin, if any. Throws RecordError.
 */
export function parseRdata(type: number, text: string, origin?: Name): Rdata {
  return parseRdataFields(type, new Fields(tokenize(text), origin))
}

/** As parseRdata, from tokens. */
export function parseRdataFields(type: number, fields: Fields): Rdata {
  const rdata = fields.skip('\\#') ? parseGeneric(type, fields) : parseKnown(type, fields)
  if (rdata.length > maxRdata) throw new RecordError(`rdata of ${rdata.length} octets`)
  return rdata as Rdata
}

function parseKnown(type: number, fields: Fields): string {
  const format = formats.get(type)
  if (format === undefined)
    throw new RecordError(`rdata of type ${printType(type)} can only be given as \\# LENGTH HEX`)
  const rdata = format.parse(fields)
  fields.end()
  return rdata
}

function parseGeneric(type: number, fields: Fields): string {
  const length = fields.number('length', maxRdata)
  const hex = fields.rest().reduce((digits, token) => digits + token.text, '')
  if (!/^[0-9a-fA-F]*$/.test(hex) || hex.length !== length * 2)
    throw new RecordError(`not ${length} octets in hexadecimal`)
  const rdata = Buffer.from(hex, 'hex').toString('latin1')
  check(type, rdata as Rdata)
  return rdata
}

/** Presentation form; `\# LENGTH HEX` of types that have none here and of malformed rdata. Never throws. */
export function printRdata(type: number, rdata: Rdata): string {
  const text = isWellFormed(type, rdata) ? formats.get(type)?.print(rdata) : undefined
  return text ?? `\\# ${rdata.length} ${Buffer.from(rdata, 'latin1').toString('hex')}`.trimEnd()
}
