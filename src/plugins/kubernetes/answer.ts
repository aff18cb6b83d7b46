// From what was found to the reply: the records of the type that was asked for, under the name that was asked for.
import { Type } from '../../dns/codes.ts'
import { type Name, parentOf } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { encodeName } from '../../dns/rdata.ts'
import { type Reply, reply, withSections } from '../../dns/reply.ts'
import { type Rdata, type Rrset, rrset } from '../../dns/rrset.ts'
import { after, type Maybe } from '../../maybe.ts'
import type { WorkerContext } from '../../plugin.ts'
import { followAlias } from './alias.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import type { Found } from './lookup.ts'
import { addressRrsets, nameServers } from './name-server.ts'
import { makeNegatives, type Negatives } from './negative.ts'
import { type Selection, srvOf } from './records.ts'
import type { Request, RequestKind } from './request.ts'
import { serviceName } from './service-name.ts'
import type { Zone } from './zone.ts'

/** Of the schema's version, seconds; the specification's example has it, and so does CoreDNS whatever its `ttl`. */
const versionTtl = 28_800

const noRrsets: readonly Rrset[] = []
const blank = reply({ authoritative: true, fresh: true, plugin: 'kubernetes' })

/** A query with what there is to say about its place. */
export interface Asked {
  readonly query: Query
  readonly request: Request
  readonly zone: Zone
  /** The zone's name in the query's case. */
  readonly zoneAsked: Name
}

export class Answers {
  readonly #exposed: ExposedCluster
  readonly #ask: WorkerContext['ask']
  /** By zone, those asked for in lower case. */
  readonly #negatives = new Map<Name, Negatives>()

  constructor(exposed: ExposedCluster, ask: WorkerContext['ask']) {
    this.#exposed = exposed
    this.#ask = ask
  }

  /** For the name that was found. */
  // hot
  of(asked: Asked, found: Found): Maybe<Reply> {
    const { query } = asked
    const { type } = query
    switch (found.kind) {
      case 'addresses':
        if (type === Type.A) return this.#rrset(asked, found.a)
        if (type === Type.AAAA) return this.#rrset(asked, found.aaaa)
        return type === Type.SRV ? this.#services(asked, found) : this.nodata(asked)
      case 'cluster IPs':
        return this.#rrset(asked, found.rdatas)
      case 'names':
        return type === Type.PTR ? this.#rrset(asked, found.rdatas) : this.nodata(asked)
      case 'alias':
        if (type === Type.A || type === Type.AAAA) return this.#alias(asked, found.target)
        return type === Type.CNAME ? this.#rrset(asked, [encodeName(found.target)]) : this.nodata(asked)
      case 'version':
        return type === Type.TXT ? this.#rrset(asked, found.rdatas, versionTtl) : this.nodata(asked)
      case 'apex':
        if (type === Type.SOA) return answered([this.#negativesOf(asked).soa], noRrsets)
        return type === Type.NS ? this.#nameServers(asked) : this.nodata(asked)
      case 'branch':
        return this.nodata(asked)
    }
  }

  nodata(asked: Asked): Reply {
    return this.#negativesOf(asked).nodata
  }

  nxdomain(asked: Asked): Reply {
    return this.#negativesOf(asked).nxdomain
  }

  servfail(asked: Asked): Reply {
    return this.#negativesOf(asked).servfail
  }

  // hot
  #rrset(asked: Asked, rdatas: readonly Rdata[], ttl = this.#exposed.options.ttl): Reply {
    if (rdatas.length === 0) return this.nodata(asked)
    const { query } = asked
    return answered([rrset(query.asked, query.type, ttl, rdatas)], noRrsets)
  }

  #services(asked: Asked, selection: Selection): Reply {
    const { ttl } = this.#exposed.options
    const { answer, additional } = srvOf(selection, targetBase(asked), ttl)
    if (answer.length === 0) return this.nodata(asked)
    return answered([rrset(asked.query.asked, Type.SRV, ttl, answer)], additional)
  }

  #nameServers(asked: Asked): Reply {
    const { ttl } = this.#exposed.options
    // This cluster's own services have no names in a reverse zone, nor in one of several clusters, but in the primary one.
    const isForeign = asked.zone.isReverse || asked.zone.isMulticluster
    const servers = nameServers(this.#exposed, isForeign ? this.#exposed.options.primary : asked.zoneAsked)
    if (servers.length === 0) return this.nodata(asked)
    const rdatas = servers.map(({ name }) => encodeName(name))
    return answered([rrset(asked.query.asked, Type.NS, ttl, rdatas)], addressRrsets(servers, ttl))
  }

  #alias(asked: Asked, target: Name): Maybe<Reply> {
    const chain = followAlias(asked.query, target, asked.zone, this.#exposed, this.#ask)
    return after(chain, (led) => {
      if (led.end === 'answer') return { ...answered(led.answer, noRrsets), truncated: led.truncated }
      return led.end === 'unsynced' ? this.servfail(asked) : this.nodata(asked)
    })
  }

  // hot
  #negativesOf({ zone, zoneAsked }: Asked): Negatives {
    const serial = this.#exposed.cluster.serial()
    const known = this.#negatives.get(zoneAsked)
    if (known?.serial === serial) return known
    const made = makeNegatives(zoneAsked, serial, this.#exposed.options.ttl)
    // Case is the client's to choose, and there are more ways to write a zone than there is memory.
    if (zoneAsked === zone.name) this.#negatives.set(zoneAsked, made)
    return made
  }
}

/** Labels before the service's name. */
const labelsBefore: Partial<Record<RequestKind, number>> = { endpoint: 1, port: 2, member: 2 }

/** The name under which the targets of SRV records are: the service's as it is stored, in the zone as it was asked for. */
function targetBase({ query, request, zone, zoneAsked }: Asked): Name {
  // The labels of a topology zone can be any number.
  if (request.kind === 'zonal') return serviceName(request.namespace, request.service, zoneAsked) ?? zoneAsked
  let name = query.name
  for (let i = labelsBefore[request.kind] ?? 0; i > 0; i--) name = parentOf(name)
  return zoneAsked === zone.name ? name : ((name.slice(0, name.length - zone.name.length) + zoneAsked) as Name)
}

// hot
function answered(answer: readonly Rrset[], additional: readonly Rrset[]): Reply {
  return withSections(blank, answer, noRrsets, additional)
}
