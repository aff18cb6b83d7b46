// Follows all objects of one resource: lists them, then watches what changes, through whatever the server does
// (Kubernetes API concepts, "Efficient detection of changes").
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { partOf, textOf } from './api-object.ts'
import { ApiError, type ApiRequest, readAnswer, requestApi, SilenceError } from './api-request.ts'
import { BackOff, type BackOffLimits, reflectorBackOff } from './back-off.ts'
import type { RelistReason } from './cluster-metrics.ts'
import { type Contact, messageOf } from './contact.ts'
import type { Access, Credentials } from './credentials.ts'
import { JsonStreamError, LineSplitter } from './json-stream.ts'
import { type Census, isOlder, listPages, takeCensus } from './list-page.ts'
import type { Turns } from './turns.ts'

/** What is followed. */
export interface Resource {
  /** As the log is to name it: `services`. */
  readonly name: string
  readonly path: string
  /** '' for none. */
  readonly labelSelector: string
  readonly fieldSelector: string
  /** Parts of objects that aren't parsed; see LineSplitter. */
  readonly skipped: readonly string[]
}

/** Where the objects go, as the API's JSON. */
export interface Intake {
  /** A list begins: what isn't put before `complete` is no more. One that is never completed changes nothing by what it lacks. */
  begin(): void
  /** The object is there, in this form. */
  put(object: unknown): void
  /** It is not there any more. */
  drop(object: unknown): void
  /** An event of this type has come, after the list. */
  heard(type: unknown): void
  complete(): void
  /** How many objects there are, of use or not. */
  count(): number
}

export interface ReflectorTiming {
  readonly backOff: BackOffLimits
  /** Milliseconds without a sign of life, after which a connection is given up. Servers send bookmarks about once a minute. */
  readonly silenceMs: number
  /** Milliseconds a watch has to stand before what went wrong earlier is forgotten. */
  readonly healthyMs: number
  /** Seconds a watch is asked to last: between this and twice this, so that watches don't end together. */
  readonly watchSeconds: number
  /** Objects of a page, where a list comes in pages. */
  readonly pageSize: number
  /** Milliseconds after which everything is listed again, and before twice this, for what no other check would show. */
  readonly relistMs: number
}

export const reflectorTiming: ReflectorTiming = {
  backOff: reflectorBackOff,
  silenceMs: 110_000,
  healthyMs: 10_000,
  watchSeconds: 300,
  pageSize: 500,
  relistMs: 6 * 3_600_000,
}

type Query = Readonly<Record<string, string>>

/** We don't know of as many objects as there are. */
class GapError extends Error {
  override name = 'GapError'
}

/** How an attempt came out: everything is listed, a watch came to its end, or what we watched from is of no use. */
type Outcome = 'listed' | 'ended' | 'outdated'

/** After so many lists are asked for in pages: not every server that lets itself be asked for a streaming list has one. */
const mostEndless = 2

/** Watches that say nothing and end, after which everything is listed again. */
const mostBarren = 3

/** The annotation of the bookmark that ends a streaming list. */
const listEndAnnotation = 'k8s.io/initial-events-end'

export interface ReflectorOptions {
  readonly resource: Resource
  readonly credentials: Credentials
  readonly intake: Intake
  /** Told how it goes. */
  readonly contact: Contact
  /** Those of all that list from this server. */
  readonly turns: Turns
  readonly log: Log
  readonly signal: AbortSignal
  /** Refusals that more attempts won't change; none unless said otherwise. */
  readonly isFinal?: (refusal: ApiError) => boolean
  /** Told of every attempt that failed. */
  readonly failed?: () => void
  readonly timing?: ReflectorTiming | undefined
}

export class Reflector {
  readonly #resource: Resource
  readonly #credentials: Credentials
  readonly #intake: Intake
  readonly #contact: Contact
  readonly #turns: Turns
  readonly #log: Log
  readonly #signal: AbortSignal
  readonly #isFinal: (refusal: ApiError) => boolean
  readonly #tellFailed: () => void
  readonly #timing: ReflectorTiming
  readonly #backOff: BackOff
  /** Where to watch from; '' where everything has to be listed first. */
  #version = ''
  /** Since when a watch has stood, on the clock of performance.now(). */
  #standsSince: number | undefined
  /** What we have to have come to when the watch is at its version. */
  #census: Census | undefined
  /** How many watches in a row ended soon, without a word and without an error. */
  #barren = 0
  #endTurn = (): void => {}
  /** Has everything been listed again since all was well? */
  #relisted = false
  /** The version after which something came that made no sense. */
  #malformedAfter: string | undefined
  /** Streaming lists in a row that didn't come to their end though nothing broke. */
  #endless = 0
  #paged = true
  /** When everything is to be listed again though nothing is wrong, on the clock of performance.now(). */
  #relistAt = Number.POSITIVE_INFINITY

  constructor(options: ReflectorOptions) {
    const { resource, credentials, intake, contact, turns, log, signal, timing = reflectorTiming } = options
    this.#resource = resource
    this.#credentials = credentials
    this.#intake = intake
    this.#contact = contact
    this.#turns = turns
    this.#log = log
    this.#signal = signal
    this.#isFinal = options.isFinal ?? (() => false)
    this.#tellFailed = options.failed ?? (() => {})
    this.#timing = timing
    this.#backOff = new BackOff(timing.backOff)
  }

  /** Resolves once the signal is aborted, or to the refusal that is final; never rejects. */
  async run(): Promise<ApiError | undefined> {
    while (!this.#signal.aborted) {
      this.#standsSince = undefined
      this.#census = undefined
      try {
        await this.#ended(await (this.#version === '' ? this.#list() : this.#watch()))
      } catch (error) {
        if (this.#signal.aborted) return undefined
        if (error instanceof ApiError && this.#isFinal(error)) return error
        await this.#failed(error)
      }
    }
    return undefined
  }

  async #list(): Promise<Outcome> {
    this.#endTurn = await this.#turns.take(this.#signal)
    try {
      return await this.#listNow()
    } finally {
      this.#endTurn()
    }
  }

  async #listNow(): Promise<Outcome> {
    this.#intake.begin()
    const access = await this.#credentials.access()
    if (this.#endless < mostEndless) {
      try {
        // A streaming list (KEP-3157) is a watch that begins with what there is, and stays open.
        const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
        return await this.#stream(access, query)
      } catch (error) {
        // 400, 422: a server that has no streaming lists.
        if (!(error instanceof ApiError) || (error.code !== 400 && error.code !== 422)) throw error
      }
    }
    return await this.#listPages(access)
  }

  async #listPages(access: Access): Promise<Outcome> {
    const { pageSize } = this.#timing
    try {
      const put = (object: unknown): void => this.#intake.put(object)
      const request = (query: Query): ApiRequest => this.#request(query)
      this.#completeList(await listPages(access, request, this.#paged ? pageSize : 0, put, this.#resource.skipped))
      return 'listed'
    } catch (error) {
      // The rest of the pages is gone (410): the next list comes in one piece, which can't expire.
      if (error instanceof ApiError && error.expired) this.#paged = false
      throw error
    }
  }

  async #watch(): Promise<Outcome> {
    const access = await this.#credentials.access()
    const census = await takeCensus(access, (query) => this.#request(query))
    // A watch from a version the server hasn't reached yet would be told nothing until it has.
    if (isOlder(census.version, this.#version)) {
      this.#log.warning(`the API server has gone back to an older state, listing ${this.#resource.name} again`)
      return this.#relist('rewound')
    }
    if (performance.now() > this.#relistAt) return this.#relist('periodic')
    this.#census = census
    return await this.#stream(access, { resourceVersion: this.#version })
  }

  async #stream(access: Access, query: Query): Promise<Outcome> {
    const timeoutSeconds = String(Math.round(this.#timing.watchSeconds * (1 + Math.random())))
    const request = this.#request({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds, ...query })
    const response = await requestApi(access, request)
    if (this.#version !== '') {
      this.#stands()
      this.#reached(this.#version)
    }
    const splitter = new LineSplitter((line) => this.#take(line), this.#resource.skipped)
    try {
      await readAnswer(response, (chunk) => {
        this.#contact.heard()
        splitter.write(chunk)
      })
    } catch (error) {
      if (this.#version === '' && error instanceof SilenceError) this.#endless = mostEndless
      throw error
    }
    if (this.#version !== '') return 'ended'
    this.#endless++
    throw new JsonStreamError('the list ended before it was whole')
  }

  #take(line: string): void {
    let event: unknown
    try {
      event = JSON.parse(line)
    } catch (error) {
      throw new JsonStreamError('an event is no JSON', { cause: error })
    }
    const { type, object } = partOf(event)
    const metadata = partOf(partOf(object).metadata)
    const version = textOf(metadata.resourceVersion)
    this.#barren = 0
    if (this.#version !== '') this.#intake.heard(type)
    if (this.#census !== undefined && isOlder(this.#census.version, version)) this.#compare(this.#census)
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#intake.put(object)
        break
      case 'DELETED':
        this.#intake.drop(object)
        break
      case 'BOOKMARK':
        break
      case 'ERROR':
        throw new ApiError(Number(partOf(object).code) || 0, object)
      default:
        throw new JsonStreamError(`an event is of type ${JSON.stringify(type)}`)
    }
    // Before the end of a list, objects come in no order.
    if (this.#version !== '') this.#reached(version || this.#version)
    else if (type === 'BOOKMARK' && partOf(metadata.annotations)[listEndAnnotation] === 'true')
      this.#completeList(version)
  }

  #reached(version: string): void {
    this.#version = version
    if (this.#census?.version === version) this.#compare(this.#census)
  }

  /**
   * Having come to the version of a census, we must know as many objects as were counted. Where we don't, changes were
   * lost on the way (or by us), and would be for ever.
   */
  #compare({ count }: Census): void {
    this.#census = undefined
    const known = this.#intake.count()
    if (count === undefined || count === known) return
    throw new GapError(`the API server has ${count}, ${known} are known`)
  }

  #completeList(version: string): void {
    if (version === '') throw new JsonStreamError('a list has no resource version')
    this.#version = version
    this.#endless = 0
    this.#paged = true
    this.#relistAt = performance.now() + this.#timing.relistMs * (1 + Math.random())
    this.#intake.complete()
    // A streaming list goes on as a watch.
    this.#endTurn()
    this.#stands()
  }

  #stands(): void {
    this.#standsSince = performance.now()
    this.#contact.stands()
  }

  /** Nothing is to be taken from what we know: everything is listed next. */
  #relist(reason: RelistReason): Outcome {
    this.#version = ''
    this.#contact.relists(reason)
    return 'outdated'
  }

  /** After what was no failure. */
  async #ended(outcome: Outcome): Promise<void> {
    this.#contact.ended()
    if (this.#wasHealthy() || outcome !== 'ended') return
    // A server that ends every watch as soon as it begins must not be asked in a loop. Perhaps it can't watch from our
    // version, and doesn't know how to say so.
    this.#barren++
    if (this.#barren === mostBarren) this.#relist('barren')
    await this.#contact.wait(this.#backOff.next(), this.#signal)
  }

  async #failed(error: unknown): Promise<void> {
    this.#wasHealthy()
    const doing = this.#version === '' ? 'list' : 'watch'
    if (error instanceof ApiError && error.code === 401) this.#credentials.refused()
    this.#log.debug(`failed to ${doing} ${this.#resource.name}: ${messageOf(error)}`)
    const reason = this.#reasonToRelist(error)
    if (reason === 'gap') this.#log.warning(`listing ${this.#resource.name} again: ${messageOf(error)}`)
    let waitMs: number
    // That history expires is no trouble; that it can't be listed anew is, or that it expires again and again.
    if (reason === undefined || this.#version === '') {
      waitMs = this.#backOff.next()
      this.#contact.failed(doing, error, this.#backOff.failures)
    } else {
      waitMs = this.#relisted ? this.#backOff.next() : this.#backOff.soon()
      this.#relisted = true
      this.#contact.ended()
      this.#relist(reason)
    }
    this.#tellFailed()
    const askedMs = error instanceof ApiError ? error.retryAfterMs * (1 + Math.random() / 4) : 0
    if (askedMs > waitMs) await sleep(askedMs, undefined, { signal: this.#signal }).catch(() => {})
    else await this.#contact.wait(waitMs, this.#signal)
  }

  /** Undefined where we can go on from where we are. */
  #reasonToRelist(error: unknown): RelistReason | undefined {
    if (error instanceof GapError) return 'gap'
    if (error instanceof ApiError) {
      // 400, 422: the server can't read its own version any more.
      return error.expired || error.code === 400 || error.code === 422 ? 'expired' : undefined
    }
    if (!(error instanceof JsonStreamError)) return undefined
    // What makes no sense twice at one place won't the third time.
    const again = this.#malformedAfter === this.#version
    this.#malformedAfter = this.#version
    return again ? 'malformed' : undefined
  }

  /** Has the watch stood long enough? Then what went wrong earlier is forgotten. */
  #wasHealthy(): boolean {
    const since = this.#standsSince
    if (since === undefined || performance.now() - since < this.#timing.healthyMs) return false
    this.#backOff.reset()
    this.#barren = 0
    this.#relisted = false
    return true
  }

  #request(query: Query): ApiRequest {
    const { path, labelSelector, fieldSelector } = this.#resource
    const parameters = new URLSearchParams(query)
    if (labelSelector !== '') parameters.set('labelSelector', labelSelector)
    if (fieldSelector !== '') parameters.set('fieldSelector', fieldSelector)
    const whole = parameters.size === 0 ? path : `${path}?${parameters}`
    return { path: whole, signal: this.#signal, silenceMs: this.#timing.silenceMs }
  }
}
