// From a question to what a zone says (RFC 1034 4.3.2): records, aliases and where they lead, referrals, denials.
import { Rcode, Type } from '../../dns/codes.ts'
import { lowerName, maxName, type Name } from '../../dns/name.ts'
import { type Query, withQuestion } from '../../dns/query.ts'
import { decodeMx, decodeName, decodeSoa, decodeSrv, encodeName } from '../../dns/rdata.ts'
import { type Reply, reply, silence } from '../../dns/reply.ts'
import { type Rdata, type Rrset, rrset } from '../../dns/rrset.ts'
import { after, type Maybe } from '../../maybe.ts'
import type { WorkerContext } from '../../plugin.ts'
import { Evidence } from './evidence.ts'
import type { Zone, ZoneNode } from './zone.ts'

/** Aliases of one zone in one answer, at most; CoreDNS's number. */
const maxAliases = 10

export interface Surroundings {
  /** Puts a question to the whole server. */
  readonly ask: WorkerContext['ask']
  /** Has somebody else a say where nothing is known of this lower-cased name? */
  falls(name: Name): boolean
}

/**
 * The reply, with signatures for those who ask for them where there are any; undefined where there is nothing at the name asked for, and somebody else
 * has a say.
 */
export function resolve(zone: Zone, query: Query, surroundings: Surroundings): Maybe<Reply> | undefined {
  if (query.edns?.dnssecOk !== true || !zone.isSigned) return resolvePlain(zone, query, surroundings)
  const evidence = new Evidence(zone)
  const got = resolvePlain(zone, query, surroundings, evidence)
  return got === undefined ? undefined : after(got, (plain) => evidence.of(plain))
}

function resolvePlain(
  zone: Zone,
  query: Query,
  { ask, falls }: Surroundings,
  evidence?: Evidence,
): Maybe<Reply> | undefined {
  const { type } = query
  const answer: Rrset[] = []
  const passed = new Set<Name>()
  let { name, asked: owner } = query
  while (passed.size <= maxAliases && !passed.has(name)) {
    if (!zone.has(name)) return askFurther(zone, query, { owner, name, answer }, ask)
    const found = zone.find(name, type)
    const isNothing = found === undefined || (found.kind === 'name' && !found.isWildcard && isEmpty(found.node))
    if (isNothing && falls(name)) {
      return passed.size === 0 ? undefined : askFurther(zone, query, { owner, name, answer }, ask)
    }
    passed.add(name)
    if (found === undefined) {
      evidence?.missing(name)
      return denial(zone, answer, Rcode.NXDOMAIN)
    }
    if (found.kind === 'cut') {
      if (found.node.rrset(Type.DS) === undefined) evidence?.unsigned(found.node)
      return referral(zone, query, answer, found)
    }
    let target: Name
    if (found.kind === 'dname') {
      const { dname } = found
      answer.push(dname)
      const substituted = substitute(owner, dname)
      if (substituted === undefined)
        return reply({ authoritative: true, rcode: Rcode.YXDOMAIN, answer, plugin: 'file' })
      answer.push(rrset(owner, Type.CNAME, dname.ttl, [encodeName(substituted)]))
      if (type === Type.CNAME) return positive(zone, answer)
      target = substituted
    } else {
      const { node } = found
      const own = node.rrset(type)
      const records = own ?? node.rrset(Type.CNAME)
      if (records === undefined) {
        evidence?.lacking(name, node)
        return denial(zone, answer, Rcode.NOERROR)
      }
      // Of aliases there is but one (RFC 2181 10.1).
      const [first] = records.rdatas as readonly [Rdata]
      const renamed = { ...records, owner, rdatas: own === undefined ? [first] : records.rdatas }
      answer.push(renamed)
      if (found.isWildcard) evidence?.expanded(renamed, node, name)
      if (own !== undefined) return positive(zone, answer)
      target = decodeName(first)
    }
    owner = target
    name = lowerName(target)
  }
  // Aliases in a circle, or too many of them: what they are is all there is to say.
  return positive(zone, answer)
}

const isEmpty = ({ rrsets }: ZoneNode): boolean => rrsets.length === 0

/** The name with the DNAME's target in the place of its owner (RFC 6672 2.2); undefined where that is too long. */
function substitute(name: Name, { owner, rdatas }: Rrset): Name | undefined {
  const substituted = name.slice(0, name.length - owner.length) + decodeName(rdatas[0] as Rdata)
  return substituted.length > maxName ? undefined : (substituted as Name)
}

function positive(zone: Zone, answer: readonly Rrset[]): Reply {
  const last = answer.at(-1)
  // The zone's name servers stand beside every answer but themselves.
  const isServers = last?.type === Type.NS && lowerName(last.owner) === zone.origin
  return reply({
    authoritative: true,
    answer,
    authority: isServers ? [] : serversOf(zone),
    additional: addressesOf(zone, answer.flatMap(targetsOf)),
    plugin: 'file',
  })
}

const serversOf = ({ servers }: Zone): readonly Rrset[] => (servers === undefined ? [] : [servers])

/** How long a denial holds is the lower of the SOA record's TTL and its last field (RFC 2308 3). */
function denial(zone: Zone, answer: readonly Rrset[], rcode: number): Reply {
  const soa = zone.soa as Rrset
  const { minimum } = decodeSoa(soa.rdatas[0] as Rdata)
  const authority = [{ ...soa, ttl: Math.min(soa.ttl, minimum) }]
  return reply({ authoritative: true, rcode, answer, authority, plugin: 'file' })
}

/** Part of an answer, if aliases led here. */
function referral(
  zone: Zone,
  { edns }: Query,
  answer: readonly Rrset[],
  { node, servers }: { readonly node: ZoneNode; readonly servers: Rrset },
): Reply {
  const signer = edns?.dnssecOk === true ? node.rrset(Type.DS) : undefined
  return reply({
    authoritative: answer.length > 0,
    answer,
    authority: signer === undefined ? [servers] : [servers, signer],
    additional: addressesOf(zone, targetsOf(servers)),
    plugin: 'file',
  })
}

/** The names in an rrset whose addresses its reader will want. */
function targetsOf({ type, rdatas }: Rrset): readonly Name[] {
  switch (type) {
    case Type.NS:
      return rdatas.map(decodeName)
    case Type.MX:
      return rdatas.map((rdata) => decodeMx(rdata).exchange)
    case Type.SRV:
      return rdatas.map((rdata) => decodeSrv(rdata).target)
    case Type.SVCB:
    case Type.HTTPS:
      return rdatas.map(targetOfSvcb)
    default:
      return []
  }
}

/** Behind the priority (RFC 9460 2.2). */
function targetOfSvcb(rdata: Rdata): Name {
  let end = 2
  while (end < rdata.length && rdata.charCodeAt(end) !== 0) end += 1 + rdata.charCodeAt(end)
  return rdata.slice(2, end + 1) as Name
}

/** The addresses that the zone has of these names, each once. */
function addressesOf(zone: Zone, names: readonly Name[]): Rrset[] {
  const addresses: Rrset[] = []
  for (const name of new Set(names.map(lowerName))) {
    const node = zone.at(name)
    for (const type of [Type.A, Type.AAAA]) {
      const found = node?.rrset(type)
      if (found !== undefined) addresses.push(found)
    }
  }
  return addresses
}

/** What the server says of an alias's target that is not for this zone to answer goes behind the aliases (RFC 6604). */
function askFurther(
  zone: Zone,
  query: Query,
  { owner, name, answer }: { readonly owner: Name; readonly name: Name; readonly answer: readonly Rrset[] },
  ask: WorkerContext['ask'],
): Maybe<Reply> {
  return after(ask(withQuestion(query, owner, name)), (further): Reply => {
    if (further === silence) return positive(zone, answer)
    const { rcode } = further
    const isFailure = rcode === Rcode.NXDOMAIN || rcode === Rcode.SERVFAIL
    const whole = [...answer, ...further.answer]
    const isDenial = rcode === Rcode.NXDOMAIN || (rcode === Rcode.NOERROR && further.answer.length === 0)
    return {
      ...positive(zone, whole),
      rcode: isFailure ? rcode : Rcode.NOERROR,
      // A denial is that of the zone where the aliases end.
      ...(isDenial ? { authority: further.authority } : {}),
      truncated: further.truncated,
    }
  })
}
