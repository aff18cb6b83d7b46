// `dns64`: IPv6 addresses for names that have only IPv4 ones, for clients behind a NAT64 (RFC 6147, RFC 6052 2.2).
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { readArg, readArgs, readBlock, unknownProperty } from '../corefile/read-block.ts'
import { parseAddress, parseCidr, printAddress } from '../dns/address.ts'
import { Class, Rcode, Type } from '../dns/codes.ts'
import { type Query, withQuestion } from '../dns/query.ts'
import { decodeAddress, encodeAddress } from '../dns/rdata.ts'
import { type Reply, silence } from '../dns/reply.ts'
import type { Rdata, Rrset } from '../dns/rrset.ts'
import { after } from '../maybe.ts'
import { counter } from '../metrics.ts'
import type { Plugin } from '../plugin.ts'

interface Dns64Config {
  /** The network that IPv4 addresses are put into, canonical text and bits: 32 to 96, a multiple of 8. */
  readonly network: string
  readonly bits: number
  /** Are there IPv6 addresses made where a name has some of its own? */
  readonly all: boolean
  /** Are they made for clients that ask by IPv4? */
  readonly overIpv4: boolean
}

/** RFC 6052 2.1. */
const wellKnown: Dns64Config = { network: '64:ff9b::', bits: 96, all: false, overIpv4: false }
/** Seconds that made addresses live at most where the denial of others doesn't say (RFC 6147 5.1.7). */
const maxTtl = 600

const translated = counter('coredns_dns64_requests_translated_total', 'Counter of DNS requests translated by dns64.', [
  'server',
])

export const dns64: Plugin<Dns64Config> = {
  name: 'dns64',

  /** Several directives add up; of several prefixes the last one counts. */
  parse(directives) {
    return directives.reduce(parseDns64, wellKnown)
  },

  handler({ network, bits, all, overIpv4 }, { ask }) {
    const prefix = (parseAddress(network) as string).slice(0, bits / 8)
    const hasOwn = (reply: Reply) => !all && reply.answer.some((rrset) => rrset.type === Type.AAAA)
    return (query, next) => {
      const isAsked = query.type === Type.AAAA && query.class === Class.IN
      if (!isAsked || !(overIpv4 || query.client.address.includes(':'))) return next(query)
      return after(next(query), (reply) => {
        if (reply === silence || reply.rcode === Rcode.NXDOMAIN || hasOwn(reply)) return reply
        return after(ask(addressQuestion(query)), (found) => {
          translated.with(query.client.server).inc()
          return found === silence ? silence : translate(found, prefix, ttlOf(reply))
        })
      })
    }
  },
}

const addressQuestion = (query: Query): Query => withQuestion(query, query.asked, query.name, Type.A)

/** How long the reply without IPv6 addresses is true, seconds. */
function ttlOf(reply: Reply): number {
  return reply.authority.find((rrset) => rrset.type === Type.SOA)?.ttl ?? maxTtl
}

/** The reply to the question for A with other addresses in it. It is nobody's own data, and not what was signed. */
function translate(found: Reply, prefix: string, ttl: number): Reply {
  const answer = found.answer.map(
    (rrset): Rrset =>
      rrset.type === Type.A
        ? {
            ...rrset,
            type: Type.AAAA,
            ttl: Math.min(rrset.ttl, ttl),
            rdatas: rrset.rdatas.map((rdata) => embed(prefix, rdata)),
          }
        : rrset,
  )
  return { ...found, answer, authoritative: false, authenticData: false, plugin: 'dns64' }
}

/** The IPv6 address with the IPv4 one after the prefix; bits 64 to 71 stay zero where they are not the prefix's (RFC 6052 2.2). */
function embed(prefix: string, rdata: Rdata): Rdata {
  const octets = prefix + parseAddress(decodeAddress(rdata))
  const whole = prefix.length <= 8 ? `${octets.slice(0, 8)}\0${octets.slice(8)}` : octets
  return encodeAddress(printAddress(whole.padEnd(16, '\0')))
}

function parseDns64(before: Dns64Config, directive: Directive): Dns64Config {
  const [text] = readArgs(directive, 0, 1)
  let config = text === undefined ? before : { ...before, ...parsePrefix(directive, text) }
  readBlock(directive, {
    prefix: (property) => {
      // More than one would be a property of that name.
      if (property.args.length > 1) throw unknownProperty({ ...property, name: property.args[1] as string })
      config = { ...config, ...parsePrefix(property, readArg(property)) }
    },
    translate_all: (property) => {
      checkWord(property)
      config = { ...config, all: true }
    },
    allow_ipv4: (property) => {
      checkWord(property)
      config = { ...config, overIpv4: true }
    },
  })
  return config
}

/** What stands after a word would be a property of that name. */
function checkWord(property: Directive): void {
  const [name] = property.args
  if (name !== undefined) throw unknownProperty({ ...property, name })
}

function parsePrefix(at: Directive, text: string): Pick<Dns64Config, 'network' | 'bits'> {
  const cidr = parseCidr(text)
  if (cidr === undefined) throw new CorefileError(at, `invalid CIDR address: ${text}`)
  const { address, prefix: bits, family } = cidr
  if (family === 4) throw new CorefileError(at, `invalid netmask 32 IPv6 address: "${address}/${bits}"`)
  if (bits % 8 !== 0 || bits < 32 || bits > 96) {
    throw new CorefileError(at, `invalid prefix length "${address}/${bits}"`)
  }
  return { network: address, bits }
}
