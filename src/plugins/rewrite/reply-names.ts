// The names in a reply, owners of records and names they point to, under other names.
import { Type } from '../../dns/codes.ts'
import { layouts, nameEnd } from '../../dns/layout.ts'
import type { Name } from '../../dns/name.ts'
import type { Reply } from '../../dns/reply.ts'
import type { Rdata, Rrset } from '../../dns/rrset.ts'

/** Returns the name itself where it stays. */
export type NameChange = (name: Name) => Name

/** The types whose target is rewritten: of each the first name in its data. */
const withTarget: ReadonlySet<number> = new Set([
  ...[Type.CNAME, Type.DNAME, Type.SOA, Type.SRV, Type.MX, Type.NAPTR, Type.NS, Type.PTR],
])

export function changeOwners(reply: Reply, change: NameChange): Reply {
  return changeRrsets(reply, (rrset) => {
    const owner = change(rrset.owner)
    return owner === rrset.owner ? rrset : { ...rrset, owner }
  })
}

export function changeTargets(reply: Reply, change: NameChange): Reply {
  return changeRrsets(reply, (rrset) => {
    if (!withTarget.has(rrset.type)) return rrset
    return { ...rrset, rdatas: rrset.rdatas.map((rdata) => changeTarget(rrset.type, rdata, change)) }
  })
}

/** The reply with another rrset for each of its own, in all sections. */
export function changeRrsets(reply: Reply, change: (rrset: Rrset) => Rrset): Reply {
  return {
    ...reply,
    answer: reply.answer.map(change),
    authority: reply.authority.map(change),
    additional: reply.additional.map(change),
  }
}

function changeTarget(type: number, rdata: Rdata, change: NameChange): Rdata {
  let at = 0
  for (const part of layouts.get(type) ?? []) {
    if (part === 'name') {
      const end = nameEnd(rdata, at)
      // Data that came from elsewhere and is no name stays as it is.
      if (Number.isNaN(end)) return rdata
      return (rdata.slice(0, at) + change(rdata.slice(at, end) as Name) + rdata.slice(end)) as Rdata
    }
    at += typeof part === 'number' ? part : 1 + rdata.charCodeAt(at)
  }
  return rdata
}
