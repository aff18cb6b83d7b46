// The path of a query through a worker: the server block with the longest matching zone, then its plugins one by one.
import type { MessagePort } from 'node:worker_threads'
import { Class, Rcode, Type } from '../dns/codes.ts'
import { isWithin, type Name, parentOf, printName } from '../dns/name.ts'
import type { Query } from '../dns/query.ts'
import { errorReply, type Reply } from '../dns/reply.ts'
import type { Log } from '../log.ts'
import { attempt, type Maybe } from '../maybe.ts'
import { type Facets, Failure, type Next, type Plugin, type WorkerContext } from '../plugin.ts'
import { noZone, queryCounter } from '../query-metrics.ts'
import { type BlockSetup, bindAddresses, serverLabel, viewOf } from './setup.ts'

/** What a chain needs of the worker around it. */
export interface ChainHost {
  readonly log: Log
  /** The addresses that '' stands for. */
  readonly localAddresses: readonly string[]
  readonly workers: number
  /** Aborted when these chains are asked nothing more. */
  readonly signal: AbortSignal
  /** The result of `build` for the feed of this key, kept over configurations. */
  feed<T>(key: string, build: (port: MessagePort) => T): T
}

interface Route {
  readonly zone: Name
  readonly handle: Next
  /** Undefined for blocks that take every question. */
  readonly view: string | undefined
  readonly filter: ((query: Query) => boolean) | undefined
}

/** Nothing in the chain answered: an operator's mistake, told by `errors`, answered with SERVFAIL. */
export class ChainEnd extends Error {
  override name = 'ChainEnd'
}

/** Builds the chains of all server blocks. What is returned answers any query that came to one of their listeners. */
export function buildChains(setups: readonly BlockSetup[], plugins: readonly Plugin[], host: ChainHost): Next {
  const routers = new Map<string, Route[]>()
  /** Those with a plugin that knows what to do with other classes than IN. */
  const openToClasses = new Set<string>()
  const serve: Next = (query) => {
    const { server } = query.client
    if (query.class !== Class.IN && !openToClasses.has(server)) return refuse(query)
    const routes = routers.get(server)
    return routes === undefined ? refuse(query) : route(routes, query)
  }
  const ask = askAgain(serve, host.log)
  for (const setup of setups) {
    const chain = buildChain(setup, plugins, host, ask)
    const view = viewOf(setup, plugins)
    const isOpen = plugins.some(
      (plugin) => plugin.otherClasses === true && setup.plugins.some((part) => part.name === plugin.name),
    )
    for (const key of setup.keys) {
      for (const address of bindAddresses(setup)) {
        const server = serverLabel(key.scheme, address, key.port)
        const routes = routers.get(server) ?? []
        routers.set(server, routes)
        routes.push({ zone: key.zone, view, ...chain })
        if (isOpen) openToClasses.add(server)
      }
    }
  }
  // Those of one zone stay in the order of the file.
  for (const routes of routers.values()) routes.sort((a, b) => b.zone.length - a.zone.length)
  return serve
}

/** Questions that lead to questions, at most. */
const maxDepth = 16

/** As `serve`, for plugins that ask: what goes wrong there is an answer here, as it would be for a client. */
function askAgain(serve: Next, log: Log): Next {
  const failed = (query: Query, error: unknown): Reply => {
    if (error instanceof Failure) return error.reply
    if (!(error instanceof ChainEnd))
      log.error(`asking for ${printName(query.name)}: ${(error as Error).stack ?? error}`)
    return errorReply(Rcode.SERVFAIL)
  }
  return (query) => {
    const depth = (query.depth ?? 0) + 1
    if (depth > maxDepth) return errorReply(Rcode.SERVFAIL)
    return attempt(
      // It is a question of its own, also for logs.
      () => serve({ ...query, depth, origin: undefined }),
      (reply) => reply,
      (error) => failed(query, error),
    )
  }
}

/**
 * The longest zone wins, of its blocks the first that takes the question; a DS question belongs to the parent of its name
 * (RFC 4035 3.1.4.1).
 */
function route(routes: readonly Route[], query: Query): Maybe<Reply> {
  let atApex: Route | undefined
  for (const candidate of routes) {
    if (!isWithin(query.name, candidate.zone)) continue
    if (candidate.filter !== undefined && !candidate.filter(query)) continue
    if (query.type === Type.DS && candidate.zone === query.name && query.name !== parentOf(query.name)) {
      atApex ??= candidate
      continue
    }
    return enter(candidate, query)
  }
  return atApex === undefined ? refuse(query) : enter(atApex, query)
}

/** What a plugin of another view asks is of this one from here on. */
function enter({ handle, view }: Route, query: Query): Maybe<Reply> {
  return handle(query.view === view ? query : { ...query, view })
}

const countRefused = queryCounter(noZone)

/** What no server block wants. */
function refuse(query: Query): Reply {
  const reply = errorReply(Rcode.REFUSED)
  countRefused(query, reply, 0)
  return reply
}

function buildChain(
  setup: BlockSetup,
  plugins: readonly Plugin[],
  host: ChainHost,
  ask: Next,
): Pick<Route, 'handle' | 'filter'> {
  const offers = new Map<string, Facets>()
  const localAddresses = bindAddresses(setup).flatMap((address) => (address === '' ? host.localAddresses : [address]))
  const present = setup.plugins.map((part) => {
    const plugin = plugins.find((candidate) => candidate.name === part.name)
    if (plugin === undefined) throw new Error(`no plugin ${part.name}`)
    const context: WorkerContext = {
      keys: setup.keys,
      log: host.log.plugin(part.name),
      localAddresses,
      workers: host.workers,
      signal: host.signal,
      ask,
      offers,
      feed: (build) => {
        if (part.feedKey === undefined) throw new Error(`plugin/${part.name} offers no feed`)
        return host.feed(part.feedKey, build)
      },
    }
    return { plugin, config: part.config, context }
  })
  for (const { plugin, config, context } of present) {
    const facets = plugin.offers?.(config, context)
    if (facets !== undefined) offers.set(plugin.name, facets)
  }
  const filters = present.flatMap(({ plugin, config, context }) => plugin.filter?.(config, context) ?? [])
  const filter = filters.length === 0 ? undefined : (query: Query) => filters.every((passes) => passes(query))
  const inChain = present.filter(({ plugin }) => plugin.handler !== undefined)
  const last = inChain.at(-1)
  // A block without plugins that answer is no server for its zone.
  if (last === undefined) return { handle: refuse, filter }
  // One error for all queries: a stack per query would cost more than the query, and say nothing.
  const end = new ChainEnd(`plugin/${last.plugin.name}: no next plugin found`)
  let next: Next = () => {
    throw end
  }
  for (const { plugin, config, context } of inChain.reverse()) {
    const handler = plugin.handler?.(config, context)
    const rest = next
    if (handler !== undefined) next = (query) => handler(query, rest)
  }
  return { handle: next, filter }
}
