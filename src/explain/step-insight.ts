// What the cluster has to say of one name that was tried, beside what the server said of it.
import { canonicalAddress } from '../dns/address.ts'
import { printType, Type } from '../dns/codes.ts'
import { isWithin, lowerName, type Name, NameError, parseName, printName } from '../dns/name.ts'
import { parseRequest } from '../plugins/kubernetes/request.ts'
import { zoneOf } from '../plugins/kubernetes/zone.ts'
import type { ClusterView } from './cluster-view.ts'
import type { Explained } from './explain.ts'
import type { Inquiry } from './inquiry.ts'
import { type Insight, missing, note } from './insight.ts'
import { bare, nameInsights } from './name-insight.ts'
import type { ReplyReport } from './report.ts'
import type { Tried } from './resolution.ts'
import { endpointsOf } from './service-view.ts'

/** Each sentence once, however many types say it. */
export async function stepInsights(tried: Tried, { view, zone }: Explained, inquiry: Inquiry): Promise<Insight[]> {
  if (view === undefined) return []
  const { name, types, replies } = tried
  const insights: Insight[] = []
  for (const [at, type] of types.entries()) {
    const reply = replies[at] as ReplyReport
    const told = nameInsights(name, type, view, zone)
    // Of a pair of types one is enough: that the other isn't there is no news.
    insights.push(...(types.length > 1 ? told.filter((insight) => insight.cause !== 'no-such-family') : told))
    const isMade = told.some((insight) => insight.kind === 'made')
    const isExplained = told.some((insight) => insight.kind === 'missing')
    if (reply.outcome === 'answer') insights.push(...outOfDate(name, type, reply, view, zone, isExplained && !isMade))
    else if (isMade && !isExplained && !replies.some(({ outcome }) => outcome === 'answer'))
      insights.push(await disagreement({ name, type, reply, told, view, zone }, inquiry))
  }
  const seen = new Set<string>()
  return insights.filter(({ text }) => !seen.has(text) && seen.add(text))
}

interface Disagreement {
  readonly name: Name
  readonly type: number
  readonly reply: ReplyReport
  readonly told: readonly Insight[]
  readonly view: ClusterView
  readonly zone: Name
}

/** The cluster has what the server doesn't say. */
async function disagreement({ name, type, reply, told, view, zone }: Disagreement, inquiry: Inquiry): Promise<Insight> {
  const said = `${reply.server} says ${reply.rcode || 'nothing'}${reply.errors.length > 0 ? ` (${reply.errors.join('; ')})` : ''}`
  if (told.some(({ cause }) => cause === 'made-by-external-name'))
    return await deadAlias(name, reply, view, zone, inquiry)
  if (told.some(({ cause }) => cause === 'made-by-schema'))
    return note('no-such-name', `no record of type ${printType(type)}`)
  const domain = bare(zone)
  if (reply.outcome === 'refused') {
    const text = `the cluster has it, but ${said}: the server does not serve \`${domain}\``
    return missing(4, 'zone-not-served', text, 'is this the cluster domain of the server, and may this client ask it?')
  }
  const apex = await inquiry.ask(zone, Type.SOA)
  if (apex.outcome !== 'answer' && reply.outcome === 'nxdomain' && isWithin(lowerName(name), zone)) {
    const text = `the cluster has it, but ${said}, and ${apex.rcode || 'nothing'} of \`${domain}\` itself: the server does not serve that domain`
    return missing(4, 'zone-not-served', text, 'compare the cluster domain of kubelet with the zones of the server')
  }
  if (told.some(({ cause }) => cause === 'made-by-pod')) {
    const text = `there is such a pod, but ${said}: the server's option \`pods\` is \`disabled\``
    return missing(
      3,
      'pods-disabled',
      text,
      'set `pods insecure` or `pods verified`, or ask for a name below a headless Service',
    )
  }
  const text = `the cluster has it, but ${said}: the server is behind, has not read the cluster, or does not show it`
  return missing(
    4,
    'server-disagrees',
    text,
    'see the log and /ready of the server, and its options namespaces and labels',
  )
}

/** Why an ExternalName leads to nothing. */
async function deadAlias(
  name: Name,
  reply: ReplyReport,
  view: ClusterView,
  zone: Name,
  inquiry: Inquiry,
): Promise<Insight> {
  const request = parseRequest(lowerName(name), zoneOf(zone))
  const target = view.cluster.service(request.namespace, request.service)?.externalName ?? ''
  const lead = `ExternalName ${request.namespace}/${request.service} leads to \`${target}\``
  let aimed: Name
  try {
    aimed = lowerName(parseName(target))
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    return missing(3.3, 'external-name-dead', `${lead}, which is no name: ${error.message}`)
  }
  const why = isWithin(aimed, zone)
    ? nameInsights(aimed, Type.A, view, zone).find(({ kind }) => kind === 'missing')
    : undefined
  if (why !== undefined) return missing(3.3, 'external-name-dead', `${lead}, and ${why.text}`, why.advice)
  const direct = await inquiry.ask(aimed, Type.A)
  const result = direct.outcome === reply.outcome || direct.rcode !== '' ? direct.rcode : 'no reply'
  return missing(
    3.3,
    'external-name-dead',
    `${lead}, which has no address (${direct.outcome === 'nodata' ? 'no records' : result || 'no reply'})`,
    `make sure that the server can resolve ${printName(aimed)}`,
  )
}

/** Where the server's addresses are not those that the cluster has by now. */
function outOfDate(
  name: Name,
  type: number,
  reply: ReplyReport,
  view: ClusterView,
  zone: Name,
  isGone: boolean,
): Insight[] {
  const has = expected(name, type, view, zone)
  if (isGone) return [note('out-of-date', `${reply.server} answers, though by now the cluster has no such name`)]
  if (has === undefined) return []
  const got = [...new Set(reply.data.map((address) => canonicalAddress(address) ?? address))].sort()
  if (got.join() === has.join()) return []
  return [
    note(
      'out-of-date',
      `${reply.server} says ${got.join(' ')}, and the cluster by now has ${has.join(' ') || 'no address'}`,
    ),
  ]
}

/** Addresses of a Service's own name, sorted; undefined of all other names. */
function expected(name: Name, type: number, view: ClusterView, zone: Name): string[] | undefined {
  const lower = lowerName(name)
  if ((type !== Type.A && type !== Type.AAAA) || !isWithin(lower, zone)) return undefined
  const request = parseRequest(lower, zoneOf(zone))
  const service = request.kind === 'service' ? view.cluster.service(request.namespace, request.service) : undefined
  if (service === undefined || service.type === 'ExternalName') return undefined
  const addresses = service.headless
    ? endpointsOf(service, view)
        .filter((endpoint) => endpoint.ready)
        .flatMap((endpoint) => endpoint.addresses)
    : service.clusterIPs
  return [...new Set(addresses.filter((address) => address.includes(':') === (type === Type.AAAA)))].sort()
}
