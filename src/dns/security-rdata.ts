// Rdata of keys, signatures and fingerprints in presentation form (RFC 4034, RFC 4255, RFC 6698, RFC 7929): numbers, then
// octets in hexadecimal or base64 to the end.
import { parseType, printType, Type } from './codes.ts'
import { nameEnd } from './layout.ts'
import { type Name, printName } from './name.ts'
import { decode16, decode32, encode16, encode32 } from './octets.ts'
import type { Format } from './rdata-format.ts'
import { RecordError } from './record-error.ts'
import type { Fields } from './tokens.ts'

/** All that is left, in hexadecimal, perhaps in several words. */
function hex(fields: Fields, what: string): string {
  const digits = words(fields)
  if (digits.length === 0 || digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new RecordError(`${what} is not in hexadecimal`)
  }
  return Buffer.from(digits, 'hex').toString('latin1')
}

function base64(fields: Fields, what: string): string {
  const text = words(fields)
  if (text.length === 0 || text.length % 4 !== 0 || !/^[0-9a-z+/]*={0,2}$/i.test(text)) {
    throw new RecordError(`${what} is not in base64`)
  }
  return Buffer.from(text, 'base64').toString('latin1')
}

const words = (fields: Fields): string =>
  fields
    .rest()
    .map(({ text }) => text)
    .join('')

const printHex = (octets: string): string => Buffer.from(octets, 'latin1').toString('hex').toUpperCase()
const printBase64 = (octets: string): string => Buffer.from(octets, 'latin1').toString('base64')
const octet = (fields: Fields, what: string): string => String.fromCharCode(fields.number(what, 255))

/** DS, CDS, DLV: key tag (2), algorithm (1), digest type (1), digest. */
const digest: Format = {
  parse: (fields) =>
    encode16(fields.number('key tag', 0xffff)) +
    octet(fields, 'algorithm') +
    octet(fields, 'digest type') +
    hex(fields, 'digest'),
  print: (rdata) =>
    rdata.length < 5
      ? undefined
      : `${decode16(rdata, 0)} ${rdata.charCodeAt(2)} ${rdata.charCodeAt(3)} ${printHex(rdata.slice(4))}`,
}

/** DNSKEY, CDNSKEY, KEY: flags (2), protocol (1), algorithm (1), key. */
const key: Format = {
  parse: (fields) =>
    encode16(fields.number('flags', 0xffff)) +
    octet(fields, 'protocol') +
    octet(fields, 'algorithm') +
    base64(fields, 'key'),
  print: (rdata) =>
    rdata.length < 5
      ? undefined
      : `${decode16(rdata, 0)} ${rdata.charCodeAt(2)} ${rdata.charCodeAt(3)} ${printBase64(rdata.slice(4))}`,
}

/** TLSA, SMIMEA: usage, selector, matching type (1 each), data. SSHFP: algorithm, type (1 each), fingerprint. */
const numbered = (...whats: readonly string[]): Format => ({
  parse: (fields) => whats.map((what) => octet(fields, what)).join('') + hex(fields, 'data'),
  print: (rdata) => {
    if (rdata.length <= whats.length) return undefined
    const numbers = whats.map((_, i) => rdata.charCodeAt(i))
    return `${numbers.join(' ')} ${printHex(rdata.slice(whats.length))}`
  },
})

/**
 * RRSIG: type covered (2), algorithm (1), labels (1), original TTL (4), expiration (4), inception (4), key tag (2), signer's
 * name, signature.
 */
const signature: Format = {
  parse: (fields) =>
    encode16(type(fields)) +
    octet(fields, 'algorithm') +
    octet(fields, 'labels') +
    encode32(fields.number('original TTL', 0xffff_ffff)) +
    encode32(time(fields, 'expiration')) +
    encode32(time(fields, 'inception')) +
    encode16(fields.number('key tag', 0xffff)) +
    fields.name('signer') +
    base64(fields, 'signature'),
  print: (rdata) => {
    const end = nameEnd(rdata, 18)
    if (!(end < rdata.length)) return undefined
    const fields = [
      printType(decode16(rdata, 0)),
      rdata.charCodeAt(2),
      rdata.charCodeAt(3),
      decode32(rdata, 4),
      printTime(decode32(rdata, 8)),
      printTime(decode32(rdata, 12)),
      decode16(rdata, 16),
      printName(rdata.slice(18, end) as Name),
      printBase64(rdata.slice(end)),
    ]
    return fields.join(' ')
  },
}

function type(fields: Fields): number {
  const { text } = fields.token('type covered')
  const covered = parseType(text)
  if (covered === undefined) throw new RecordError(`unknown type ${JSON.stringify(text)}`)
  return covered
}

/** `YYYYMMDDHHmmSS` in UTC, or seconds since 1970, which have 10 digits at most (RFC 4034 3.2). */
function time(fields: Fields, what: string): number {
  const { text } = fields.token(what)
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text) ?? []
  const seconds = /^\d{1,10}$/.test(text)
    ? Number(text)
    : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1000
  if (!(seconds >= 0 && (text.length > 10 || seconds <= 0xffff_ffff))) {
    throw new RecordError(`bad ${what}: ${JSON.stringify(text)}`)
  }
  // Times go in a circle (RFC 1982).
  return seconds % 2 ** 32
}

const printTime = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/[-:T]|\..*/g, '')

/** NSEC: next name, then the types there are, by windows of 256 (RFC 4034 4.1.2). */
const denial: Format = {
  parse: (fields) => {
    const next = fields.name('next name')
    const types = new Set<number>()
    for (const { text } of fields.rest()) {
      const number = parseType(text)
      if (number === undefined) throw new RecordError(`unknown type ${JSON.stringify(text)}`)
      types.add(number)
    }
    return next + encodeTypes(types)
  },
  print: (rdata) => {
    const end = nameEnd(rdata, 0)
    const types = Number.isNaN(end) ? undefined : decodeTypes(rdata.slice(end))
    if (types === undefined) return undefined
    return [printName(rdata.slice(0, end) as Name), ...types.map(printType)].join(' ')
  },
}

function encodeTypes(types: Iterable<number>): string {
  const windows = new Map<number, number[]>()
  for (const each of [...types].sort((a, b) => a - b)) {
    const window = windows.get(each >> 8) ?? []
    windows.set(each >> 8, window)
    const at = (each & 255) >> 3
    while (window.length <= at) window.push(0)
    window[at] = (window[at] as number) | (0x80 >> (each & 7))
  }
  return [...windows].map(([window, bits]) => String.fromCharCode(window, bits.length, ...bits)).join('')
}

/** Undefined where it is not as encodeTypes makes it. */
function decodeTypes(octets: string): number[] | undefined {
  const types: number[] = []
  for (let at = 0; at < octets.length; at += 2 + octets.charCodeAt(at + 1)) {
    for (let i = 0; i < octets.charCodeAt(at + 1); i++) {
      const bits = octets.charCodeAt(at + 2 + i)
      for (let bit = 0; bit < 8; bit++) {
        if ((bits & (0x80 >> bit)) !== 0) types.push((octets.charCodeAt(at) << 8) | (i << 3) | bit)
      }
    }
  }
  return encodeTypes(types) === octets ? types : undefined
}

const base64Only: Format = { parse: (fields) => base64(fields, 'key'), print: printBase64 }

export const securityFormats: readonly (readonly [number, Format])[] = [
  [25, key],
  [Type.DS, digest],
  [Type.SSHFP, numbered('algorithm', 'fingerprint type')],
  [Type.RRSIG, signature],
  [Type.NSEC, denial],
  [Type.DNSKEY, key],
  [Type.TLSA, numbered('usage', 'selector', 'matching type')],
  [53, numbered('usage', 'selector', 'matching type')], // SMIMEA
  [59, digest], // CDS
  [60, key], // CDNSKEY
  [61, base64Only], // OPENPGPKEY
  [32_769, digest], // DLV
]
