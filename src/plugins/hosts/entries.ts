// What a hosts file says (hosts(5)): addresses and their names, looked up from either side.
import { parseAddress, unmappedAddress } from '../../dns/address.ts'
import { Type } from '../../dns/codes.ts'
import { lowerName, type Name, NameError, parentOf, parseName, root } from '../../dns/name.ts'
import type { Rdata } from '../../dns/rrset.ts'

/** One line of a hosts file. */
export interface HostsLine {
  /** 4 or 16 octets. */
  readonly address: Rdata
  /** Lower-cased; `*.example.org.` stands for every name one label below `example.org.`. */
  readonly names: readonly Name[]
}

/**
 * `ADDRESS NAME... # comment`; the zone of an address (`fe80::1%eth0`) counts for nothing, and an IPv4-mapped address is
 * its IPv4 address. Undefined for a line that says nothing; words that can't be names are left out.
 */
export function parseHostsLine(line: string): HostsLine | undefined {
  const [address = '', ...words] = line.replace(/#.*/s, '').split(/\s+/).filter(Boolean)
  if (words.length === 0) return undefined
  const octets = parseAddress(unmappedAddress(address.replace(/%.*/s, '')))
  if (octets === undefined) return undefined
  return { address: octets as Rdata, names: words.flatMap(parseHostName) }
}

function parseHostName(word: string): Name[] {
  try {
    return [lowerName(parseName(word))]
  } catch (error) {
    if (error instanceof NameError) return []
    throw error
  }
}

const asterisk = '\x01*'
const none: readonly Rdata[] = []

export function isWildcard(name: Name): boolean {
  return name.startsWith(asterisk)
}

/** The entries of one file, or of the lines in a Corefile. */
export class HostsEntries {
  readonly #a = new Map<Name, Rdata[]>()
  readonly #aaaa = new Map<Name, Rdata[]>()
  /** By the octets of the address, without wildcards. */
  readonly #names = new Map<string, Name[]>()
  #hasWildcards = false

  /** A line that says nothing adds nothing. */
  add(line: string): void {
    const entry = parseHostsLine(line)
    if (entry === undefined) return
    const { address, names } = entry
    const addresses = address.length === 4 ? this.#a : this.#aaaa
    for (const name of names) {
      append(addresses, name, address)
      if (isWildcard(name)) this.#hasWildcards = true
      else append(this.#names, address, name)
    }
  }

  /**
   * The addresses of a lower-cased name for A or AAAA, in file order. A name without an address of this type of its own
   * has those of the wildcard beside it, even if it has addresses of the other type: as in CoreDNS.
   */
  // hot
  addresses(name: Name, type: typeof Type.A | typeof Type.AAAA): readonly Rdata[] {
    const addresses = type === Type.A ? this.#a : this.#aaaa
    const own = addresses.get(name)
    if (own === undefined && !this.#hasWildcards) return none
    const parent = parentOf(name)
    // A name of one label has no wildcard, and is none.
    if (parent === root) return isWildcard(name) ? none : (own ?? none)
    return own ?? addresses.get((asterisk + parent) as Name) ?? none
  }

  /** The names of an address (4 or 16 octets), in file order. */
  names(octets: string): readonly Name[] {
    return this.#names.get(octets) ?? []
  }
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
