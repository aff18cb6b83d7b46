// Which reverse names exist only because names of addresses are below them (RFC 8020): `96.10.in-addr.arpa.` of 10.96.0.1.
import { parseAddress } from '../dns/address.ts'
import { isWithin, labelsOf, type Name, parseName } from '../dns/name.ts'

const inAddrArpa = parseName('in-addr.arpa.')
const ip6Arpa = parseName('ip6.arpa.')

/**
 * Counts addresses by what they begin with: 0 to 3 octets of IPv4, 0 to 7 groups of IPv6. Between two groups it doesn't
 * look, for the sake of memory: a name that stops there is taken to exist where that of the group before it does.
 */
export class ReverseBranches {
  readonly #counts = new Map<string, number>()

  add(address: string): void {
    this.#count(address, 1)
  }

  /** One that was added, and as often at most. */
  remove(address: string): void {
    this.#count(address, -1)
  }

  /** Is the name of an address below this lower-cased one? */
  has(name: Name): boolean {
    const octets = beginning(name)
    return octets !== undefined && this.#counts.has(octets)
  }

  #count(address: string, change: 1 | -1): void {
    const octets = parseAddress(address) ?? ''
    const [step, family] = octets.length === 4 ? [1, '4'] : [2, '6']
    for (let length = 0; length < octets.length; length += step) {
      const key = family + octets.slice(0, length)
      const count = (this.#counts.get(key) ?? 0) + change
      if (count > 0) this.#counts.set(key, count)
      else this.#counts.delete(key)
    }
  }
}

/** The key of the octets that a reverse name stands for; undefined where it is none, or that of a whole address. */
function beginning(name: Name): string | undefined {
  if (isWithin(name, inAddrArpa)) {
    const labels = labelsOf(name).slice(0, -2).reverse()
    if (labels.length > 3 || !labels.every((label) => /^(0|[1-9][0-9]{0,2})$/.test(label))) return undefined
    const octets = labels.map(Number)
    return octets.every((octet) => octet <= 255) ? `4${String.fromCharCode(...octets)}` : undefined
  }
  if (!isWithin(name, ip6Arpa)) return undefined
  const nibbles = labelsOf(name).slice(0, -2).reverse()
  if (nibbles.length > 31 || !nibbles.every((label) => /^[0-9a-f]$/.test(label))) return undefined
  const whole = nibbles.length - (nibbles.length % 4)
  return `6${Buffer.from(nibbles.slice(0, whole).join(''), 'hex').toString('latin1')}`
}
