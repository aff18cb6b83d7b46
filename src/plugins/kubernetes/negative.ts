// Replies without an answer: the SOA record in their authority says how long they are good for (RFC 2308).
import { Rcode, Type } from '../../dns/codes.ts'
import type { Name } from '../../dns/name.ts'
import { encodeSoa } from '../../dns/rdata.ts'
import { type Reply, reply } from '../../dns/reply.ts'
import { type Rrset, rrset } from '../../dns/rrset.ts'
import { defaultNameServer } from './name-server.ts'

/** SOA records are kept no longer than this, seconds. */
const maxSoaTtl = 300

export interface Negatives {
  readonly serial: number
  readonly soa: Rrset
  readonly nodata: Reply
  readonly nxdomain: Reply
  /** The cluster isn't known well enough yet to deny anything. */
  readonly servfail: Reply
}

/** `zone` in the case in which it was asked for; the serial is the time of the last change, Unix seconds. */
export function makeNegatives(zone: Name, serial: number, ttl: number): Negatives {
  const soa = startOfAuthority(zone, serial, ttl)
  const empty = (rcode: number) =>
    reply({ rcode, authoritative: true, authority: [soa], fresh: true, plugin: 'kubernetes' })
  return {
    serial,
    soa,
    nodata: empty(Rcode.NOERROR),
    nxdomain: empty(Rcode.NXDOMAIN),
    servfail: empty(Rcode.SERVFAIL),
  }
}

/** `zone` in the case in which it is to be sent; the serial is Unix seconds, and `ttl` seconds. */
export function startOfAuthority(zone: Name, serial: number, ttl: number): Rrset {
  const rdata = encodeSoa({
    mname: defaultNameServer(zone),
    rname: `\x0ahostmaster${zone}` as Name,
    serial,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttl,
  })
  return rrset(zone, Type.SOA, Math.min(ttl, maxSoaTtl), [rdata])
}
