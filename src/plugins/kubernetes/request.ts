// Reads what a name in a cluster zone asks for (Kubernetes DNS-Based Service Discovery 2).
import type { Name } from '../../dns/name.ts'
import { octetsOf } from '../../dns/name-octets.ts'
import { isReverseName, type Zone } from './zone.ts'

/**
 * `apex`: the zone itself. `branch`: a name that exists for the sake of those below it. `version`: `dns-version`.
 * `nameserver`: `ns.dns`. `namespace`, `pods`: `NS.svc` and `NS.pod`. `port`: `_PORT._PROTOCOL.SERVICE.NS.svc`.
 * `member`: `ENDPOINT.CLUSTER.SERVICE.NS.svc` of a set of clusters. `zonal`: `TOPOLOGY-ZONE.pin._zone.SERVICE.NS.svc`, and what
 * is between that and its service.
 * `reverse`: a name of an address, or of a part of one. `none`: nothing that could ever be there.
 */
export type RequestKind =
  | 'apex'
  | 'branch'
  | 'version'
  | 'nameserver'
  | 'namespace'
  | 'service'
  | 'endpoint'
  | 'port'
  | 'member'
  | 'zonal'
  | 'pods'
  | 'pod'
  | 'reverse'
  | 'none'

/** Parts the name doesn't have are ''. All in lower case. */
export interface Request {
  readonly kind: RequestKind
  readonly namespace: string
  /** Of a pod: its label, the address with dashes. */
  readonly service: string
  readonly endpoint: string
  /** Without the underscore, which may be missing. Empty asks for every one, as in CoreDNS. */
  readonly port: string
  readonly protocol: string
  /** Of a member. */
  readonly cluster?: string
  /** Of a zonal name: '' between it and its service. */
  readonly topologyZone?: string
  /** Of a zonal name: where no endpoint is in that zone, all of them (`prefer`), or none (`pin`). */
  readonly fallsBack?: boolean
}

const bare = (kind: RequestKind): Request => ({
  kind,
  namespace: '',
  service: '',
  endpoint: '',
  port: '',
  protocol: '',
})
const apex = bare('apex')
const branch = bare('branch')
const version = bare('version')
const nameserver = bare('nameserver')
const reverse = bare('reverse')
const none = bare('none')

/** What `SERVICE.NAMESPACE.svc` asks for. */
export function serviceRequest(namespace: string, service: string): Request {
  return { ...bare('service'), namespace, service }
}

/** The same, read from the name. Most questions are answered without a text for either, and each would be made anew. */
class ServiceRequest implements Request {
  readonly kind = 'service'
  readonly endpoint = ''
  readonly port = ''
  readonly protocol = ''
  readonly #name: Name

  constructor(name: Name) {
    this.#name = name
  }

  get service(): string {
    return labelAt(this.#name, 0)
  }

  get namespace(): string {
    return labelAt(this.#name, 1 + this.#name.charCodeAt(0))
  }
}

function labelAt(name: Name, at: number): string {
  return name.slice(at + 1, at + 1 + name.charCodeAt(at))
}

const mostLabels = 5
/** Where the first labels of the name in hand begin. */
const starts = new Uint8Array(mostLabels)

/** The name is lower-cased and in the zone. */
// hot
export function parseRequest(name: Name, zone: Zone): Request {
  const end = name.length - zone.name.length
  if (end === 0) return apex
  const octets = octetsOf(name)
  let count = 0
  let last = 0
  for (let at = 0; at < end; at += 1 + (octets[at] as number)) {
    if (count < mostLabels) starts[count] = at
    count++
    last = at
  }
  const isThree = octets[last] === 3
  const isService = isThree && isLetters(octets, last + 1, 0x73, 0x76, 0x63)
  const isPod = isThree && !isService && isLetters(octets, last + 1, 0x70, 0x6f, 0x64)
  if (count === 1) {
    if (isService || isPod || name.startsWith('\x03dns', last)) return branch
    if (name.startsWith('\x0bdns-version', last)) return version
  } else if (isService && !zone.isReverse) {
    if (count > 3 && (zone.isZonal || zone.isMulticluster)) return readBelow(name, count, zone)
    return readService(name, count)
  } else if (isPod && !zone.isReverse) return readPod(name, count)
  if (count === 2 && name.startsWith('\x02ns\x03dns')) return nameserver
  return isReverseName(name) ? reverse : none
}

/** Do these three octets stand at `at`? */
// hot
function isLetters(octets: Uint8Array, at: number, first: number, second: number, third: number): boolean {
  return octets[at] === first && octets[at + 1] === second && octets[at + 2] === third
}

function readService(name: Name, count: number): Request {
  if (count === 3) return new ServiceRequest(name)
  if (count > mostLabels) return none
  return {
    kind: count === 2 ? 'namespace' : count === 4 ? 'endpoint' : 'port',
    namespace: label(name, count - 2),
    service: count > 2 ? label(name, count - 3) : '',
    endpoint: count === 4 ? label(name, 0) : '',
    port: count === 5 ? withoutUnderscore(label(name, 0)) : '',
    protocol: count === 5 ? withoutUnderscore(label(name, 1)) : '',
  }
}

/** Below the services of a zone with names of its own there. */
function readBelow(name: Name, count: number, zone: Zone): Request {
  if (!zone.isMulticluster) return readZonal(name, count) ?? readService(name, count)
  if (count !== 5) return readService(name, count)
  const [endpoint, cluster] = [label(name, 0), label(name, 1)]
  if (endpoint.startsWith('_') || cluster.startsWith('_')) return readService(name, count)
  return { ...serviceRequest(label(name, 3), label(name, 2)), kind: 'member', endpoint, cluster }
}

/** `TOPOLOGY-ZONE.pin|prefer._zone.SERVICE.NS.svc`, where the topology zone may have several labels, and the names on the way there. */
function readZonal(name: Name, count: number): Request | undefined {
  const labels: string[] = []
  for (let at = 0; labels.length < count; at += 1 + name.charCodeAt(at)) {
    labels.push(name.slice(at + 1, at + 1 + name.charCodeAt(at)))
  }
  const [, namespace = '', service = '', anchor, directive] = labels.toReversed()
  if (anchor !== '_zone' || (count > 4 && directive !== 'pin' && directive !== 'prefer')) return undefined
  return {
    ...serviceRequest(namespace, service),
    kind: 'zonal',
    topologyZone: labels.slice(0, -5).join('.'),
    fallsBack: directive === 'prefer',
  }
}

function readPod(name: Name, count: number): Request {
  if (count > 3) return none
  return {
    kind: count === 2 ? 'pods' : 'pod',
    namespace: label(name, count - 2),
    service: count > 2 ? label(name, 0) : '',
    endpoint: '',
    port: '',
    protocol: '',
  }
}

function label(name: Name, index: number): string {
  return labelAt(name, starts[index] as number)
}

export function withoutUnderscore(label: string): string {
  return label.charCodeAt(0) === 0x5f ? label.slice(1) : label
}
