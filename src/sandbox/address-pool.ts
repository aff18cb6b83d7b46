// Ranges of addresses from which services and pods get theirs.
import { familyOf } from './names.ts'
import type { IpFamily } from './resources.ts'

/** Addresses as numbers, so that ranges can be counted through. */
export interface Cidr {
  readonly text: string
  readonly family: IpFamily
  readonly first: bigint
  readonly size: bigint
}

/** Reads `10.96.0.0/12`. Throws a RangeError for what is no CIDR. */
export function parseCidr(text: string): Cidr {
  const [address = '', prefix = ''] = text.trim().split('/')
  const family = familyOf(address)
  const width = family === 'IPv4' ? 32 : 128
  const length = Number(prefix)
  if (family === undefined || !/^\d+$/.test(prefix) || length > width) throw new RangeError(`${text} is not a CIDR`)
  const size = 1n << BigInt(width - length)
  const value = addressNumber(address)
  return { text: text.trim(), family, first: value - (value % size), size }
}

/** Several CIDRs between commas. */
export function parseCidrs(text: string): Cidr[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(parseCidr)
}

export function contains(cidr: Cidr, address: string): boolean {
  if (familyOf(address) !== cidr.family) return false
  const value = addressNumber(address)
  return value >= cidr.first && value < cidr.first + cidr.size
}

/** The `index`th address of a range. */
export function addressAt(cidr: Cidr, index: bigint): string {
  return printAddress(cidr.first + index, cidr.family)
}

/** The `index`th part of a range cut into parts with prefixes of `length` bits; undefined beyond its end. */
export function partOf(cidr: Cidr, index: number, length: number): Cidr | undefined {
  const size = 1n << BigInt((cidr.family === 'IPv4' ? 32 : 128) - length)
  const first = cidr.first + size * BigInt(index)
  if (size > cidr.size || first >= cidr.first + cidr.size) return undefined
  return { text: `${printAddress(first, cidr.family)}/${length}`, family: cidr.family, first, size }
}

/** An address in the form the API stores: IPv6 in lower case and shortened (RFC 5952). */
export function canonicalAddress(address: string): string {
  const family = familyOf(address)
  return family === undefined ? address : printAddress(addressNumber(address), family)
}

/** Which addresses are taken. One taken and given back is not given again before the rest of its range was. */
export class AddressPool {
  readonly #ranges: readonly Cidr[]
  readonly #taken = new Set<string>()
  readonly #next = new Map<string, bigint>()
  /** Ranges found full since the last release. */
  readonly #full = new Set<string>()
  readonly #start: bigint

  /** `start`: where automatic addresses begin within a range; those below are left to who asks for them. */
  constructor(ranges: readonly Cidr[], start: bigint) {
    this.#ranges = ranges
    this.#start = start
  }

  inside(address: string): boolean {
    return this.#ranges.some((range) => contains(range, address))
  }

  /** Takes this very address; false where somebody has it. */
  claim(address: string): boolean {
    if (this.#taken.has(address)) return false
    this.#taken.add(address)
    return true
  }

  release(address: string): void {
    this.#taken.delete(address)
    this.#full.clear()
  }

  /** Takes the next free address of a family, from `preferred` where there is one left; undefined where all are taken. */
  take(family: IpFamily, preferred?: Cidr): string | undefined {
    for (const range of preferred === undefined ? this.#ranges : [preferred, ...this.#ranges]) {
      const address = range.family === family ? this.#nextFree(range) : undefined
      if (address !== undefined) return address
    }
    return undefined
  }

  #nextFree(range: Cidr): string | undefined {
    if (this.#full.has(range.text)) return undefined
    const start = range.size > this.#start * 2n ? this.#start : 1n
    const last = range.size - 1n // the broadcast address of IPv4, left alone in IPv6 too
    if (last <= start) return undefined
    let next = this.#next.get(range.text) ?? start
    const tries = last - start < BigInt(this.#taken.size + 1) ? last - start : BigInt(this.#taken.size + 1)
    for (let tried = 0n; tried < tries; tried++) {
      const address = addressAt(range, next)
      next = next + 1n < last ? next + 1n : start
      if (this.claim(address)) {
        this.#next.set(range.text, next)
        return address
      }
    }
    this.#full.add(range.text)
    return undefined
  }
}

function addressNumber(address: string): bigint {
  if (!address.includes(':')) return address.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const plain = dotted
    ? `${dotted[1]}${hex(Number(dotted[2]) * 256 + Number(dotted[3]))}:${hex(Number(dotted[4]) * 256 + Number(dotted[5]))}`
    : address
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return groups.reduce((sum, group) => sum * 65536n + BigInt(Number.parseInt(group, 16)), 0n)
}

function printAddress(value: bigint, family: IpFamily): string {
  if (family === 'IPv4') return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => hex(Number((value >> BigInt(112 - index * 16)) & 0xffffn)))
  const zeros = [...groups.join(':').matchAll(/(?<![0-9a-f])0(:0)+(?![0-9a-f])/g)].sort(
    (a, b) => b[0].length - a[0].length || a.index - b.index,
  )[0]
  if (zeros === undefined) return groups.join(':')
  const text = groups.join(':')
  const before = text.slice(0, zeros.index).replace(/:$/, '')
  const after = text.slice(zeros.index + zeros[0].length).replace(/^:/, '')
  return `${before}::${after}`
}

const hex = (value: number) => value.toString(16)
