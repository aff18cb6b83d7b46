// `rewrite edns0`: EDNS options of questions are set, added, replaced or taken away (RFC 6891 6.1.2).
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { readValue } from '../../corefile/read-block.ts'
import { ValueError } from '../../corefile/values.ts'
import { parseAddress } from '../../dns/address.ts'
import { Option } from '../../dns/codes.ts'
import { printName } from '../../dns/name.ts'
import { encode16 } from '../../dns/octets.ts'
import { changeQuery, type Edns, type EdnsOption, type Query } from '../../dns/query.ts'
import type { Reply } from '../../dns/reply.ts'
import type { WorkerContext } from '../../plugin.ts'
import type { Step } from './step.ts'

const actions = ['set', 'append', 'replace', 'unset'] as const

export interface EdnsRule {
  readonly field: 'edns0'
  readonly action: (typeof actions)[number]
  readonly code: number
  readonly data: Data
  /** Is the reply to have of this option what the client sent? */
  readonly revert: boolean
}

/** What goes into the option. */
type Data =
  | { readonly kind: 'octets'; readonly octets: string }
  | { readonly kind: 'variable'; readonly variable: string }
  /** The client's network, so many bits of it. */
  | { readonly kind: 'subnet'; readonly ipv4: number; readonly ipv6: number }

const nothing: Data = { kind: 'octets', octets: '' }

/** Throws CorefileError. */
export function parseEdnsRule(at: Directive, args: readonly string[]): EdnsRule {
  const fail = (problem: string) => new CorefileError(at, problem)
  if (args.length < 2) throw fail('too few arguments for an EDNS0 rule')
  const [type = '', word = ''] = args.map((arg) => arg.toLowerCase())
  const action = actions.find((candidate) => candidate === word)
  if (action === undefined) throw fail(`invalid action: ${JSON.stringify(word)}`)
  if (action === 'unset') return parseUnset(at, type, args)
  const revert = args.at(-1) === 'revert'
  const rest = revert ? args.slice(0, -1) : args
  const rule = { field: 'edns0', action, revert } as const
  const [, , first = '', second = ''] = rest
  switch (type) {
    case 'local': {
      if (rest.length !== 4) throw fail('EDNS0 local rules require three or four args')
      const code = readValue(at, () => parseUnsigned(first))
      return {
        ...rule,
        code,
        data: second.startsWith('{') && second.endsWith('}') ? variable(at, second) : octets(at, second),
      }
    }
    case 'nsid':
      if (rest.length !== 2) throw fail('EDNS0 NSID rules can accept no more than one arg')
      return { ...rule, code: Option.NSID, data: nothing }
    case 'subnet': {
      if (rest.length !== 4) throw fail('EDNS0 subnet rules require three or four args')
      const ipv4 = readValue(at, () => parseUnsigned(first))
      if (ipv4 > 32) throw fail(`invalid IPv4 bit mask length ${ipv4}`)
      const ipv6 = readValue(at, () => parseUnsigned(second))
      if (ipv6 > 128) throw fail(`invalid IPv6 bit mask length ${ipv6}`)
      return { ...rule, code: Option.CLIENT_SUBNET, data: { kind: 'subnet', ipv4, ipv6 } }
    }
    default:
      throw fail(`invalid rule type ${JSON.stringify(type)}`)
  }
}

function parseUnset(at: Directive, type: string, args: readonly string[]): EdnsRule {
  const rule = { field: 'edns0', action: 'unset', data: nothing, revert: false } as const
  const codes: Readonly<Record<string, number>> = { nsid: Option.NSID, subnet: Option.CLIENT_SUBNET }
  if (type === 'local') {
    if (args.length !== 3) throw new CorefileError(at, 'local unset action requires exactly two arguments')
    return { ...rule, code: readValue(at, () => parseUnsigned(args[2] ?? '')) }
  }
  const code = Object.hasOwn(codes, type) ? codes[type] : undefined
  if (code === undefined) throw new CorefileError(at, `invalid rule type ${JSON.stringify(type)}`)
  if (args.length !== 2) throw new CorefileError(at, `${type} unset action requires exactly one argument`)
  return { ...rule, code }
}

/** A number of 16 bits in decimal, or with Go's prefixes for others. Throws ValueError. */
function parseUnsigned(text: string): number {
  const fail = (why: string) => new ValueError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`)
  const octal = /^0([0-7]+)$/.exec(text)?.[1]
  const isNumber = /^(?:0|[1-9][0-9]*|0x[0-9a-f]+|0o[0-7]+|0b[01]+)$/i.test(text)
  if (octal === undefined && !isNumber) throw fail('invalid syntax')
  const value = octal === undefined ? Number(text) : Number(`0o${octal}`)
  if (value > 0xffff) throw fail('value out of range')
  return value
}

/** `0x` and hexadecimal digits, or the text itself in UTF-8. */
function octets(at: Directive, text: string): Data {
  if (!text.startsWith('0x')) return { kind: 'octets', octets: Buffer.from(text, 'utf8').toString('latin1') }
  const digits = text.slice(2)
  const [bad] = /[^0-9a-f]/iu.exec(digits) ?? []
  if (bad !== undefined) {
    const point = (Buffer.from(bad, 'utf8')[0] ?? 0).toString(16).toUpperCase().padStart(4, '0')
    throw new CorefileError(at, `encoding/hex: invalid byte: U+${point} '${bad}'`)
  }
  if (digits.length % 2 === 1) throw new CorefileError(at, 'encoding/hex: odd length hex string')
  return { kind: 'octets', octets: Buffer.from(digits, 'hex').toString('latin1') }
}

const ofQuery: Readonly<Record<string, (query: Query) => string | undefined>> = {
  '{qname}': (query) => printName(query.asked),
  '{qtype}': (query) => encode16(query.type),
  '{client_ip}': ({ client }) => addressOctets(client.address),
  '{client_port}': ({ client }) => encode16(client.port),
  '{server_ip}': ({ client }) => addressOctets(client.localAddress),
  '{server_port}': ({ client }) => encode16(client.localPort),
  '{protocol}': ({ client }) => (client.transport === 'udp' ? 'udp' : 'tcp'),
}

const addressOctets = (address: string): string | undefined => parseAddress(address.split('%', 1)[0] ?? '')

/** One of the above, or the key of metadata, of which no more can be said here than that it has a slash inside. */
function variable(at: Directive, text: string): Data {
  if (!Object.hasOwn(ofQuery, text) && !/^\{[^/]+\/.+\}$/s.test(text)) {
    throw new CorefileError(at, `unsupported variable name ${JSON.stringify(text)}`)
  }
  return { kind: 'variable', variable: text }
}

/** An option's data, as octets; undefined where there is none for this query. */
function dataOf(data: Data, query: Query, context: WorkerContext): string | undefined {
  if (data.kind === 'octets') return data.octets
  if (data.kind === 'subnet') return subnetOf(query, data.ipv4, data.ipv6)
  const read = Object.hasOwn(ofQuery, data.variable) ? ofQuery[data.variable] : undefined
  if (read !== undefined) return read(query)
  const key = data.variable.slice(1, -1)
  const value = context.offers.get(key.split('/', 1)[0] ?? '')?.metadata?.(query, key) ?? ''
  return value === '' ? undefined : Buffer.from(value, 'utf8').toString('latin1')
}

/** Family, length of the network, 0, and as many octets of the address as that takes (RFC 7871 6). */
function subnetOf({ client }: Query, ipv4: number, ipv6: number): string | undefined {
  const address = addressOctets(client.address)
  if (address === undefined) return undefined
  const isIpv4 = address.length === 4
  const bits = isIpv4 ? ipv4 : ipv6
  const kept = Buffer.from(address.slice(0, Math.ceil(bits / 8)), 'latin1')
  const last = kept.length - 1
  if (bits % 8 !== 0) kept[last] = (kept[last] as number) & (0xff << (8 - (bits % 8)))
  return `${encode16(isIpv4 ? 1 : 2)}${String.fromCharCode(bits, 0)}${kept.toString('latin1')}`
}

/** What a question without EDNS gets. */
const fresh: Edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] }

export function compileEdnsRule({ action, code, data, revert }: EdnsRule, context: WorkerContext): Step {
  /** Options that there may be only one of by their meaning are not added to. */
  const isSingle = data.kind !== 'octets'
  return (query) => {
    const edns = query.edns ?? fresh
    const to = (options: readonly EdnsOption[]): Query => changeQuery(query, { edns: { ...edns, options } })
    if (action === 'unset') return { query: to(edns.options.filter((option) => option.code !== code)) }
    const octetsNow = dataOf(data, query, context)
    if (octetsNow === undefined) return undefined
    const option = { code, data: octetsNow }
    const at = edns.options.findIndex((candidate) => candidate.code === code)
    if (at >= 0 && action !== 'append') {
      return { query: to(edns.options.with(at, option)), ...(revert && giveBack(code, edns.options[at])) }
    }
    if (action === 'replace' || (at >= 0 && isSingle)) return undefined
    return { query: to([...edns.options, option]), ...(revert && giveBack(code, undefined)) }
  }
}

/** In the place of the reply's option of this code, if it has one, what the client sent, if it did. */
function giveBack(code: number, sent: EdnsOption | undefined): { readonly revert: (reply: Reply) => Reply } {
  return {
    revert: (reply) => {
      const at = reply.options.findIndex((option) => option.code === code)
      if (at < 0) return reply
      return { ...reply, options: reply.options.toSpliced(at, 1, ...(sent === undefined ? [] : [sent])) }
    },
  }
}
