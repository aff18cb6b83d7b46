// SVCB and HTTPS rdata between wire and presentation form (RFC 9460 2.1, 2.2 and 7; keys 7 and 8: RFC 9461 5, RFC 9540 4).
//
//   priority (2), target (name, not compressed), then per parameter, keys ascending: key (2), length (2), value
import { parseAddress, printAddress } from './address.ts'
import { nameEnd } from './layout.ts'
import { type Name, printName } from './name.ts'
import { decode16, encode16 } from './octets.ts'
import { RecordError } from './record-error.ts'
import type { Rdata } from './rrset.ts'
import { type Fields, parseOctets, printOctets } from './tokens.ts'

/** How a parameter's value is written: its wire form from the octets after `=`, and back. Undefined where it is malformed. */
interface ParamFormat {
  readonly name: string
  parse(text: string): string | undefined
  print(value: string): string | undefined
}

const Key = { mandatory: 0, alpn: 1, noDefaultAlpn: 2 } as const
const maxKey = 65_534

const addresses = (name: string, size: number): ParamFormat => ({
  name,
  parse: (text) => {
    const octets = text.split(',').map(parseAddress)
    return octets.every((address) => address?.length === size) ? octets.join('') : undefined
  },
  print: (value) => {
    if (value.length === 0 || value.length % size !== 0) return undefined
    const texts: string[] = []
    for (let at = 0; at < value.length; at += size) texts.push(printAddress(value.slice(at, at + size)))
    return texts.join(',')
  },
})

const nothing = (name: string): ParamFormat => ({
  name,
  parse: (text) => (text === '' ? '' : undefined),
  print: (value) => (value === '' ? '' : undefined),
})

/** The parameters with a name; the place in the list is the key. */
const formats: readonly ParamFormat[] = [
  { name: 'mandatory', parse: parseMandatory, print: printMandatory },
  { name: 'alpn', parse: parseAlpn, print: printAlpn },
  nothing('no-default-alpn'),
  {
    name: 'port',
    parse: (text) => (/^[0-9]{1,5}$/.test(text) && Number(text) <= 0xffff ? encode16(Number(text)) : undefined),
    print: (value) => (value.length === 2 ? String(decode16(value, 0)) : undefined),
  },
  addresses('ipv4hint', 4),
  {
    name: 'ech',
    parse: (text) => {
      const octets = Buffer.from(text, 'base64')
      return text !== '' && octets.toString('base64') === text ? octets.toString('latin1') : undefined
    },
    print: (value) => (value === '' ? undefined : Buffer.from(value, 'latin1').toString('base64')),
  },
  addresses('ipv6hint', 16),
  { name: 'dohpath', parse: (text) => text, print: quote },
  nothing('ohttp'),
]

function parseMandatory(text: string): string | undefined {
  const keys = text.split(',').map(parseKey)
  if (!keys.every((key) => key !== undefined)) return undefined
  return keys
    .sort((a, b) => a - b)
    .map(encode16)
    .join('')
}

function printMandatory(value: string): string | undefined {
  if (value.length === 0 || value.length % 2 !== 0) return undefined
  const names: string[] = []
  for (let at = 0; at < value.length; at += 2) names.push(printKey(decode16(value, at)))
  return names.join(',')
}

/** Protocol names with commas between them; `\,` and `\\` are a comma and a backslash within one (RFC 9460 A.1). */
function parseAlpn(text: string): string | undefined {
  if (!/^(?:[^\\]|\\[\\,])*$/s.test(text)) return undefined
  const ids = [...text.matchAll(/(?:^|,)((?:[^\\,]|\\.)*)/gs)].map(([, id = '']) => id.replace(/\\(.)/gs, '$1'))
  if (!ids.every((id) => id !== '' && id.length <= 255)) return undefined
  return ids.map((id) => String.fromCharCode(id.length) + id).join('')
}

function printAlpn(value: string): string | undefined {
  const ids: string[] = []
  for (let at = 0; at < value.length; at += 1 + value.charCodeAt(at)) {
    const end = at + 1 + value.charCodeAt(at)
    if (end === at + 1 || end > value.length) return undefined
    ids.push(value.slice(at + 1, end).replace(/[\\,]/g, '\\$&'))
  }
  return ids.length === 0 ? undefined : quote(ids.join(','))
}

function quote(octets: string): string {
  return `"${printOctets(octets)}"`
}

function parseKey(name: string): number | undefined {
  const known = formats.findIndex((format) => format.name === name)
  if (known >= 0) return known
  const digits = /^key(0|[1-9][0-9]{0,4})$/.exec(name)?.[1]
  return digits !== undefined && Number(digits) <= maxKey ? Number(digits) : undefined
}

function printKey(key: number): string {
  return formats[key]?.name ?? `key${key}`
}

/** Reads `1 svc.example. alpn="h2,h3" port=8443`. Throws RecordError. */
export function parseSvcb(fields: Fields): Rdata {
  const priority = fields.number('priority', 0xffff)
  const target = fields.name('target')
  const params = new Map<number, string>()
  for (const { text } of fields.rest()) {
    const [name, value] = splitAtSign(text)
    const key = parseKey(name)
    if (key === undefined) throw new RecordError(`unknown parameter ${JSON.stringify(name)}`)
    if (params.has(key)) throw new RecordError(`parameter ${name} given twice`)
    const octets = parseOctets(value)
    // By its number a key takes any octets, the known ones too.
    const wire = name.startsWith('key') ? octets : formats[key]?.parse(octets)
    if (wire === undefined) throw new RecordError(`bad value of parameter ${name}`)
    params.set(key, wire)
  }
  const problem = problemOf(params)
  if (problem !== undefined) throw new RecordError(problem)
  let rdata = encode16(priority) + target
  for (const [key, value] of [...params].sort(([a], [b]) => a - b))
    rdata += encode16(key) + encode16(value.length) + value
  return rdata as Rdata
}

function splitAtSign(text: string): [name: string, value: string] {
  const sign = text.indexOf('=')
  return sign < 0 ? [text, ''] : [text.slice(0, sign), text.slice(sign + 1)]
}

/** What is wrong with parameters that stand together (RFC 9460 8 and 7.1.1), if anything is. */
function problemOf(params: ReadonlyMap<number, string>): string | undefined {
  const mandatory = params.get(Key.mandatory) ?? ''
  let before: number = Key.mandatory
  for (let at = 0; at + 1 < mandatory.length; at += 2) {
    const key = decode16(mandatory, at)
    if (key <= before) return 'bad list of mandatory parameters'
    if (!params.has(key)) return `mandatory parameter ${printKey(key)} is missing`
    before = key
  }
  return params.has(Key.noDefaultAlpn) && !params.has(Key.alpn) ? 'no-default-alpn without alpn' : undefined
}

/** Inverse of parseSvcb; undefined of what that wouldn't make. */
export function printSvcb(rdata: Rdata): string | undefined {
  const targetEnd = nameEnd(rdata, 2)
  if (!(targetEnd <= rdata.length)) return undefined
  let text = `${decode16(rdata, 0)} ${printName(rdata.slice(2, targetEnd) as Name)}`
  const params = new Map<number, string>()
  let before = -1
  for (let at = targetEnd; at < rdata.length; ) {
    const key = decode16(rdata, at)
    const end = at + 4 + decode16(rdata, at + 2)
    // Octets beyond the end read as 0.
    if (at + 4 > rdata.length || end > rdata.length || key <= before || key > maxKey) return undefined
    const value = rdata.slice(at + 4, end)
    const format = formats[key]
    const printed = format === undefined ? (value === '' ? '' : quote(value)) : format.print(value)
    if (printed === undefined) return undefined
    text += ` ${printKey(key)}${printed === '' ? '' : `=${printed}`}`
    params.set(key, value)
    before = key
    at = end
  }
  return problemOf(params) === undefined ? text : undefined
}
