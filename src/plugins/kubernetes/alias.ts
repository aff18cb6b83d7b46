// Follows the CNAME of an ExternalName (Kubernetes DNS-Based Service Discovery 2.5): within the zone by ourselves, to
// any other name by asking the whole server.
import { Type } from '../../dns/codes.ts'
import { isWithin, lowerName, type Name } from '../../dns/name.ts'
import { type Query, withQuestion } from '../../dns/query.ts'
import { encodeName } from '../../dns/rdata.ts'
import { silence } from '../../dns/reply.ts'
import { type Rrset, rrset } from '../../dns/rrset.ts'
import { after, type Maybe } from '../../maybe.ts'
import type { WorkerContext } from '../../plugin.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import { find } from './lookup.ts'
import { parseRequest } from './request.ts'
import type { Zone } from './zone.ts'

/** CNAME records of one zone in one answer, at most; CoreDNS's number. */
const maxAliases = 11
/** How often a question may lead to another one to the server. */
const maxDepth = 10

/** What a chain led to. `unsynced`: that can't be said yet. `nothing`: no record of the type, so that the CNAMEs are withheld, as in CoreDNS. */
export type Chain =
  | { readonly end: 'answer'; readonly answer: readonly Rrset[]; readonly truncated: boolean }
  | { readonly end: 'nothing' | 'unsynced' }

const nothing: Chain = { end: 'nothing' }
const unsynced: Chain = { end: 'unsynced' }

/** The query's name is an alias of `target`; its type is A or AAAA. */
export function followAlias(
  query: Query,
  target: Name,
  zone: Zone,
  exposed: ExposedCluster,
  ask: WorkerContext['ask'],
): Maybe<Chain> {
  const { ttl } = exposed.options
  const answer: Rrset[] = []
  const passed = new Set<Name>([query.name])
  let owner = query.asked
  for (let name = target; answer.length < maxAliases; ) {
    const lower = lowerName(name)
    if (passed.has(lower)) return nothing
    passed.add(lower)
    answer.push(rrset(owner, Type.CNAME, ttl, [encodeName(name)]))
    if (!isWithin(lower, zone.name)) return askFurther(query, name, lower, answer, ask)
    const request = parseRequest(lower, zone)
    const found = find(exposed, { name: lower, type: query.type }, request, zone)
    if (found === undefined) return exposed.isUnsynced(request, zone) ? unsynced : nothing
    if (found.kind === 'addresses' || found.kind === 'cluster IPs') {
      const rdatas = found.kind === 'cluster IPs' ? found.rdatas : query.type === Type.A ? found.a : found.aaaa
      if (rdatas.length === 0) return nothing
      answer.push(rrset(name, query.type, ttl, rdatas))
      return { end: 'answer', answer, truncated: false }
    }
    if (found.kind !== 'alias') return nothing
    owner = name
    name = found.target
  }
  return nothing
}

/** Whatever the server says of the target goes after the CNAMEs, and even where it says nothing they stand. */
function askFurther(
  query: Query,
  name: Name,
  lower: Name,
  aliases: readonly Rrset[],
  ask: WorkerContext['ask'],
): Maybe<Chain> {
  const depth = (query.depth ?? 0) + 1
  if (depth > maxDepth) return nothing
  return after(ask({ ...withQuestion(query, name, lower), depth }), (reply): Chain => {
    if (reply === silence) return nothing
    return { end: 'answer', answer: [...aliases, ...reply.answer], truncated: reply.truncated }
  })
}
