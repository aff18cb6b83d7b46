// The cache at work: replies from the store, from further down where there is none, and the renewal of what is old.
import { ExtendedErrorCode, Opcode, Rcode } from '../../dns/codes.ts'
import { isWithin, type Name, printName, root } from '../../dns/name.ts'
import { changeQuery, type Query } from '../../dns/query.ts'
import { type Reply, silence } from '../../dns/reply.ts'
import { replySize } from '../../dns/reply-size.ts'
import type { Log } from '../../log.ts'
import type { Maybe } from '../../maybe.ts'
import type { Next } from '../../plugin.ts'
import { Entry, forClient } from './entry.ts'
import { type CacheMetrics, cacheMetrics } from './metrics.ts'
import type { CacheConfig } from './stanza.ts'
import { Store } from './store.ts'
import { judge, type Verdict } from './verdict.ts'

export interface CacheSurroundings {
  readonly log: Log
  /** Among so many the capacity is divided. */
  readonly workers: number
  /** Milliseconds that never go back and are never 0. */
  readonly clock: () => number
}

export class Cache {
  readonly #config: CacheConfig
  readonly #log: Log
  readonly #store: Store
  readonly #zones: string
  /** Cluster names, in the Corefiles of today: nothing of theirs can be in the store. */
  readonly #neverKept: readonly Name[]
  readonly #metrics = new Map<string, CacheMetrics>()
  // Of the listener that was asked last.
  #lastServer = ''
  #lastMetrics: CacheMetrics | undefined

  constructor(config: CacheConfig, { log, workers, clock }: CacheSurroundings) {
    const { success, denial, stale } = config
    this.#config = config
    this.#log = log
    this.#neverKept = inBoth(success.except, denial.except)
    this.#zones = config.zones.map(printName).join(',')
    this.#store = new Store({
      capacity: { success: Math.ceil(success.capacity / workers), denial: Math.ceil(denial.capacity / workers) },
      staleUpTo: stale.upTo,
      preferPositive: stale.preferPositive && stale.upTo > 0,
      clock,
    })
  }

  // hot
  answer(query: Query, next: Next): Maybe<Reply> {
    if (query.opcode !== Opcode.QUERY || !isIn(query.name, this.#config.zones)) return next(query)
    const metrics = this.#metricsOf(query)
    metrics.requests.inc()
    // The client's own question will do, and spares a copy of it, where the reply is for nobody else.
    if (isIn(query.name, this.#neverKept)) {
      metrics.misses.inc()
      return this.#miss(query, next(query))
    }
    const now = this.#store.tick()
    const found = this.#store.find(query)
    if (found === undefined) {
      metrics.misses.inc()
      return this.#miss(query, next(forRenewal(query)))
    }
    metrics.hits[found.part].inc()
    const { entry } = found
    if (entry.remaining(now) <= 0) return this.#answerStale(query, entry, next)
    if (this.#isDue(entry, now) && entry.beginRenewal(now)) this.#prefetch(query, entry, next)
    return this.#config.keepTtl ? entry.tellUnchanged(query) : entry.tell(query, now)
  }

  #metricsOf({ client, view = '' }: Query): CacheMetrics {
    const { server } = client
    if (this.#lastMetrics !== undefined && server === this.#lastServer) return this.#lastMetrics
    let metrics = this.#metrics.get(server)
    if (metrics === undefined) {
      metrics = cacheMetrics(server, this.#zones, view)
      this.#metrics.set(server, metrics)
    }
    this.#lastServer = server
    this.#lastMetrics = metrics
    return metrics
  }

  // hot
  #miss(query: Query, reply: Maybe<Reply>): Maybe<Reply> {
    return reply instanceof Promise ? reply.then((value) => this.#take(query, value)) : this.#take(query, reply)
  }

  /** A reply to a question that nothing was kept for: kept where it may be. Returns what its client gets. */
  #take(query: Query, reply: Reply): Reply {
    if (reply.fresh || reply === silence) return reply
    const verdict = this.#judge(query, reply)
    this.#keep(query, verdict)
    return forClient(query, verdict.reply)
  }

  #judge(query: Query, reply: Reply): Verdict {
    return judge(query, reply, this.#config, Math.floor(Date.now() / 1000))
  }

  #keep(query: Query, { part, lifetime, reply, isAnswer }: Verdict): void {
    if (part === undefined || lifetime <= 0 || isIn(query.name, this.#config[part].except)) return
    const now = this.#store.tick()
    const { preferPositive } = this.#config.stale
    const lastGood = part === 'success' && preferPositive && !isAnswer ? this.#store.lastGood(query) : undefined
    const entry = new Entry(query, { reply, lifetime, isAnswer, lastGood }, now)
    const evicted = this.#store.keep(part, entry, replySize(query, reply))
    // The denial that was kept is older than this.
    if (part === 'success' && (isAnswer || !preferPositive)) this.#store.forget(query, 'denial')
    const metrics = this.#metricsOf(query)
    if (evicted > 0) metrics.evictions[part].inc(evicted)
    metrics.entries.success.set(this.#store.size('success'))
    metrics.entries.denial.set(this.#store.size('denial'))
  }

  /** Is it asked for often, and will it end soon? Counts this question. */
  #isDue(entry: Entry, now: number): boolean {
    const { amount, pause, percentage } = this.#config.prefetch
    if (amount === 0) return false
    entry.hit(now, pause)
    return entry.hits >= amount && entry.remaining(now) <= Math.ceil((percentage / 100) * entry.lifetime)
  }

  /** Renews in the background what still holds: whatever is said now takes its place. */
  #prefetch(query: Query, entry: Entry, next: Next): void {
    this.#metricsOf(query).prefetches.inc()
    const renewed = this.#renew(query, entry, next, (reply) => {
      if (reply === silence) return undefined
      if (reply.fresh) this.#store.forget(query)
      else this.#keep(query, this.#judge(query, reply))
      return reply
    })
    this.#finish(renewed, query, entry)
  }

  /** Nobody waits for this renewal. */
  #finish(renewed: Promise<Reply | undefined>, query: Query, entry: Entry): void {
    renewed
      .then(() => this.#store.inherit(query, entry))
      .catch((error: Error) => this.#log.error(`renewing an entry: ${error.stack ?? error.message}`))
  }

  /** Gives what has expired: at once, or where asking for a new reply is of no use. */
  #answerStale(query: Query, entry: Entry, next: Next): Maybe<Reply> {
    const { verify, timeout, recheck } = this.#config.stale
    const tellStale = (): Reply => {
      this.#metricsOf(query).servedStale.inc()
      const { STALE_ANSWER, STALE_NXDOMAIN_ANSWER } = ExtendedErrorCode
      const code = entry.rcode === Rcode.NXDOMAIN ? STALE_NXDOMAIN_ANSWER : STALE_ANSWER
      return entry.tellStale(query, this.#config.stale.ttl, { code, text: '' })
    }
    // Those who wait for a reply each ask for it, unless attempts are to be rare.
    const isFirst = verify && recheck === 0 ? true : entry.beginRenewal(this.#store.tick())
    if (!isFirst) return tellStale()
    const renewed = this.#renew(query, entry, next, (reply) => this.#accept(query, reply))
    if (!verify) {
      this.#metricsOf(query).prefetches.inc()
      this.#finish(renewed, query, entry)
      return tellStale()
    }
    return within(renewed, timeout).then((reply) => reply ?? tellStale())
  }

  /** What takes the place of an expired reply is returned, and kept where it may be; the rest counts as no reply. */
  #accept(query: Query, reply: Reply): Reply | undefined {
    if (reply === silence || reply.truncated) return undefined
    if (reply.fresh) {
      this.#store.forget(query)
      return reply
    }
    const verdict = this.#judge(query, reply)
    if (this.#config.stale.preferPositive) {
      this.#keep(query, verdict)
      if (!verdict.isAnswer) return undefined
    } else {
      const isSaid = reply.rcode === Rcode.NOERROR || reply.rcode === Rcode.NXDOMAIN
      if (!isSaid || verdict.kind === 'OTHERERROR' || verdict.kind === 'META') return undefined
      this.#keep(query, verdict)
    }
    return forClient(query, verdict.reply)
  }

  /** Asks further down. Undefined where that fails, or where `use` makes nothing of the reply. */
  async #renew(
    query: Query,
    entry: Entry,
    next: Next,
    use: (reply: Reply) => Reply | undefined,
  ): Promise<Reply | undefined> {
    const reply = await this.#askQuietly(query, next)
    const used = reply === undefined ? undefined : use(reply)
    entry.endRenewal(used === undefined ? this.#store.tick() + this.#config.stale.recheck : 0)
    return used
  }

  /** The client has an answer, if an old one; why there is no new one is for those who look for it. */
  async #askQuietly(query: Query, next: Next): Promise<Reply | undefined> {
    try {
      return await next(forRenewal(query))
    } catch (error) {
      this.#log.debug(`renewing ${printName(query.name)}: ${error instanceof Error ? error.message : error}`)
      return undefined
    }
  }
}

// hot
function isIn(name: Name, zones: readonly Name[]): boolean {
  for (let i = 0; i < zones.length; i++) {
    const zone = zones[i] as Name
    if (zone === root || isWithin(name, zone)) return true
  }
  return false
}

/** The zones whose names are in a zone of either list. */
function inBoth(some: readonly Name[], others: readonly Name[]): readonly Name[] {
  const lower = [...some.filter((zone) => isIn(zone, others)), ...others.filter((zone) => isIn(zone, some))]
  return [...new Set(lower)]
}

/** What is kept is for everybody, and so it is to say whether its data are authentic (RFC 6840 5.7). */
const forRenewal = (query: Query): Query => (query.authenticData ? query : changeQuery(query, { authenticData: true }))

/** The value, or undefined after `deadline` ms; of 0, the value whenever it comes. */
async function within<T>(value: Promise<T>, deadline: number): Promise<T | undefined> {
  if (deadline === 0) return value
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), Math.min(deadline, 2 ** 31 - 1))
  try {
    return await Promise.race([value, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
