// Other orders of the records of a section: at random, by weight, by network. A section that stays as it is is returned itself.
import { type Cidr, printAddress } from '../../dns/address.ts'
import { Type } from '../../dns/codes.ts'
import type { Rdata, Rrset } from '../../dns/rrset.ts'
import { type Weights, weightOf } from './weights.ts'

type Section = readonly Rrset[]

/** Aliases come first because some resolvers of C libraries want them there. */
interface Sorted {
  readonly aliases: Section
  readonly addresses: Section
  readonly exchanges: Section
  readonly others: Section
}

const isAddress = ({ type }: Rrset): boolean => type === Type.A || type === Type.AAAA

function sortSection(section: Section): Sorted {
  return {
    aliases: section.filter(({ type }) => type === Type.CNAME),
    addresses: section.filter(isAddress),
    exchanges: section.filter(({ type }) => type === Type.MX),
    others: section.filter((rrset) => rrset.type !== Type.CNAME && rrset.type !== Type.MX && !isAddress(rrset)),
  }
}

/** Addresses and mail exchanges in an order of which each is equally likely. */
// hot
export function shuffleSection(section: Section): Section {
  if (section.length === 0) return section
  if (section.length > 1) {
    const { aliases, addresses, exchanges, others } = sortSection(section)
    return [...aliases, ...others, ...permute(addresses.map(shuffleRrset)), ...permute(exchanges.map(shuffleRrset))]
  }
  const only = section[0] as Rrset
  return (isAddress(only) || only.type === Type.MX) && only.rdatas.length > 1 ? [shuffleRrset(only)] : section
}

function shuffleRrset(rrset: Rrset): Rrset {
  return rrset.rdatas.length > 1 ? { ...rrset, rdatas: permute(rrset.rdatas) } : rrset
}

/** A copy in random order (Fisher and Yates). */
// hot
function permute<T>(items: readonly T[]): T[] {
  const permuted = items.slice()
  for (let i = permuted.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const item = permuted[i] as T
    permuted[i] = permuted[j] as T
    permuted[j] = item
  }
  return permuted
}

/** One address first, chosen by its weight among all; the order of the others means nothing. */
export function topSection(section: Section, weights: Weights): Section {
  const { aliases, addresses, exchanges, others } = sortSection(section)
  const sum = addresses.reduce((total, rrset) => total + weightOfRrset(rrset, weights), 0)
  if (sum === 0) return section
  let left = Math.floor(Math.random() * sum)
  const top = addresses.findIndex((rrset) => {
    const weight = weightOfRrset(rrset, weights)
    if (left < weight) return true
    left -= weight
    return false
  })
  const rrset = addresses[top] as Rrset
  const first = rrset.rdatas.findIndex((rdata) => {
    const weight = weightOf(weights, rrset.owner, rdata)
    if (left < weight) return true
    left -= weight
    return false
  })
  const topped = { ...rrset, rdatas: toFront(rrset.rdatas, first) }
  return [...aliases, ...others, topped, ...addresses.toSpliced(top, 1), ...exchanges]
}

const weightOfRrset = ({ owner, rdatas }: Rrset, weights: Weights): number =>
  rdatas.reduce((total, rdata) => total + weightOf(weights, owner, rdata), 0)

const toFront = (rdatas: readonly Rdata[], at: number): readonly Rdata[] =>
  at === 0 ? rdatas : [rdatas[at] as Rdata, ...rdatas.toSpliced(at, 1)]

/** Addresses by the first network that has them, those of none last; otherwise in the order they have. */
export function preferSection(section: Section, networks: readonly Cidr[]): Section {
  const { aliases, addresses, exchanges, others } = sortSection(section)
  if (addresses.length === 0) return section
  const rankOf = (rdata: Rdata): number => {
    const address = printAddress(rdata)
    const rank = networks.findIndex((network) => network.contains(address))
    return rank < 0 ? networks.length : rank
  }
  const sorted = addresses.map((rrset) => ({
    ...rrset,
    rdatas: rrset.rdatas.toSorted((a, b) => rankOf(a) - rankOf(b)),
  }))
  const bestOf = ({ rdatas }: Rrset): number => rankOf(rdatas[0] as Rdata)
  return [...aliases, ...sorted.sort((a, b) => bestOf(a) - bestOf(b)), ...exchanges, ...others]
}
