// `acl`: who may ask for what: questions are refused, answered with nothing or not at all, by zone, type and client.
import { CorefileError, type Directive, type ServerBlock } from '../corefile/directive.ts'
import { readArgs } from '../corefile/read-block.ts'
import { zonesOf } from '../corefile/zones.ts'
import { type Cidr, networkSet, parseAddress, parseCidr, parseUnmappedCidr } from '../dns/address.ts'
import { ExtendedErrorCode, parseType, Rcode } from '../dns/codes.ts'
import { isWithin, type Name, printName } from '../dns/name.ts'
import type { Query } from '../dns/query.ts'
import { type Reply, reply, silence } from '../dns/reply.ts'
import { counter } from '../metrics.ts'
import type { Plugin } from '../plugin.ts'

const actions = ['allow', 'block', 'filter', 'drop'] as const
type Action = (typeof actions)[number]

/** Policies for names in some zones. */
interface Rule {
  readonly zones: readonly Name[]
  /** The first that fits counts. */
  readonly policies: readonly Policy[]
}

interface Policy {
  readonly action: Action
  /** Undefined: all of them. */
  readonly types: readonly number[] | undefined
  /** CIDRs of clients; undefined: all of them. */
  readonly nets: readonly string[] | undefined
}

const zoneLabels = ['server', 'zone', 'view'] as const
const allowed = counter('coredns_acl_allowed_requests_total', 'Counter of DNS requests being allowed.', [
  'server',
  'view',
])
const stopped = {
  block: counter('coredns_acl_blocked_requests_total', 'Counter of DNS requests being blocked.', zoneLabels),
  filter: counter('coredns_acl_filtered_requests_total', 'Counter of DNS requests being filtered.', zoneLabels),
  drop: counter('coredns_acl_dropped_requests_total', 'Counter of DNS requests being dropped.', zoneLabels),
}

const replies: Readonly<Record<Exclude<Action, 'allow'>, Reply>> = {
  block: reply({ rcode: Rcode.REFUSED, errors: [{ code: ExtendedErrorCode.BLOCKED, text: '' }], plugin: 'acl' }),
  filter: reply({ errors: [{ code: ExtendedErrorCode.FILTERED, text: '' }], plugin: 'acl' }),
  drop: silence,
}

export const acl: Plugin<readonly Rule[]> = {
  name: 'acl',

  parse(directives, block) {
    return directives.map((directive) => parseRule(directive, block))
  },

  handler(rules, { log }) {
    const compiled = rules.map(({ zones, policies }) => ({ zones, policies: policies.map(compile) }))
    const decide = (query: Query): { readonly action: Action; readonly zone: Name } | undefined => {
      const [address = ''] = query.client.address.split('%', 1)
      for (const { zones, policies } of compiled) {
        const zone = longestOf(zones, query.name)
        if (zone === undefined) continue
        if (parseAddress(address) === undefined) {
          log.error(`Blocking request. Unable to parse source address: ${query.client.address}`)
          return { action: 'block', zone }
        }
        const policy = policies.find((candidate) => candidate.fits(query.type, address))
        if (policy !== undefined) return { action: policy.action, zone }
      }
      return undefined
    }
    return (query, next) => {
      const decision = decide(query)
      const { server } = query.client
      const { view = '' } = query
      if (decision === undefined || decision.action === 'allow') {
        allowed.with(server, view).inc()
        return next(query)
      }
      stopped[decision.action].with(server, printName(decision.zone), view).inc()
      return replies[decision.action]
    }
  },
}

function compile({ action, types, nets }: Policy) {
  const isIn = nets && networkSet(nets.flatMap((text): Cidr | readonly Cidr[] => parseUnmappedCidr(text) ?? []))
  return {
    action,
    fits: (type: number, address: string): boolean =>
      (types === undefined || types.includes(type)) && (isIn === undefined || isIn(address)),
  }
}

function longestOf(zones: readonly Name[], name: Name): Name | undefined {
  let longest: Name | undefined
  for (const zone of zones) {
    if (isWithin(name, zone) && zone.length > (longest?.length ?? 0)) longest = zone
  }
  return longest
}

function parseRule(directive: Directive, block: ServerBlock): Rule {
  return { zones: zonesOf(directive.args, block), policies: directive.block.map(parsePolicy) }
}

function unexpectedToken(property: Directive, token: string): CorefileError {
  const words = `unexpected token ${JSON.stringify(token)}; expect 'allow', 'block', 'filter' or 'drop'`
  return new CorefileError(property, words)
}

const isSection = (word: string): word is 'type' | 'net' => word === 'type' || word === 'net'

/** `ACTION [type TYPE...] [net CIDR...]`, the sections in any order and number. */
function parsePolicy(property: Directive): Policy {
  if (property.block.length > 0) throw unexpectedToken(property, '{')
  const action = actions.find((candidate) => candidate === property.name.toLowerCase())
  if (action === undefined) throw unexpectedToken(property, property.name)
  const words: { type: string[] | undefined; net: string[] | undefined } = { type: undefined, net: undefined }
  let section: 'type' | 'net' | undefined
  let count = 0
  const close = () => {
    if (section !== undefined && count === 0) {
      throw new CorefileError(property, `no token specified in "${section}" section`)
    }
  }
  for (const word of readArgs(property, 0, Number.POSITIVE_INFINITY)) {
    const lower = word.toLowerCase()
    if (isSection(lower)) {
      close()
      section = lower
      count = 0
      continue
    }
    if (section === undefined) {
      throw new CorefileError(property, `unexpected token ${JSON.stringify(word)}; expect 'type | net'`)
    }
    count++
    words[section] = [...(words[section] ?? []), word]
  }
  close()
  return { action, types: parseTypes(property, words.type), nets: parseNets(property, words.net) }
}

/** What follows `*` is not looked at. */
function parseTypes(property: Directive, words: readonly string[] | undefined): number[] | undefined {
  if (words === undefined) return undefined
  const types: number[] = []
  for (const word of words) {
    if (word === '*') return undefined
    const type = word === word.toUpperCase() && !/^TYPE[0-9]/.test(word) ? parseType(word) : undefined
    if (type === undefined) {
      throw new CorefileError(property, `unexpected token ${JSON.stringify(word)}; expect legal QTYPE`)
    }
    types.push(type)
  }
  return types
}

function parseNets(property: Directive, words: readonly string[] | undefined): string[] | undefined {
  if (words === undefined) return undefined
  const nets: string[] = []
  for (const word of words) {
    if (word === '*') return undefined
    const net = word.includes('/') ? word : `${word}/${word.includes(':') ? 128 : 32}`
    if (parseCidr(net) === undefined) {
      throw new CorefileError(property, `illegal CIDR notation ${JSON.stringify(net)}`)
    }
    nets.push(net)
  }
  return nets
}
