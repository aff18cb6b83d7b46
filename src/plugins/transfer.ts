// `transfer`: hands over whole zones of the block's other plugins (AXFR, RFC 5936; IXFR, RFC 1995), to those who may have them.
import { CorefileError, type Directive, type ServerBlock } from '../corefile/directive.ts'
import { readArg, readArgs, readBlock } from '../corefile/read-block.ts'
import { parseHostPort, ValueError } from '../corefile/values.ts'
import { zonesOf } from '../corefile/zones.ts'
import { canonicalAddress, unmappedAddress } from '../dns/address.ts'
import { Rcode, Type } from '../dns/codes.ts'
import { isWithin, type Name, printName } from '../dns/name.ts'
import type { Query } from '../dns/query.ts'
import { decodeSoa } from '../dns/rdata.ts'
import { errorReply, type Reply, reply } from '../dns/reply.ts'
import type { Rdata, Rrset } from '../dns/rrset.ts'
import type { Log } from '../log.ts'
import type { Facets, Plugin } from '../plugin.ts'

interface TransferRule {
  readonly zones: readonly Name[]
  /** Addresses, as those of clients are written; `*` is everybody's. */
  readonly to: readonly string[]
}

export const transfer: Plugin<readonly TransferRule[]> = {
  name: 'transfer',

  parse: (directives, block) => directives.map((directive) => parseRule(directive, block)),

  handler(rules, { offers, log }) {
    const offered = [...offers.values()].flatMap((facets) => facets.transfer ?? [])
    return (query, next) => {
      if (query.type !== Type.AXFR && query.type !== Type.IXFR) return next(query)
      const { transport, address } = query.client
      const isStream = transport === 'tcp' || transport === 'tls'
      // By UDP there is but the one thing to say that fits: what an incremental transfer would lead to (RFC 1995 2).
      if (!isStream && (transport !== 'udp' || query.type !== Type.IXFR)) return refused
      const rule = longestMatch(rules, query.name)
      if (rule === undefined) return isStream ? next(query) : refused
      if (!rule.to.includes('*') && !rule.to.includes(address)) return refused
      if (query.type === Type.IXFR && query.serial === undefined) return failed
      for (const zoneOf of offered) {
        const soa = soaOf(zoneOf, query.name)
        if (soa === undefined) continue
        if (!isStream) return single(soa)
        if (isCurrent(query, soa)) {
          log.info(`Outgoing noop, incremental transfer for up to date zone ${describe(query, soa)}`)
          return single(soa)
        }
        const records = zoneOf(query.name) ?? []
        return { ...whole, transfer: counted(records, (count) => tell(log, count, query, soa)) }
      }
      return isStream ? next(query) : refused
    }
  },
}

const refused: Reply = { ...errorReply(Rcode.REFUSED), plugin: 'transfer' }
const failed: Reply = { ...errorReply(Rcode.SERVFAIL), plugin: 'transfer' }
const whole: Reply = reply({ authoritative: true, plugin: 'transfer' })

function single(soa: Rrset): Reply {
  return { ...whole, answer: [soa] }
}

function parseRule(directive: Directive, block: ServerBlock): TransferRule {
  const to: string[] = []
  let hasSource = false
  readBlock(
    directive,
    {
      to: (property) => {
        for (const host of readArgs(property, 1, Number.POSITIVE_INFINITY)) to.push(parseTo(host, property))
      },
      // The address that NOTIFY would come from.
      source: (property) => {
        const address = readArg(property)
        if (hasSource) throw new CorefileError(property, 'source already specified')
        if (canonicalAddress(address) === undefined) {
          throw new CorefileError(property, `invalid source address ${JSON.stringify(address)}`)
        }
        hasSource = true
      },
    },
    (property) => new CorefileError(property, `unknown property ${JSON.stringify(property.name)}`),
  )
  if (to.length === 0) throw new CorefileError(directive, "'to' is required")
  return { zones: zonesOf(directive.args, block), to }
}

/** `*`, or an address with or without a port, which is where NOTIFY would go: nobody asks from it. Throws CorefileError. */
function parseTo(host: string, property: Directive): string {
  if (host === '*') return host
  const text = hostOf(host)
  const [, plain = '', interfaceName = ''] = /^([^%]*)(%.*)?$/s.exec(text) ?? []
  const address = canonicalAddress(plain)
  if (address === undefined) throw new CorefileError(property, `must specify an IP address: \`${text}'`)
  return unmappedAddress(address) + interfaceName
}

function hostOf(text: string): string {
  try {
    return parseHostPort(text).host
  } catch (error) {
    if (error instanceof ValueError) return text
    throw error
  }
}

/** The rule with the longest zone that the name is in. */
function longestMatch(rules: readonly TransferRule[], name: Name): TransferRule | undefined {
  let best: TransferRule | undefined
  let length = 0
  for (const rule of rules) {
    for (const zone of rule.zones) {
      if (zone.length <= length || !isWithin(name, zone)) continue
      best = rule
      length = zone.length
    }
  }
  return best
}

type ZoneOf = NonNullable<Facets['transfer']>

/** The record a transfer begins with; undefined where this is nobody's zone. */
function soaOf(zoneOf: ZoneOf, zone: Name): Rrset | undefined {
  const records = zoneOf(zone)
  if (records === undefined) return undefined
  const [soa] = records
  if (soa?.type !== Type.SOA) throw new Error(`a transfer of ${printName(zone)} that doesn't begin with a SOA record`)
  return soa
}

function serialOf({ rdatas }: Rrset): number {
  return decodeSoa(rdatas[0] as Rdata).serial
}

/** Does the asker have this version, or a later one (RFC 1982 3.2)? With serial 0 nobody has anything, as in CoreDNS. */
function isCurrent({ type, serial = 0 }: Query, soa: Rrset): boolean {
  return type === Type.IXFR && serial !== 0 && ((serial - serialOf(soa)) | 0) >= 0
}

/** The records, and when the last one was taken the number of them. */
function* counted(records: Iterable<Rrset>, done: (count: number) => void): Generator<Rrset> {
  let count = 0
  for (const rrset of records) {
    count += rrset.rdatas.length
    yield rrset
  }
  done(count)
}

function tell(log: Log, count: number, query: Query, soa: Rrset): void {
  log.info(`Outgoing transfer of ${count} records of zone ${describe(query, soa)}`)
}

function describe({ asked, client }: Query, soa: Rrset): string {
  return `${JSON.stringify(printName(asked))} to ${client.address} for ${serialOf(soa)} SOA serial`
}
