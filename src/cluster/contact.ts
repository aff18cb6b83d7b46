// What is said, and shared with workers, of how it goes with the API server: one line when it can't be followed, whoever
// finds that out and however often it is tried, and one when it can again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { ApiError, SilenceError } from './api-request.ts'
import { countRelist, type KindState, type RelistReason } from './cluster-metrics.ts'
import { type Freshness, monotonicMs } from './freshness.ts'
import { JsonStreamError } from './json-stream.ts'
import type { Kind } from './store.ts'

/** How long after the first others are waited for, to say of all of them at once, milliseconds. */
const gatherMs = 500
/** How often a line that says who is back waits for the rest, at most. */
const mostGatherings = 4

/** Failures in a row of which nothing is said: the first is as a rule over at the next attempt, which comes at once. */
const silentFailures = 1

/** How it goes with one resource. Its reflector tells it. */
export class Contact {
  readonly kind: Kind
  /** As the log is to name it. */
  readonly name: string
  readonly #contacts: Contacts
  /** On the monotonic clock, all of these. */
  #stoodSince: number | undefined
  #heardAt = 0
  #lostSince: number | undefined
  #failures = 0
  #failure: { readonly doing: string; readonly error: unknown } | undefined
  /** What kinds of problems have been written since it last stood, and when the first came. */
  readonly #said = new Set<string>()
  #saidSince = 0

  constructor(contacts: Contacts, kind: Kind, name: string, lostSince: number | undefined) {
    this.#contacts = contacts
    this.kind = kind
    this.name = name
    this.#lostSince = lostSince
  }

  /** We know what the server has, and hear of what changes. */
  stands(): void {
    const now = monotonicMs()
    const wasLost = this.#failures > silentFailures
    this.#stoodSince = now
    this.#heardAt = now
    this.#lostSince = undefined
    this.#failures = 0
    this.#failure = undefined
    this.#contacts.stood(this.kind)
    if (wasLost) this.#contacts.wake()
    if (this.#said.size > 0) this.#contacts.gather()
  }

  /** The server has said something. */
  heard(): void {
    this.#heardAt = monotonicMs()
  }

  /** The watch is over, for whatever reason: what changes from now on is not known. */
  ended(): void {
    this.#lose(monotonicMs())
  }

  /** An attempt to `doing` (list, watch) failed; so many did since all was well. */
  failed(doing: string, error: unknown, failures: number): void {
    // Of a connection that was silent nobody knows when it broke.
    this.#lose(error instanceof SilenceError ? this.#heardAt : monotonicMs())
    this.#failures = failures
    this.#failure = { doing, error }
    if (this.#unsaid() !== undefined) this.#contacts.gather()
  }

  relists(reason: RelistReason): void {
    countRelist(this.kind, reason)
  }

  /** Resolves after so many milliseconds, or when somebody else has found that the server can be reached again. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#contacts.awakening])
    await sleep(milliseconds, undefined, { signal: until }).catch(() => {})
  }

  /** Nobody follows this resource any more. */
  close(): void {
    this.#contacts.forget(this)
  }

  get lostSince(): number | undefined {
    return this.#lostSince
  }

  /** Something has been written of its trouble, and not yet that it is over. */
  get isReported(): boolean {
    return this.#said.size > 0
  }

  get isBack(): boolean {
    return this.isReported && this.#failure === undefined
  }

  /** The problem that has to be written, if there is one. */
  #unsaid(): { readonly sort: string; readonly doing: string; readonly error: unknown } | undefined {
    if (this.#failure === undefined || this.#failures <= silentFailures) return undefined
    const sort = sortOf(this.#failure.error)
    return this.#said.has(sort) ? undefined : { sort, ...this.#failure }
  }

  /** As `#unsaid`; counts as written from now on. */
  takeUnsaid(): { readonly sort: string; readonly doing: string; readonly error: unknown } | undefined {
    const problem = this.#unsaid()
    if (problem === undefined) return undefined
    if (this.#said.size === 0) this.#saidSince = this.#lostSince ?? monotonicMs()
    this.#said.add(problem.sort)
    return problem
  }

  /** It is written that it is back; returns for how many milliseconds it was away. */
  takeBack(): number {
    this.#said.clear()
    return (this.#stoodSince ?? monotonicMs()) - this.#saidSince
  }

  state(): Omit<KindState, 'objects'> {
    const now = monotonicMs()
    const stands = this.#stoodSince !== undefined && this.#lostSince === undefined
    return {
      staleness: this.#lostSince === undefined ? 0 : now - this.#lostSince,
      watchAge: stands ? now - (this.#stoodSince as number) : 0,
      silence: this.#stoodSince === undefined ? 0 : now - this.#heardAt,
    }
  }

  #lose(since: number): void {
    if (this.#stoodSince === undefined || this.#lostSince !== undefined) return
    this.#lostSince = since
    this.#contacts.shareFreshness(this.kind)
  }
}

/** Those of one cluster. */
export class Contacts {
  readonly #log: Log
  readonly #signal: AbortSignal
  readonly #freshness: Freshness
  readonly #contacts = new Set<Contact>()
  /** Kinds of which something is known from the server. */
  readonly #known = new Set<Kind>()
  /** What a snapshot says is as old as that; until the kind is listed. */
  readonly #restored = new Map<Kind, number>()
  #awakening = new AbortController()
  #gathering: NodeJS.Timeout | undefined
  #gatherings = 0

  constructor(freshness: Freshness, log: Log, signal: AbortSignal) {
    this.#freshness = freshness
    this.#log = log
    this.#signal = signal
    signal.addEventListener('abort', () => clearTimeout(this.#gathering))
  }

  /** What is known of the kind from whoever followed it before is out of date until this one stands. */
  open(kind: Kind, name: string): Contact {
    const contact = new Contact(this, kind, name, this.#known.has(kind) ? monotonicMs() : undefined)
    this.#contacts.add(contact)
    this.shareFreshness(kind)
    return contact
  }

  /** One that follows the kind stands. */
  stood(kind: Kind): void {
    this.#known.add(kind)
    this.shareFreshness(kind)
  }

  forget(contact: Contact): void {
    this.#contacts.delete(contact)
    this.shareFreshness(contact.kind)
  }

  /** What is known of the kind is from a file, and so many milliseconds old. */
  restored(kind: Kind, ageMs: number): void {
    this.#restored.set(kind, monotonicMs() - ageMs)
    this.shareFreshness(kind)
  }

  /** The kind has been listed. */
  listed(kind: Kind): void {
    if (this.#restored.delete(kind)) this.shareFreshness(kind)
  }

  /** The server can be reached again: whoever waits may ask it. */
  wake(): void {
    this.#awakening.abort()
    this.#awakening = new AbortController()
  }

  /** Aborted by `wake`. */
  get awakening(): AbortSignal {
    return this.#awakening.signal
  }

  shareFreshness(kind: Kind): void {
    const since = [...this.#of(kind).map(({ lostSince }) => lostSince), this.#restored.get(kind)]
    const lost = since.filter((each) => each !== undefined)
    this.#freshness.setLost(kind, lost.length === 0 ? undefined : Math.min(...lost))
  }

  stateOf(kind: Kind): Omit<KindState, 'objects'> {
    const states = this.#of(kind).map((contact) => contact.state())
    return {
      staleness: this.#freshness.ageOf(kind),
      watchAge: states.length === 0 ? 0 : Math.min(...states.map(({ watchAge }) => watchAge)),
      silence: Math.max(0, ...states.map(({ silence }) => silence)),
    }
  }

  /** Says in a moment what there is to say. */
  gather(): void {
    if (this.#gathering !== undefined || this.#signal.aborted) return
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined
      this.#tellTrouble()
      this.#tellRecovery()
    }, gatherMs)
    this.#gathering.unref()
  }

  #of(kind: Kind): Contact[] {
    return [...this.#contacts].filter((contact) => contact.kind === kind)
  }

  #tellTrouble(): void {
    const groups = new Map<string, { readonly doing: string; readonly error: unknown; readonly names: string[] }>()
    for (const contact of this.#contacts) {
      const problem = contact.takeUnsaid()
      if (problem === undefined) continue
      // What a server says of one kind may not be true of others.
      const said = problem.error instanceof ApiError ? messageOf(problem.error) : problem.sort
      const key = `${problem.doing} ${said}`
      const group = groups.get(key) ?? { ...problem, names: [] }
      group.names.push(contact.name)
      groups.set(key, group)
    }
    for (const { doing, error, names } of groups.values()) {
      this.#log.error(`failed to ${doing} ${names.sort().join(', ')}: ${messageOf(error)}`)
    }
  }

  #tellRecovery(): void {
    const reported = [...this.#contacts].filter(({ isReported }) => isReported)
    const back = reported.filter(({ isBack }) => isBack)
    if (back.length === 0) return
    // The others are likely to follow.
    if (back.length < reported.length && ++this.#gatherings < mostGatherings) {
      this.gather()
      return
    }
    this.#gatherings = 0
    const seconds = Math.max(...back.map((contact) => contact.takeBack())) / 1000
    const names = back.map(({ name }) => name).sort()
    this.#log.info(`${names.join(', ')} are followed again, after ${seconds.toFixed(1)} s`)
  }
}

/** Problems of one sort have one cause, as far as anybody can tell: they are written once, whatever their words. */
function sortOf(error: unknown): string {
  if (error instanceof ApiError) return `status ${error.code}`
  if (error instanceof JsonStreamError) return 'content'
  if (error instanceof SilenceError) return 'network'
  const { code = messageOf(error) } = error as NodeJS.ErrnoException
  // What TLS has against a certificate has codes too, of other forms.
  return /^E(?!RR_)[A-Z_]+$|broke off|socket hang up/.test(code) ? 'network' : code
}

export function messageOf(error: unknown): string {
  // An attempt on several addresses fails with one error for each, and no words of its own.
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.message === 'aborted' ? 'the connection broke off' : error.message
}
