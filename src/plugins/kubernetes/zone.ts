// The zones of a stanza, and which of them a name is in.
import { isWithin, type Name, parseName } from '../../dns/name.ts'

export interface Zone {
  /** Lower-cased. */
  readonly name: Name
  /** Holds the names of addresses: `in-addr.arpa.`, `ip6.arpa.` or below. */
  readonly isReverse: boolean
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

export function zoneOf(name: Name): Zone {
  return { name, isReverse: isReverseName(name) }
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
