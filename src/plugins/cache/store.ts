// Where replies are kept: one cache for answers and one for denials. Only importer of lru-cache.
import { LRUCache } from 'lru-cache'
import { Rcode } from '../../dns/codes.ts'
import type { Query } from '../../dns/query.ts'
import { type Entry, hashOf } from './entry.ts'

export type PartName = 'success' | 'denial'

/** What there is for a question, and in which of the two caches. */
export interface Found {
  readonly part: PartName
  readonly entry: Entry
}

export interface StoreOptions {
  /** Replies in each cache, at most. */
  readonly capacity: Readonly<Record<PartName, number>>
  /** How long after its end a reply may still be found, seconds. */
  readonly staleUpTo: number
  /** Are answers looked for before denials? */
  readonly preferPositive: boolean
  /** Milliseconds, never going back, never 0: to lru-cache a 0 means that an entry has no end. */
  readonly clock: () => number
}

/** Octets per reply that a cache may use on average: without it a few thousand large ones would take all memory. */
const averageSize = 1024
/** Between two looks for what has ended, ms. */
const purgePause = 1000

/**
 * Entries are under the hash of their question. Of questions with the same one, which are as good as none, the last one's reply is
 * kept.
 */
export class Store {
  readonly #parts: Readonly<Record<PartName, LRUCache<number, Entry>>>
  readonly #options: StoreOptions
  #now = 0
  #purged: Record<PartName, number> = { success: 0, denial: 0 }
  #evicted = 0

  constructor(options: StoreOptions) {
    this.#options = options
    const open = (capacity: number) =>
      new LRUCache<number, Entry>({
        max: capacity,
        maxSize: capacity * averageSize,
        ttlResolution: 0,
        perf: { now: () => this.#now },
        dispose: (_entry, _key, reason) => {
          if (reason === 'evict') this.#evicted++
        },
      })
    this.#parts = { success: open(options.capacity.success), denial: open(options.capacity.denial) }
    this.tick()
  }

  /** Looks at the clock once for all that follows. */
  tick(): number {
    this.#now = this.#options.clock()
    return this.#now
  }

  /**
   * What is to be given for this question. A denial comes before an answer, being newer where there are both; but a server's
   * failure is not the end of an answer that still holds.
   */
  // hot
  find(query: Query): Found | undefined {
    const { success, denial } = this.#parts
    const hash = hashOf(query)
    if (this.#options.preferPositive) {
      const good = this.#good(own(success.get(hash), query))
      if (good !== undefined) return { part: 'success', entry: good }
    }
    const denied = denial.size === 0 ? undefined : this.#usable(own(denial.get(hash), query))
    if (denied !== undefined && denied.rcode !== Rcode.SERVFAIL) return { part: 'denial', entry: denied }
    const answer = this.#usable(own(success.get(hash), query))
    if (answer !== undefined) return { part: 'success', entry: answer }
    return denied === undefined ? undefined : { part: 'denial', entry: denied }
  }

  /** The entry, or the one that it took the place of, that answers and may still be given. */
  #good(entry: Entry | undefined): Entry | undefined {
    if (entry === undefined) return undefined
    return this.#usable(entry.isAnswer ? entry : entry.lastGood)
  }

  #usable(entry: Entry | undefined): Entry | undefined {
    if (entry === undefined) return undefined
    const remaining = entry.remaining(this.#now)
    return remaining > 0 || -remaining < this.#options.staleUpTo ? entry : undefined
  }

  /** The answer that must not get lost over this question's new reply. */
  lastGood(query: Query): Entry | undefined {
    return this.#good(this.#peek('success', query))
  }

  /** `size`: octets, about. Returns how many others had to go before their end. */
  keep(part: PartName, entry: Entry, size: number): number {
    const cache = this.#parts[part]
    const isFull = cache.size >= cache.max || cache.calculatedSize + size > cache.maxSize
    if (isFull && this.#now - this.#purged[part] >= purgePause) {
      this.#purged[part] = this.#now
      cache.purgeStale()
    }
    const before = this.#evicted
    const lasting = Math.max(entry.remaining(this.#now), entry.lastGood?.remaining(this.#now) ?? 0)
    cache.set(entry.hash, entry, { ttl: (lasting + this.#options.staleUpTo) * 1000, size: Math.max(size, 1) })
    return this.#evicted - before
  }

  /** Hands over the popularity of an entry to the one that was put in its place. */
  inherit(query: Query, before: Entry): void {
    const entry = this.#peek('denial', query) ?? this.#peek('success', query)
    if (entry !== before) entry?.inherit(before)
  }

  forget(query: Query, part?: PartName): void {
    for (const each of part === undefined ? (['success', 'denial'] as const) : [part]) {
      if (this.#peek(each, query) !== undefined) this.#parts[each].delete(hashOf(query))
    }
  }

  #peek(part: PartName, query: Query): Entry | undefined {
    return own(this.#parts[part].peek(hashOf(query)), query)
  }

  size(part: PartName): number {
    return this.#parts[part].size
  }
}

/** The entry, if it is the question's. */
// hot
function own(entry: Entry | undefined, query: Query): Entry | undefined {
  return entry?.isFor(query) === true ? entry : undefined
}
