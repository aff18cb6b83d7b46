// The zones for the outside: their apex, and the names their name server has.
import { isWithin, maxName, type Name, parseName } from '../../dns/name.ts'

export interface OuterZone {
  /** Lower-cased. */
  readonly name: Name
  /** `dns.ZONE`: a name without records, above that of the name server. */
  readonly apex: Name
  /** `ns1.dns.ZONE` */
  readonly nameServer: Name
  /** `hostmaster.dns.ZONE` */
  readonly mailbox: Name
}

const reverseTrees = [parseName('in-addr.arpa.'), parseName('ip6.arpa.')]

export function isReverseName(name: Name): boolean {
  return reverseTrees.some((tree) => isWithin(name, tree))
}

const mailboxBelow = (apex: Name) => `\x0ahostmaster${apex}` as Name

const apexOf = (zone: Name, apex: Name) => (apex.slice(0, -1) + zone) as Name

/** Is there room for the names that a zone with this apex has? */
export function fitsApex(zone: Name, apex: Name): boolean {
  return mailboxBelow(apexOf(zone, apex)).length <= maxName
}

/** `apex` is relative to the zone, and fits. */
export function zoneOf(name: Name, apex: Name): OuterZone {
  const below = apexOf(name, apex)
  const mailbox = mailboxBelow(below)
  return { name, apex: below, nameServer: `\x03ns1${below}` as Name, mailbox }
}

/** The first of the zones, the longest of them first, that the lower-cased name is in. */
export function findZone(zones: readonly OuterZone[], name: Name): OuterZone | undefined {
  return zones.find((zone) => isWithin(name, zone.name))
}
