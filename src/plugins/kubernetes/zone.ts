// The zones of a stanza, and which of them a name is in.
import { isWithin, type Name, parseName } from '../../dns/name.ts'

export interface Zone {
  /** Lower-cased. */
  readonly name: Name
  /** Holds the names of addresses: `in-addr.arpa.`, `ip6.arpa.` or below. */
  readonly isReverse: boolean
  /** Its services are those of a set of clusters (Multi-Cluster Services API, KEP-1645). */
  readonly isMulticluster: boolean
  /** Headless services have names for the endpoints of one topology zone. */
  readonly isZonal: boolean
}

const reverseTrees = [parseName('in-addr.arpa.'), parseName('ip6.arpa.')]

/** Takes lower-cased names. */
export function isReverseName(name: Name): boolean {
  return reverseTrees.some((tree) => isWithin(name, tree))
}

/** Is it the tree of all addresses of a family? */
export function isReverseTree(name: Name): boolean {
  return reverseTrees.includes(name)
}

/** A zone of this cluster's own services, without names for topology zones, unless said otherwise. */
export function zoneOf(name: Name, { isMulticluster = false, isZonal = false }: Partial<Zone> = {}): Zone {
  return { name, isReverse: isReverseName(name), isMulticluster, isZonal: isZonal && !isMulticluster }
}

/** The first of the zones, the longest of them first, that the lower-cased name is in. */
// hot
export function findZone(zones: readonly Zone[], name: Name): Zone | undefined {
  for (let i = 0; i < zones.length; i++) {
    const zone = zones[i] as Zone
    if (isWithin(name, zone.name)) return zone
  }
  return undefined
}
