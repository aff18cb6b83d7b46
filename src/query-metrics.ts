// What is counted of every query, by `prometheus` for the queries of its server blocks and by the server for the others.
import { printRcode, printType, Rcode, Type } from './dns/codes.ts'
import type { Query } from './dns/query.ts'
import { type Reply, silence } from './dns/reply.ts'
import { replySize } from './dns/reply-size.ts'
import { type Counter, counter, durationBuckets, type Histogram, histogram } from './metrics.ts'

/** Faults of this program: what a handler threw and shouldn't have, and workers that died. */
export const panics = counter('coredns_panics_total', 'A metrics that counts the number of panics.', []).with()

/** The zone of queries that no server block wanted. */
export const noZone = 'dropped'

const octets = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3]

const requests = counter('coredns_dns_requests_total', 'Counter of DNS requests made per zone, protocol and family.', [
  'server',
  'zone',
  'view',
  'proto',
  'family',
  'type',
])
const durations = histogram(
  'coredns_dns_request_duration_seconds',
  'Histogram of the time (in seconds) each request took per zone.',
  ['server', 'zone', 'view'],
  durationBuckets,
)
const requestSizes = histogram(
  'coredns_dns_request_size_bytes',
  // CoreDNS's words; what is counted there too is the size of the request.
  'Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.',
  ['server', 'zone', 'view', 'proto'],
  octets,
)
const requestsWithDo = counter('coredns_dns_do_requests_total', 'Counter of DNS requests with DO bit set per zone.', [
  'server',
  'zone',
  'view',
])
const responseSizes = histogram(
  'coredns_dns_response_size_bytes',
  'Size of the returned response in bytes.',
  ['server', 'zone', 'view', 'proto'],
  octets,
)
const responses = counter('coredns_dns_responses_total', 'Counter of response status codes.', [
  'server',
  'zone',
  'view',
  'rcode',
  'plugin',
])

/** Types by name; strangers must not be able to make more series. */
const named = new Set<number>([
  ...[Type.A, Type.AAAA, Type.ANY, Type.AXFR, Type.CNAME, Type.DNSKEY, Type.DS, Type.HTTPS, Type.IXFR, Type.MX],
  ...[Type.NS, Type.NSEC, Type.NSEC3, Type.PTR, Type.RRSIG, Type.SOA, Type.SRV, Type.SVCB, Type.TXT],
])

/** The metrics of queries that came to one listener in one way, found once. */
interface Path {
  readonly duration: Histogram
  readonly requestSize: Histogram
  readonly responseSize: Histogram
  /** By number, where the type has a name. */
  readonly types: (Counter | undefined)[]
  /** By plugin, then by rcode. */
  readonly responses: Map<string, (Counter | undefined)[]>
}

/**
 * Counts queries under a zone as text, or `noZone`, with their replies; all of them come to one server block, and so are of
 * one view. `seconds` is what the reply took; its size is
 * that before it is compressed and cut, as in CoreDNS.
 */
export function queryCounter(zone: string): (query: Query, reply: Reply, seconds: number) => void {
  /** By listener; then UDP and TCP over IPv4, the same over IPv6. */
  const paths = new Map<string, (Path | undefined)[]>()
  // Of the client that was counted last: the same one asks again, as a rule, and the text of its address is the same too.
  let lastAddress = ''
  let lastIsV6 = false

  const openPath = (server: string, view: string, way: number): Path => {
    const protocol = way % 2 === 0 ? 'udp' : 'tcp'
    return {
      duration: durations.with(server, zone, view),
      requestSize: requestSizes.with(server, zone, view, protocol),
      responseSize: responseSizes.with(server, zone, view, protocol),
      types: [],
      responses: new Map(),
    }
  }
  const typeCounter = (path: Path, query: Query, way: number): Counter => {
    const { server } = query.client
    const name = named.has(query.type) ? printType(query.type) : 'other'
    const found = requests.with(
      server,
      zone,
      query.view ?? '',
      way % 2 === 0 ? 'udp' : 'tcp',
      way < 2 ? '1' : '2',
      name,
    )
    if (named.has(query.type)) path.types[query.type] = found
    return found
  }
  const responseCounter = (path: Path, { client, view = '' }: Query, rcode: number, plugin: string): Counter => {
    const found = responses.with(client.server, zone, view, printRcode(rcode), plugin)
    const rcodes = path.responses.get(plugin) ?? []
    rcodes[rcode] = found
    path.responses.set(plugin, rcodes)
    return found
  }

  // hot
  return (query, reply, seconds) => {
    const { address, server, transport } = query.client
    if (address !== lastAddress) {
      lastAddress = address
      lastIsV6 = address.includes(':')
    }
    const way = (transport === 'udp' ? 0 : 1) + (lastIsV6 ? 2 : 0)
    let ways = paths.get(server)
    if (ways === undefined) {
      ways = []
      paths.set(server, ways)
    }
    let path = ways[way]
    if (path === undefined) {
      path = openPath(server, query.view ?? '', way)
      ways[way] = path
    }
    // Nothing was sent: CoreDNS's recorder is left at NOERROR and no octets.
    const silent = reply === silence
    const rcode = silent ? Rcode.NOERROR : reply.rcode
    const plugin = silent ? '' : reply.plugin
    if (query.edns?.dnssecOk === true) requestsWithDo.with(server, zone, query.view ?? '').inc()
    const requestsOfType = path.types[query.type] ?? typeCounter(path, query, way)
    requestsOfType.inc()
    path.duration.observe(seconds)
    path.requestSize.observe(query.size)
    path.responseSize.observe(silent ? 0 : replySize(query, reply))
    const responsesOfRcode = path.responses.get(plugin)?.[rcode] ?? responseCounter(path, query, rcode, plugin)
    responsesOfRcode.inc()
  }
}
