// `loadbalance`: another order of addresses for each client, so that they share the load.
import { CorefileError, type Directive, type Position } from '../../corefile/directive.ts'
import { readBlock } from '../../corefile/read-block.ts'
import { parseDuration, ValueError } from '../../corefile/values.ts'
import { type Cidr, parseCidr } from '../../dns/address.ts'
import { Rcode, Type } from '../../dns/codes.ts'
import type { Query } from '../../dns/query.ts'
import { type Reply, withSections } from '../../dns/reply.ts'
import type { Rrset } from '../../dns/rrset.ts'
import type { Plugin, WorkerContext } from '../../plugin.ts'
import { preferSection, shuffleSection, topSection } from './order.ts'
import { WeightFile, WeightFileError } from './weight-file.ts'
import { type Weights, weightsFrom } from './weights.ts'

interface LoadbalanceConfig {
  /** Where addresses have weights; undefined: all are equal. */
  readonly weighted: WeightedPolicy | undefined
  /** CIDRs whose addresses come first, the first one's before all others. */
  readonly prefer: readonly string[]
}

interface WeightedPolicy {
  readonly file: string
  readonly at: Position
  /** Between two looks at the file, ms; 0 for none. */
  readonly reload: number
}

export const loadbalance: Plugin<LoadbalanceConfig> = {
  name: 'loadbalance',

  /** Of several directives the last one's policy counts. */
  parse(directives) {
    return directives.reduce<LoadbalanceConfig>(parseDirective, { weighted: undefined, prefer: [] })
  },

  async background({ weighted }, { log, share }) {
    if (weighted === undefined) return {}
    const { file: path, reload, at } = weighted
    const key = `loadbalance ${reload} ${path}`
    const file = share(key, (signal) => new WeightFile(path, reload, log, signal))
    try {
      await file.refresh()
    } catch (error) {
      if (!(error instanceof WeightFileError)) throw error
      if (!error.isMissing || reload === 0) throw new CorefileError(at, error.message, { cause: error })
      const told = `Failed to open weight file:${error.message}. Will try again in ${file.period}`
      log.warning(told)
    }
    return { feed: { key, open: (port) => file.feed(port) } }
  },

  handler(config, context) {
    const arrange = arrangementOf(config, context)
    // hot
    return (query, next) => {
      const reply = next(query)
      return reply instanceof Promise ? reply.then((value) => arrange(query, value)) : arrange(query, reply)
    }
  },
}

function parseDirective(before: LoadbalanceConfig, directive: Directive): LoadbalanceConfig {
  const [policy = 'round_robin', ...args] = directive.args
  if (policy === 'weighted') return { weighted: parseWeighted(directive, args), prefer: [] }
  if (policy !== 'round_robin') throw new CorefileError(directive, `unknown policy: ${policy}`)
  if (args.length > 0) throw new CorefileError(directive, `unknown property for ${policy}`)
  const prefer = [...before.prefer]
  readBlock(directive, {
    prefer: (property) => {
      for (const text of property.args) {
        if (parseCidr(text) === undefined) {
          throw new CorefileError(property, `invalid CIDR ${JSON.stringify(text)}: invalid CIDR address: ${text}`)
        }
        prefer.push(text)
      }
    },
  })
  return { weighted: undefined, prefer }
}

function parseWeighted(directive: Directive, args: readonly string[]): WeightedPolicy {
  const [path] = args
  if (path === undefined) throw new CorefileError(directive, 'missing weight file argument')
  if (args.length > 1) throw new CorefileError(directive, 'unexpected argument(s)')
  let reload = 30_000
  readBlock(directive, {
    reload: (property) => {
      reload = parseReload(property)
    },
  })
  const { plugin, file, line } = directive
  return { file: path, at: { plugin, file, line }, reload }
}

/** Milliseconds. */
function parseReload(property: Directive): number {
  const [text, ...others] = property.args
  if (text === undefined) throw new CorefileError(property, 'reload duration value is missing')
  if (others.length > 0) throw new CorefileError(property, 'unexpected argument')
  try {
    const reload = parseDuration(text)
    if (reload >= 0) return reload
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new CorefileError(property, `invalid reload duration '${text}'`, { cause: error })
  }
  throw new CorefileError(property, `invalid reload duration '${text}'`)
}

type Arrangement = (query: Query, reply: Reply) => Reply
type Section = readonly Rrset[]

function arrangementOf({ weighted, prefer }: LoadbalanceConfig, context: WorkerContext): Arrangement {
  if (weighted !== undefined) return weigh(context.feed(weightsFrom))
  const networks = prefer.flatMap((text) => parseCidr(text) ?? [])
  return networks.length === 0 ? shuffle : preferring(networks)
}

const isForUs = (query: Query, reply: Reply): boolean =>
  reply.rcode === Rcode.NOERROR && query.type !== Type.AXFR && query.type !== Type.IXFR

// hot
function shuffle(query: Query, reply: Reply): Reply {
  if (!isForUs(query, reply)) return reply
  return arranged(
    reply,
    shuffleSection(reply.answer),
    shuffleSection(reply.authority),
    shuffleSection(reply.additional),
  )
}

/** One address is put before the others, by its weight. */
function weigh(weights: () => Weights): Arrangement {
  return (query, reply) => {
    const { type } = query
    if (!isForUs(query, reply) || (type !== Type.A && type !== Type.AAAA && type !== Type.SRV)) return reply
    return arranged(
      reply,
      topSection(reply.answer, weights()),
      reply.authority,
      topSection(reply.additional, weights()),
    )
  }
}

function preferring(networks: readonly Cidr[]): Arrangement {
  return (query, reply) => {
    const shuffled = shuffle(query, reply)
    if (!isForUs(query, reply)) return shuffled
    return arranged(
      shuffled,
      preferSection(shuffled.answer, networks),
      shuffled.authority,
      preferSection(shuffled.additional, networks),
    )
  }
}

function arranged(reply: Reply, answer: Section, authority: Section, additional: Section): Reply {
  const isSame = reply.answer === answer && reply.authority === authority && reply.additional === additional
  return isSame ? reply : withSections(reply, answer, authority, additional)
}
