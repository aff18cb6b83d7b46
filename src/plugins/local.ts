// `local`: what is this host itself is answered here and asked of nobody (RFC 6761 6.3, RFC 6303, RFC 1912 4.1).
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { readArg, readArgs, readBlock } from '../corefile/read-block.ts'
import { Class, printType, Rcode, Type } from '../dns/codes.ts'
import { isWithin, type Name, parseName, printName } from '../dns/name.ts'
import type { Query } from '../dns/query.ts'
import { encodeAddress, encodeName, encodeSoa } from '../dns/rdata.ts'
import { type Reply, reply } from '../dns/reply.ts'
import type { Rdata, Rrset } from '../dns/rrset.ts'
import { counter } from '../metrics.ts'
import type { Plugin } from '../plugin.ts'

interface LocalConfig {
  /** Is every name that begins with `localhost.` this host too? */
  readonly localhostPrefix: boolean
}

/** A week, seconds. */
const ttl = 604_800
const localhost = parseName('localhost.')
const zones = [localhost, ...['0', '127', '255'].map((octet) => parseName(`${octet}.in-addr.arpa.`))]
const loopback = parseName('1.0.0.127.in-addr.arpa.')
const soa = encodeSoa({
  mname: localhost,
  rname: parseName('root.localhost.'),
  serial: 1,
  refresh: 0,
  retry: 0,
  expire: 0,
  minimum: ttl,
})
const nameServer = encodeName(localhost)
const addresses: ReadonlyMap<number, Rdata> = new Map([
  [Type.A, encodeAddress('127.0.0.1')],
  [Type.AAAA, encodeAddress('::1')],
])
/** The label `localhost` with its length. */
const prefix = localhost.slice(0, -1)

const localhostRequests = counter(
  'coredns_local_localhost_requests_total',
  'Counter of special localhost subdomain requests.',
  [],
)

export const local: Plugin<LocalConfig> = {
  name: 'local',

  parse(directives) {
    return directives.reduce(parseLocal, { localhostPrefix: true })
  },

  handler({ localhostPrefix }, { log }) {
    const requests = localhostRequests.with()
    // hot
    return (query, next) => {
      const { name } = query
      const isBelow = name !== localhost && isWithin(name, localhost)
      if (isBelow || (localhostPrefix && name !== localhost && name.startsWith(prefix))) {
        log.debug(
          `Intercepting localhost query for ${JSON.stringify(printName(name))} ${printType(query.type)}, from ${query.client.address}`,
        )
        requests.inc()
        return answerHost(query)
      }
      for (const zone of zones) if (isWithin(name, zone)) return answerZone(query, zone)
      return next(query)
    }
  },
}

function parseLocal(config: LocalConfig, directive: Directive): LocalConfig {
  readArgs(directive, 0)
  let { localhostPrefix } = config
  readBlock(directive, {
    localhost_prefix: (property) => {
      const word = readArg(property)
      if (word !== 'on' && word !== 'off') {
        throw new CorefileError(property, `localhost_prefix expects 'on' or 'off', got ${JSON.stringify(word)}`)
      }
      localhostPrefix = word === 'on'
    },
  })
  return { localhostPrefix }
}

const recordOf = (owner: Name, type: number, rdata: Rdata): Rrset => ({
  owner,
  type,
  class: Class.IN,
  ttl,
  rdatas: [rdata],
})
const found = (query: Query, rdata: Rdata): Reply =>
  reply({ answer: [recordOf(query.asked, query.type, rdata)], plugin: 'local' })
const denied = (apex: Name, rcode: number = Rcode.NOERROR): Reply =>
  reply({ rcode, authority: [recordOf(apex, Type.SOA, soa)], plugin: 'local' })

/** The name is this host. */
function answerHost(query: Query): Reply {
  const address = addresses.get(query.type)
  return address === undefined ? denied(query.asked) : found(query, address)
}

/** Nothing but the apex is in these zones, and one PTR record. */
function answerZone(query: Query, zone: Name): Reply {
  const { name, asked, type } = query
  const apex = asked.slice(-zone.length) as Name
  if (name === loopback) return type === Type.PTR ? found(query, nameServer) : denied(apex)
  if (name !== zone) return denied(apex, Rcode.NXDOMAIN)
  if (type === Type.SOA) return found(query, soa)
  if (type === Type.NS) return found(query, nameServer)
  return zone === localhost ? answerHost(query) : denied(apex)
}
