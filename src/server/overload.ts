// When a socket has more queries than there is time for: nobody gets more than a fair share, so that clients who ask for little
// get all of it (docs/decisions/overload.md).
//
// Calm costs a look at a flag per query. In overload queries are counted by client, in windows of a tenth of a second. The
// most that one client may have in a window is lowered while the socket stays full, and raised when it doesn't.
import type { Log } from '../log.ts'
import { counter, gauge } from '../metrics.ts'
import { fairShare } from './fair-share.ts'
import type { Quota } from './socket-filter.ts'

/** ms. */
const windowLength = 100
/** Windows without anybody over the share after which overload is over. */
const calmWindows = 50
/** Of what was answered in a window in which the queue was never empty; where it was full, there must be time to read it off. */
const target = { queued: 0.9, full: 0.5 }
/** Growth of the share in a window: where it was too much before, a little below that, and elsewhere. */
const raise = { there: 1.01, near: 1.05, far: 1.25 }
/** Parts of what was too much: whoever comes there fast is too far at once, and then everybody loses. */
const there = { from: 0.93, to: 1.03 }
const near = { from: 0.7, to: 1.1 }
/** The share of one client is never less: as much costs next to nothing. */
const leastShare = 10
/** Queries after which a full window is long enough to tell how many there is time for; or ms. */
const sample = { queries: 512, time: 1000 }
/** Clients counted by themselves; those that come when there are so many are counted as one. */
const maxClients = 10_000
/** Clients over the share that the kernel is told of: the heaviest. */
const maxQuotas = 32
/** Those a little over it, or of little weight, are cheaper to read. */
const quotaFrom = { share: 1.2, queries: 100 }
/** The least part that is let in, for something must be seen of a client to know what it wants. */
const leastAccepted = 0.01

const states = gauge(
  'clusterdns_udp_overloaded',
  'Sockets, of all workers, that have more queries than there is time for.',
  ['server'],
)
const unanswered = counter(
  'clusterdns_udp_over_share_total',
  'Counter of queries read and left unanswered in overload, as their client had had its share.',
  ['server'],
)

/** A client's address: that of IPv4 as a number, others as a character per octet or as text. */
export type ClientKey = number | string

export type Queue = 'emptied' | 'queued' | 'full'

/** The socket, as overload knows it. */
export interface Pressure {
  /** Was there more to do than time since the last call, and no room left for it either? */
  queue(): Queue
  /** Lets the kernel drop what is over these; none lifts them. Returns whether it does. */
  limit(quotas: readonly Quota[]): boolean
  /** Datagrams that the kernel has dropped so far. */
  readonly dropped: number
}

/** In place of a share while none is known. */
const unlimited = 2 ** 50

interface Tally {
  /** In this window. */
  read: number
  /** What it may still have: grows by a share in a window, and to one at most. */
  tokens: number
  /** When they were counted. */
  at: number
}

export class Overload {
  readonly #pressure: Pressure
  readonly #log: Log
  /** What the log calls it. */
  readonly #name: string
  readonly #gauge
  readonly #counter
  #timer: NodeJS.Timeout | undefined
  /** Those seen in this window or the one before. */
  readonly #clients = new Map<ClientKey, Tally>()
  readonly #others: Tally = { read: 0, tokens: unlimited, at: 0 }
  /** Of this window. */
  #answered = 0
  /** The most a client may have in a window. */
  #share = unlimited
  /** What was too much, the last time. */
  #ceiling = unlimited
  #quotas: ReadonlyMap<ClientKey, number> = new Map()
  /** At its worst in this window. */
  #queue: Queue = 'emptied'
  #read = 0
  #calm = 0
  #since = 0
  #windowSince = 0
  #now = 0
  #left = 0
  #droppedBefore = 0

  /** `server` is '' for all sockets of a thread. */
  constructor(server: string, pressure: Pressure, log: Log) {
    this.#name = server === '' ? 'udp' : `${server} udp`
    this.#pressure = pressure
    this.#log = log
    this.#gauge = states.with(server)
    this.#counter = unanswered.with(server)
  }

  /** Are queries counted by client now? `admit` is to be asked for each then. */
  get on(): boolean {
    return this.#timer !== undefined
  }

  /** The socket was full. `now` is performance.now(). */
  begin(now: number): void {
    if (this.#timer !== undefined) return
    // Where nobody asks any more nothing else looks at the clock.
    this.#timer = setInterval(() => this.look(performance.now()), windowLength).unref()
    this.#share = unlimited
    this.#ceiling = unlimited
    this.#calm = 0
    this.#left = 0
    this.#droppedBefore = this.#pressure.dropped
    this.#since = now
    this.#windowSince = now
    this.#now = now
    this.#gauge.add(1)
    this.#log.warning(`${this.#name}: overloaded, no client gets more than a fair share of the answers`)
  }

  /** Is a query of this client to be answered? */
  // hot
  admit(client: ClientKey): boolean {
    let tally = this.#clients.get(client)
    if (tally === undefined) {
      if (this.#clients.size < maxClients) {
        tally = { read: 0, tokens: this.#share, at: this.#now }
        this.#clients.set(client, tally)
      } else tally = this.#others
    }
    tally.read++
    this.#read++
    const share = this.#share
    const tokens = Math.min(share, tally.tokens + (share * (this.#now - tally.at)) / windowLength)
    tally.at = this.#now
    if (tokens < 1) {
      tally.tokens = tokens
      this.#left++
      this.#counter.inc()
      return false
    }
    tally.tokens = tokens - 1
    this.#answered++
    return true
  }

  /** Ends the window where its time is over. To be called every few queries. */
  // hot
  look(now: number): void {
    // A thread that is kept from running, by a quota or by others, comes late.
    this.#now = now
    const length = now - this.#windowSince
    if (this.#timer === undefined || length < windowLength) return
    const queue = this.#pressure.queue()
    if (this.#queue === 'emptied' || queue === 'full') this.#queue = queue
    const known = this.#read === 0 || this.#read >= sample.queries || length >= sample.time
    if (this.#queue !== 'emptied' && !known) return
    this.#windowSince = now
    this.#turn(windowLength / length)
  }

  /** `scale` makes what was counted what it would have been in a window of the usual length. */
  #turn(scale: number): void {
    const demands = new Map<ClientKey, number>()
    for (const [client, { read }] of this.#clients) {
      if (read > 0) demands.set(client, (read * scale) / (this.#quotas.get(client) ?? 1))
    }
    // Of whom little is let in nothing may have come.
    for (const [client, accept] of this.#quotas) {
      if (!demands.has(client)) demands.set(client, this.#share / accept / 2)
    }
    const all = [...demands.values(), this.#others.read * scale]
    // Where nothing came there is nothing to learn.
    if (this.#read === 0) this.#calm++
    else if (this.#queue !== 'emptied') {
      const part = target[this.#queue]
      this.#ceiling = this.#share
      this.#share = Math.max(leastShare, Math.min(unlimited, fairShare(all, this.#answered * scale * part)))
      if (this.#ceiling === unlimited) this.#ceiling = this.#share / part
      this.#calm = 0
    } else {
      const part = this.#share / this.#ceiling
      this.#share = Math.min(unlimited, this.#share * growthAt(part))
      this.#calm = Math.max(...all) > this.#share ? 0 : this.#calm + 1
    }
    for (const [client, tally] of this.#clients) {
      if (tally.read === 0) this.#clients.delete(client)
      else tally.read = 0
    }
    this.#others.read = 0
    this.#read = 0
    this.#answered = 0
    this.#queue = 'emptied'
    if (this.#calm >= calmWindows) this.end()
    else this.#tellKernel(demands)
  }

  #tellKernel(demands: ReadonlyMap<ClientKey, number>): void {
    const heavy = [...demands]
      .filter(([, demand]) => demand > this.#share * quotaFrom.share && demand > quotaFrom.queries)
      .filter(([client]) => octetsOf(client) !== undefined)
      .sort(([, a], [, b]) => b - a)
      .slice(0, maxQuotas)
    if (heavy.length === 0 && this.#quotas.size === 0) return
    const quotas = new Map(heavy.map(([client, demand]) => [client, Math.max(leastAccepted, this.#share / demand)]))
    const done = this.#pressure.limit(
      heavy.map(([client]) => ({ address: octetsOf(client) as string, accept: quotas.get(client) as number })),
    )
    this.#quotas = done ? quotas : new Map()
  }

  /** It is over, or the socket is closed. */
  end(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    if (this.#quotas.size > 0) this.#pressure.limit([])
    this.#quotas = new Map()
    this.#clients.clear()
    this.#gauge.add(-1)
    const seconds = ((this.#windowSince - this.#since) / 1000).toFixed(1)
    const left = this.#left + this.#pressure.dropped - this.#droppedBefore
    this.#log.info(
      `${this.#name}: no longer overloaded, after ${seconds} s in which ${left} queries were left unanswered`,
    )
  }
}

/** Of a share that is this part of what was too much. */
function growthAt(part: number): number {
  if (part > there.from && part < there.to) return raise.there
  return part > near.from && part < near.to ? raise.near : raise.far
}

/** As the kernel knows it; undefined for text. */
function octetsOf(client: ClientKey): string | undefined {
  if (typeof client === 'string') return client.length === 16 ? client : undefined
  return String.fromCharCode(client >>> 24, (client >>> 16) & 255, (client >>> 8) & 255, client & 255)
}
