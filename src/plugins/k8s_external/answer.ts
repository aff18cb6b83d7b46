// From what was found to the reply.
import { Rcode, Type } from '../../dns/codes.ts'
import { lowerName, type Name } from '../../dns/name.ts'
import { type Query, withQuestion } from '../../dns/query.ts'
import { encodeName, encodeSoa, encodeSrv } from '../../dns/rdata.ts'
import { type Reply, reply } from '../../dns/reply.ts'
import { type Rdata, type Rrset, rrset } from '../../dns/rrset.ts'
import { after, type Maybe } from '../../maybe.ts'
import type { Outside, OutsideEntry, OutsidePort, WorkerContext } from '../../plugin.ts'
import type { ExternalOptions } from './index.ts'
import { type Addresses, type Alias, below, type Found, fits, ownEntries } from './lookup.ts'
import type { OuterZone } from './zone.ts'

export class Answers {
  readonly #outside: Outside
  readonly #options: ExternalOptions
  readonly #ask: WorkerContext['ask']

  constructor(outside: Outside, options: ExternalOptions, ask: WorkerContext['ask']) {
    this.#outside = outside
    this.#options = options
    this.#ask = ask
  }

  of(query: Query, zone: OuterZone, found: Found): Maybe<Reply> {
    const { type } = query
    const { ttl, headless } = this.#options
    switch (found.kind) {
      case 'apex':
        if (type === Type.SOA) return answered([this.#soa(zone)], [])
        if (type !== Type.NS) return this.#nodata(zone)
        return answered(
          [rrset(query.asked, Type.NS, ttl, [encodeName(zone.nameServer)])],
          addressRrsets(zone.nameServer, ownEntries(this.#outside, { headless }), ttl),
        )
      case 'branch':
        return this.#nodata(zone)
      case 'names':
        return type === Type.PTR ? answered([rrset(query.asked, type, ttl, found.rdatas)], []) : this.#nodata(zone)
      case 'alias':
        return this.#alias(query, zone, found)
      case 'addresses': {
        if (type === Type.SRV) return this.#services(query, zone, found)
        const rdatas = type === Type.A || type === Type.AAAA ? rdatasOf(found.entries, type) : []
        return rdatas.length === 0 ? this.#nodata(zone) : answered([rrset(query.asked, type, ttl, rdatas)], [])
      }
    }
  }

  nxdomain(zone: OuterZone): Reply {
    return { ...this.#nodata(zone), rcode: Rcode.NXDOMAIN }
  }

  /** The cluster isn't known well enough yet to deny anything. */
  servfail(zone: OuterZone): Reply {
    return { ...this.#nodata(zone), rcode: Rcode.SERVFAIL }
  }

  #nodata(zone: OuterZone): Reply {
    return { ...answered([], []), authority: [this.#soa(zone)] }
  }

  #soa(zone: OuterZone): Rrset {
    return startOfAuthority(zone, this.#outside.serial(), this.#options.ttl)
  }

  #services(query: Query, zone: OuterZone, found: Addresses): Reply {
    const { answer, additional } = srvOf(found, this.#options.ttl)
    return answer.length === 0
      ? this.#nodata(zone)
      : answered([rrset(query.asked, Type.SRV, this.#options.ttl, answer)], additional)
  }

  /** What the whole server says of the other name goes behind the alias, and even where it says nothing the alias stands. */
  #alias(query: Query, zone: OuterZone, { target, ports }: Alias): Maybe<Reply> {
    const { type } = query
    const { ttl } = this.#options
    const lower = lowerName(target)
    if (type === Type.A || type === Type.AAAA || type === Type.CNAME) {
      const alias = rrset(query.asked, Type.CNAME, ttl, [encodeName(target)])
      if (type === Type.CNAME) return answered([alias], [])
      return after(this.#ask(withQuestion(query, target, lower)), ({ answer, truncated }) => ({
        ...answered([alias, ...answer], []),
        truncated,
      }))
    }
    if (type !== Type.SRV || ports.length === 0) return this.#nodata(zone)
    const answer = rrset(query.asked, Type.SRV, ttl, aliasSrv(target, ports))
    return after(this.#ask(withQuestion(query, target, lower, Type.A)), (a) =>
      after(this.#ask(withQuestion(query, target, lower, Type.AAAA)), (aaaa) =>
        answered([answer], [...a.answer, ...aaaa.answer]),
      ),
    )
  }
}

/** `serial` is Unix seconds, and `ttl` seconds. */
export function startOfAuthority({ name, nameServer, mailbox }: OuterZone, serial: number, ttl: number): Rrset {
  const times = { refresh: 7200, retry: 1800, expire: 86_400, minimum: ttl }
  return rrset(name, Type.SOA, ttl, [encodeSoa({ mname: nameServer, rname: mailbox, serial, ...times })])
}

/** The addresses of a name as records of both types. */
export function addressRrsets(owner: Name, entries: readonly OutsideEntry[], ttl: number): Rrset[] {
  return [Type.A, Type.AAAA].flatMap((type) => {
    const rdatas = rdatasOf(entries, type)
    return rdatas.length === 0 ? [] : [rrset(owner, type, ttl, rdatas)]
  })
}

function rdatasOf(entries: readonly OutsideEntry[], type: number): readonly Rdata[] {
  return [...new Set(entries.filter((entry) => entry.type === type).map(({ rdata }) => rdata))]
}

/** The weights share 100 among all that match, counted before repetitions are left out, as in CoreDNS. */
const weightOf = (count: number): number => Math.max(1, Math.floor(100 / count))

/** One record for each target and port, and the addresses of the targets. */
export function srvOf(
  { entries, port, protocol, base }: Addresses,
  ttl: number,
): { readonly answer: readonly Rdata[]; readonly additional: readonly Rrset[] } {
  const matching = entries.map((entry) => ({
    entry,
    ports: entry.ports.filter((candidate) => fits(candidate, port, protocol)),
  }))
  const weight = weightOf(matching.reduce((count, { ports }) => count + ports.length, 0))
  const answer = new Set<Rdata>()
  const targets = new Map<Name, OutsideEntry[]>()
  for (const { entry, ports } of matching) {
    const target = entry.label === '' ? base : below(entry.label, base)
    if (target === undefined || ports.length === 0) continue
    targets.set(target, [...(targets.get(target) ?? []), entry])
    for (const each of ports) answer.add(encodeSrv({ priority: 0, weight, port: each.port, target }))
  }
  const additional = [...targets].flatMap(([target, those]) => addressRrsets(target, those, ttl))
  return { answer: [...answer], additional }
}

/** SRV records that lead to another name. */
export function aliasSrv(target: Name, ports: readonly OutsidePort[]): readonly Rdata[] {
  const weight = weightOf(ports.length)
  return [...new Set(ports.map(({ port }) => encodeSrv({ priority: 0, weight, port, target })))]
}

function answered(answer: readonly Rrset[], additional: readonly Rrset[]): Reply {
  return reply({ authoritative: true, answer, additional, fresh: true, plugin: 'k8s_external' })
}
