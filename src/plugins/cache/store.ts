// Where replies are kept: one cache for answers and one for denials. Only importer of lru-cache.
import { LRUCache } from 'lru-cache'
import { Class, Rcode, Type } from '../../dns/codes.ts'
import type { Query } from '../../dns/query.ts'
import type { Entry } from './entry.ts'

export type PartName = 'success' | 'denial'

/** What is under a key, and in which of the two caches. */
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

/** What tells two questions apart whose replies may differ: name, type, class, DO and CD. */
export function keyOf(query: Query): string {
  const flags = (query.edns?.dnssecOk === true ? 1 : 0) | (query.checkingDisabled ? 2 : 0)
  // The commonest question needs no text of its own: no name is the beginning of another, so nothing else is this key.
  if (query.type === Type.A && query.class === Class.IN && flags === 0) return query.name
  return query.name + String.fromCharCode(query.type, query.class, flags)
}

export class Store {
  readonly #parts: Readonly<Record<PartName, LRUCache<string, Entry>>>
  readonly #options: StoreOptions
  #now = 0
  #purged: Record<PartName, number> = { success: 0, denial: 0 }
  #evicted = 0

  constructor(options: StoreOptions) {
    this.#options = options
    const open = (capacity: number) =>
      new LRUCache<string, Entry>({
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
   * What is to be given for this key. A denial comes before an answer, being newer where there are both; but a server's
   * failure is not the end of an answer that still holds.
   */
  // hot
  find(key: string): Found | undefined {
    const { success, denial } = this.#parts
    if (this.#options.preferPositive) {
      const good = this.#good(success.get(key))
      if (good !== undefined) return { part: 'success', entry: good }
    }
    const denied = denial.size === 0 ? undefined : this.#usable(denial.get(key))
    if (denied !== undefined && denied.rcode !== Rcode.SERVFAIL) return { part: 'denial', entry: denied }
    const answer = this.#usable(success.get(key))
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

  /** The answer that must not get lost over this key's new reply. */
  lastGood(key: string): Entry | undefined {
    return this.#good(this.#parts.success.peek(key))
  }

  /** `size`: octets, about. Returns how many others had to go before their end. */
  keep(part: PartName, key: string, entry: Entry, size: number): number {
    const cache = this.#parts[part]
    const isFull = cache.size >= cache.max || cache.calculatedSize + size > cache.maxSize
    if (isFull && this.#now - this.#purged[part] >= purgePause) {
      this.#purged[part] = this.#now
      cache.purgeStale()
    }
    const before = this.#evicted
    const lasting = Math.max(entry.remaining(this.#now), entry.lastGood?.remaining(this.#now) ?? 0)
    cache.set(key, entry, { ttl: (lasting + this.#options.staleUpTo) * 1000, size: Math.max(size, 1) })
    return this.#evicted - before
  }

  /** Hands over the popularity of an entry to the one that was put in its place. */
  inherit(key: string, before: Entry): void {
    const { success, denial } = this.#parts
    const entry = denial.peek(key) ?? success.peek(key)
    if (entry !== before) entry?.inherit(before)
  }

  forget(key: string, part?: PartName): void {
    if (part !== 'denial') this.#parts.success.delete(key)
    if (part !== 'success') this.#parts.denial.delete(key)
  }

  size(part: PartName): number {
    return this.#parts[part].size
  }
}
