// A reply that is kept: how old it is, how it is told to those who ask now, and whether somebody renews it.
import type { Name } from '../../dns/name.ts'
import { octetsOf } from '../../dns/name-octets.ts'
import type { Query } from '../../dns/query.ts'
import { type ExtendedError, type Reply, reply } from '../../dns/reply.ts'
import type { Rrset } from '../../dns/rrset.ts'
import { hashNumber, hashOctets } from '../../hash.ts'

/** Of what tells two questions apart whose replies may differ: name, type, class, DO and CD. */
// hot: a Map asked with a text made for the occasion looks for its like among all texts first.
export function hashOf(query: Query): number {
  const { name } = query
  const rest = (query.type << 16) ^ (query.class << 2) ^ flagsOf(query)
  return hashNumber(rest, hashOctets(octetsOf(name), 0, name.length))
}

function flagsOf({ edns, checkingDisabled }: Query): number {
  return (edns?.dnssecOk === true ? 1 : 0) | (checkingDisabled ? 2 : 0)
}

/** Times are milliseconds of the store's clock. */
export class Entry {
  /** Of its question (`hashOf`). */
  readonly hash: number
  /** Seconds. */
  readonly lifetime: number
  readonly isAnswer: boolean
  /** An older reply that answers the question, where this one doesn't. */
  lastGood: Entry | undefined
  /** Questions without a longer pause than `prefetch` allows. */
  hits = 0
  #lastHit = 0
  readonly #reply: Reply
  readonly #name: Name
  /** The name as the client wrote it for whom the reply was made. */
  readonly #asked: Name
  readonly #type: number
  readonly #class: number
  readonly #flags: number
  readonly #stored: number
  #renewing = false
  #retryAt = 0
  /** What was told last, and to whom it would be told the same. */
  #told: Reply | undefined
  #toldAge = -1
  #toldAsked: Name | undefined

  constructor(
    query: Query,
    kept: {
      readonly reply: Reply
      readonly lifetime: number
      readonly isAnswer: boolean
      readonly lastGood: Entry | undefined
    },
    now: number,
  ) {
    const { rcode, recursionAvailable, authenticData, answer, authority, additional, errors } = kept.reply
    // AA is set whatever the reply said, as CoreDNS does: old resolvers of C libraries ignore replies without it.
    // Options concern one exchange only.
    const fields = { rcode, recursionAvailable, authenticData, answer, authority, additional, errors }
    this.#reply = reply({ ...fields, authoritative: true, plugin: 'cache' })
    this.lifetime = kept.lifetime
    this.isAnswer = kept.isAnswer
    this.lastGood = kept.lastGood
    this.hash = hashOf(query)
    this.#name = query.name
    this.#asked = query.asked
    this.#type = query.type
    this.#class = query.class
    this.#flags = flagsOf(query)
    this.#stored = now
  }

  /** Others may have its hash. */
  // hot
  isFor(query: Query): boolean {
    return (
      this.#type === query.type &&
      this.#name === query.name &&
      this.#class === query.class &&
      this.#flags === flagsOf(query)
    )
  }

  get rcode(): number {
    return this.#reply.rcode
  }

  /** Seconds until its end, negative after it. */
  remaining(now: number): number {
    return this.lifetime - this.#age(now)
  }

  #age(now: number): number {
    return Math.floor((now - this.#stored) / 1000)
  }

  /** The reply for who asks now, with what is left of each TTL. */
  // hot
  tell(query: Query, now: number): Reply {
    const age = this.#age(now)
    if (this.#told === undefined || age !== this.#toldAge || query.asked !== this.#toldAsked) {
      this.#told = this.#make(query, (ttl) => Math.max(ttl - age, 0))
      this.#toldAge = age
      this.#toldAsked = query.asked
    }
    return forClient(query, this.#told)
  }

  /** The reply as it was when it came. */
  tellUnchanged(query: Query): Reply {
    return forClient(
      query,
      this.#make(query, (ttl) => ttl),
    )
  }

  /** The reply after its end: with a TTL of its own, in seconds, and a word on why. */
  tellStale(query: Query, ttl: number, error: ExtendedError): Reply {
    const stale = this.#make(query, () => ttl)
    return forClient(query, { ...stale, errors: [...stale.errors, error] })
  }

  #make(query: Query, ttlOf: (ttl: number) => number): Reply {
    const rewrite = (rrset: Rrset): Rrset => ({
      ...rrset,
      owner: rrset.owner === this.#asked ? query.asked : rrset.owner,
      ttl: ttlOf(rrset.ttl),
    })
    return {
      ...this.#reply,
      answer: this.#reply.answer.map(rewrite),
      authority: this.#reply.authority.map(rewrite),
      additional: this.#reply.additional.map(rewrite),
    }
  }

  /** Counts a question; `pause`, in ms, is the longest between two that count together. */
  hit(now: number, pause: number): void {
    this.hits = now - this.#lastHit > pause ? 1 : this.hits + 1
    this.#lastHit = now
  }

  /** Takes over how popular the entry was in whose place this one is. */
  inherit(before: Entry): void {
    this.hits = before.hits
    this.#lastHit = before.#lastHit
  }

  /** May it be renewed now? If so, nobody else may until `endRenewal`. */
  beginRenewal(now: number): boolean {
    if (this.#renewing || now < this.#retryAt) return false
    this.#renewing = true
    return true
  }

  /** `retryAt`: not to be tried again before, after a failure. */
  endRenewal(retryAt: number): void {
    this.#renewing = false
    this.#retryAt = retryAt
  }
}

/** AD is for those who want to know: by DO, or by AD in their question (RFC 6840 5.7, 5.8). */
export function forClient(query: Query, told: Reply): Reply {
  if (!told.authenticData || query.authenticData || query.edns?.dnssecOk === true) return told
  return { ...told, authenticData: false }
}
