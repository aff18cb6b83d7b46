// IPv4 and IPv6 addresses: text, octets, reverse names (RFC 1035 3.5, RFC 3596 2.5) and networks.
//
// Octets are held as everywhere in dns/: in a string, one character (U+0000 to U+00FF) per octet, 4 or 16 of them.
import { isIPv4, isIPv6 } from 'node:net'
import { isWithin, labelsOf, type Name, parseName, prepend } from './name.ts'

const mappedPrefix = '\0\0\0\0\0\0\0\0\0\0\xff\xff'
const inAddrArpa = parseName('in-addr.arpa.')
const ip6Arpa = parseName('ip6.arpa.')

/** The 4 or 16 octets of an address; undefined for anything else, an address with a zone id (`fe80::1%eth0`) included. */
export function parseAddress(text: string): string | undefined {
  if (isIPv4(text)) return parseIpv4(text)
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [head = '', tail] = text.split('::')
  const left = parseGroups(head)
  if (tail === undefined) return left
  const right = parseGroups(tail)
  return left + '\0'.repeat(16 - left.length - right.length) + right
}

function parseIpv4(text: string): string {
  return String.fromCharCode(...text.split('.').map(Number))
}

function parseGroups(text: string): string {
  if (text === '') return ''
  let octets = ''
  for (const group of text.split(':')) {
    if (group.includes('.')) octets += parseIpv4(group)
    else {
      const value = Number.parseInt(group, 16)
      octets += String.fromCharCode(value >> 8, value & 0xff)
    }
  }
  return octets
}

/** Canonical text (RFC 5952; IPv4-mapped addresses as `::ffff:1.2.3.4`). Throws RangeError unless 4 or 16 octets. */
export function printAddress(octets: string): string {
  if (octets.length === 4) return printIpv4(octets, 0)
  if (octets.length !== 16) throw new RangeError(`an address of ${octets.length} octets`)
  if (octets.startsWith(mappedPrefix)) return `::ffff:${printIpv4(octets, 12)}`
  const groups: string[] = []
  for (let at = 0; at < 16; at += 2)
    groups.push(((octets.charCodeAt(at) << 8) | octets.charCodeAt(at + 1)).toString(16))
  const zeros = longestZeros(groups)
  if (zeros.length < 2) return groups.join(':')
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.start + zeros.length).join(':')}`
}

function printIpv4(octets: string, at: number): string {
  return `${octets.charCodeAt(at)}.${octets.charCodeAt(at + 1)}.${octets.charCodeAt(at + 2)}.${octets.charCodeAt(at + 3)}`
}

/** The longest run of zero groups, the first of equals (RFC 5952 4.2.3). */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [at, group] of groups.entries()) {
    if (group !== '0') start = at + 1
    else if (at + 1 - start > best.length) best = { start, length: at + 1 - start }
  }
  return best
}

/** Text to canonical text; undefined where it is no address. An IPv4-mapped address stays the IPv6 address it is. */
export function canonicalAddress(text: string): string | undefined {
  const octets = parseAddress(text)
  return octets === undefined ? undefined : printAddress(octets)
}

/** Of an IPv4-mapped IPv6 address the IPv4 address; every other text as it is. */
export function unmappedAddress(text: string): string {
  // hot: asked for every datagram, nearly always of a plain address.
  if (!text.includes(':')) return text
  const octets = parseAddress(text)
  return octets?.startsWith(mappedPrefix) ? printIpv4(octets, 12) : text
}

/** `1.0.0.10.in-addr.arpa.` of 10.0.0.1, or 32 nibbles under `ip6.arpa.`. Throws RangeError for what is no address. */
export function reverseName(address: string): Name {
  const octets = parseAddress(address)
  if (octets === undefined) throw new RangeError(`${JSON.stringify(address)} is no address`)
  const labels = reverseLabels(octets)
  return prepend(labels.reverse(), octets.length === 4 ? inAddrArpa : ip6Arpa)
}

/** The labels of the octets, most significant first: decimal octets of IPv4, nibbles of IPv6. */
function reverseLabels(octets: string): string[] {
  const labels: string[] = []
  for (let at = 0; at < octets.length; at++) {
    const octet = octets.charCodeAt(at)
    if (octets.length === 4) labels.push(String(octet))
    else labels.push((octet >> 4).toString(16), (octet & 15).toString(16))
  }
  return labels
}

/** The address, in canonical text, of a complete reverse name; undefined of any other name. Takes a lower-cased name. */
export function addressOfReverse(name: Name): string | undefined {
  if (isWithin(name, inAddrArpa)) return ipv4OfReverse(name)
  if (!isWithin(name, ip6Arpa)) return undefined
  const nibbles = labelsOf(name).slice(0, -2).reverse()
  if (nibbles.length !== 32 || !nibbles.every((label) => /^[0-9a-f]$/.test(label))) return undefined
  return printAddress(Buffer.from(nibbles.join(''), 'hex').toString('latin1'))
}

// hot
function ipv4OfReverse(name: Name): string | undefined {
  const end = name.length - inAddrArpa.length
  let text = ''
  let count = 0
  for (let at = 0; at < end; count++) {
    const next = at + 1 + name.charCodeAt(at)
    const octet = decimalOctet(name, at + 1, next)
    if (octet < 0 || count === 4) return undefined
    text = count === 0 ? `${octet}` : `${octet}.${text}`
    at = next
  }
  return count === 4 ? text : undefined
}

/** What the digits from `at` to `end` say; -1 for what would be ambiguous: signs, leading zeros, values over 255. */
// hot
function decimalOctet(text: string, at: number, end: number): number {
  if (end - at > 3 || (text.charCodeAt(at) === 0x30 && end - at > 1)) return -1
  let value = 0
  for (let i = at; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value > 255 ? -1 : value
}

/** A block of addresses (RFC 4632 3.1). */
export interface Cidr {
  /** Its first address, canonical text. */
  readonly address: string
  /** Bits that all its addresses share. */
  readonly prefix: number
  readonly family: 4 | 6
  /** Is this address (text) one of them? False for what is no address, or one of the other family. */
  readonly contains: (address: string) => boolean
}

/** Reads `10.0.0.0/8` or `2001:db8::/32`; bits set below the prefix are cleared. Undefined for anything else. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const octets = parseAddress(text.slice(0, Math.max(slash, 0)))
  const digits = text.slice(slash + 1)
  if (octets === undefined || !/^[0-9]{1,3}$/.test(digits)) return undefined
  const prefix = Number(digits)
  if (prefix > octets.length * 8) return undefined
  const network = maskOctets(octets, prefix)
  return {
    address: printAddress(network),
    prefix,
    family: octets.length === 4 ? 4 : 6,
    contains: (address) => {
      const other = parseAddress(address)
      return other !== undefined && other.length === network.length && maskOctets(other, prefix) === network
    },
  }
}

/** As `parseCidr`; IPv4 written as IPv6 (`::ffff:10.0.0.0/104`) is IPv4. */
export function parseUnmappedCidr(text: string): Cidr | undefined {
  const cidr = parseCidr(text)
  if (cidr === undefined || cidr.family === 4 || cidr.prefix < 96) return cidr
  const address = unmappedAddress(cidr.address)
  return address === cidr.address ? cidr : parseCidr(`${address}/${cidr.prefix - 96}`)
}

/**
 * Is an address (text) in one of these networks? Takes no longer for many than for one of each length. False for what is no
 * address.
 */
export function networkSet(cidrs: readonly Cidr[]): (address: string) => boolean {
  const groups: { readonly width: number; readonly prefix: number; readonly networks: Set<string> }[] = []
  for (const { address, prefix } of cidrs) {
    const network = parseAddress(address) as string
    const group = groups.find((each) => each.width === network.length && each.prefix === prefix)
    if (group === undefined) groups.push({ width: network.length, prefix, networks: new Set([network]) })
    else group.networks.add(network)
  }
  return (address) => {
    const octets = parseAddress(address)
    if (octets === undefined) return false
    for (const { width, prefix, networks } of groups) {
      if (width === octets.length && networks.has(maskOctets(octets, prefix))) return true
    }
    return false
  }
}

function maskOctets(octets: string, prefix: number): string {
  const whole = prefix >> 3
  if (whole === octets.length) return octets
  const part = octets.charCodeAt(whole) & (0xff00 >> (prefix & 7))
  return octets.slice(0, whole) + String.fromCharCode(part) + '\0'.repeat(octets.length - whole - 1)
}

/**
 * The reverse zones that together hold the names of the block's addresses and as few others as possible: one where the
 * prefix is a label boundary (8 bits of IPv4, 4 of IPv6), else those of the next boundary, up to 128, in address order.
 * A /25 to /31 of IPv4 so becomes zones of single addresses, as in CoreDNS.
 */
export function reverseZones(cidr: Cidr): Name[] {
  const [apex, bits, radix] = cidr.family === 4 ? ([inAddrArpa, 8, 10] as const) : ([ip6Arpa, 4, 16] as const)
  const kept = Math.ceil(cidr.prefix / bits)
  const labels = reverseLabels(parseAddress(cidr.address) as string).slice(0, kept)
  const last = labels.pop()
  if (last === undefined) return [apex]
  const parent = prepend(labels.reverse(), apex)
  const first = Number.parseInt(last, radix)
  const zones: Name[] = []
  for (let i = 0; i < 1 << (kept * bits - cidr.prefix); i++) zones.push(prepend([(first + i).toString(radix)], parent))
  return zones
}
