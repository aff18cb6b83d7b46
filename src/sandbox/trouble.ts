// Trouble on demand, for tests of clients: what a server, its network and its restarts can do to them.
import type { Socket } from 'node:net'
import { type Kind, kindNamed } from './kinds.ts'
import type { ApiRequest, Verb } from './request.ts'
import { ApiError } from './status.ts'
import type { Store } from './store.ts'
import type { Watch } from './verbs/watch.ts'

/** Which requests trouble is for; all where nothing is said. */
export interface Which {
  /** As in kubectl: `pods`, `Service`, `svc`. */
  readonly kind?: string
  readonly verb?: Verb
  /** How many requests, or how many answers and events; 1 by default. */
  readonly times?: number
}

export type Fault = 'truncated' | 'malformed'

interface Planned {
  readonly kind: Kind | undefined
  readonly verb: Verb | undefined
  readonly what: Fault | ApiError
  left: number
}

export class Trouble {
  readonly #store: Store
  readonly #sockets = new Set<Socket>()
  readonly #silent = new WeakSet<Socket>()
  readonly #watches = new Set<Watch>()
  readonly #planned = new Set<Planned>()
  #delay = 0
  #refusing = false
  #bookmarkTimer: NodeJS.Timeout | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** Breaks every connection there is, as a killed server would; later ones are fine. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Every connection there is falls silent for good without being closed, as behind a dead router; later ones are fine. */
  halfOpen(): void {
    for (const socket of this.#sockets) this.#silent.add(socket)
  }

  /** While true, every connection is broken as soon as it is made, and there are none. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing
    if (refusing) this.dropConnections()
  }

  /** Every answer, and every event of a watch, comes this many milliseconds late. 0 ends it. */
  slow(milliseconds: number): void {
    this.#delay = milliseconds
  }

  /** Answers requests with an error: 429 and 503 with a time to wait (seconds), 500, 504, or any other code. */
  status(code: number, which: Which & { readonly retryAfter?: number } = {}): void {
    const [reason, message] = statuses[code] ?? ['', `the server answers ${code} on demand`]
    const details = which.retryAfter === undefined ? undefined : { retryAfterSeconds: which.retryAfter }
    this.#plan(new ApiError(code, reason, message, details), which)
  }

  /** Cuts answers in the middle and breaks their connection; events too, whose watch ends after half a line. */
  truncated(which: Which = {}): void {
    this.#plan('truncated', which)
  }

  /** Puts something that is no JSON in the place of answers and events. */
  malformed(which: Which = {}): void {
    this.#plan('malformed', which)
  }

  /** Forgets old versions, of one kind or all: watches are told so (410) and end, and can't be taken up from before. */
  expire(kind?: string): void {
    const chosen = kind === undefined ? undefined : kindNamed(kind)
    this.#store.forget(chosen)
    for (const watch of this.#watches) if (chosen === undefined || watch.request.kind === chosen) watch.expire()
  }

  /** A bookmark on every watch that asked for bookmarks, now. */
  bookmark(): void {
    for (const watch of this.#watches) watch.bookmark()
  }

  /**
   * Holds all events back and sends bookmarks in their place, one every so many milliseconds, with the version before the
   * first event held back. 0 lets the events go.
   */
  bookmarksOnly(milliseconds: number): void {
    clearInterval(this.#bookmarkTimer)
    this.#bookmarkTimer = undefined
    for (const watch of this.#watches) watch.hold(milliseconds > 0)
    if (milliseconds > 0) this.#bookmarkTimer = setInterval(() => this.bookmark(), milliseconds)
  }

  /**
   * As when the server is started again: connections break, old versions are forgotten. With `older` it comes up from a
   * backup, so to speak: versions begin again below those that clients know.
   */
  restart({ older = false }: { readonly older?: boolean } = {}): void {
    this.dropConnections()
    if (older) this.#store.rewind()
    else this.#store.forget()
  }

  /** Ends all of it, but for connections that have fallen silent. */
  end(): void {
    this.#planned.clear()
    this.slow(0)
    this.refuse(false)
    this.bookmarksOnly(0)
  }

  /** How many watches are under way. */
  get watches(): number {
    return this.#watches.size
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Milliseconds everything is held back. For the server. */
  get delay(): number {
    return this.#delay
  }

  /** What is to happen to this request: an error in place of its answer. For the server. */
  refusalFor(request: Pick<ApiRequest, 'kind' | 'verb'>): ApiError | undefined {
    const what = this.#take(request, (each) => each instanceof ApiError)
    return what instanceof ApiError ? what : undefined
  }

  /** What is to happen to this answer or event. For the server. */
  faultFor(request: Pick<ApiRequest, 'kind' | 'verb'>): Fault | undefined {
    const what = this.#take(request, (each) => !(each instanceof ApiError))
    return what instanceof ApiError ? undefined : what
  }

  /** For the server. */
  isSilent(socket: Socket): boolean {
    return this.#silent.has(socket)
  }

  /** Told by the server of each connection. */
  connected(socket: Socket): void {
    if (this.#refusing) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** Told by the server of each watch; returns what to call when it has ended. */
  watching(watch: Watch): () => void {
    if (this.#bookmarkTimer !== undefined) watch.hold(true)
    this.#watches.add(watch)
    return () => this.#watches.delete(watch)
  }

  #plan(what: Fault | ApiError, { kind, verb, times = 1 }: Which): void {
    this.#planned.add({ kind: kind === undefined ? undefined : kindNamed(kind), verb, what, left: times })
  }

  #take(
    { kind, verb }: Pick<ApiRequest, 'kind' | 'verb'>,
    fits: (what: Planned['what']) => boolean,
  ): Planned['what'] | undefined {
    for (const planned of this.#planned) {
      if (!fits(planned.what)) continue
      if (planned.kind !== undefined && planned.kind !== kind) continue
      if (planned.verb !== undefined && planned.verb !== verb) continue
      if (--planned.left <= 0) this.#planned.delete(planned)
      return planned.what
    }
    return undefined
  }
}

const statuses: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  401: ['Unauthorized', 'Unauthorized'],
  403: ['Forbidden', 'forbidden on demand'],
  410: ['Expired', 'The resourceVersion for the provided list is too old.'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  500: ['InternalError', 'Internal error occurred: on demand'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'the server was unable to return a response in the time allotted'],
}
