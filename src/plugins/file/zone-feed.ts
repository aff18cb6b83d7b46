// Tells one worker of zones, a part at a time: the next one goes when it has taken in the last, so that questions come between.
import type { MessagePort } from 'node:worker_threads'
import type { Name } from '../../dns/name.ts'
import type { Rrset } from '../../dns/rrset.ts'

/** A part of a zone, the parts of one coming one after the other; or the word that everything was told for the first time. */
export type FromZoneFeed = ZonePart | 'told'

export interface ZonePart {
  readonly origin: Name
  readonly rrsets: readonly Rrset[]
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** What the worker says when it has taken in a part. */
export const taken = 'taken'

/** Rrsets of a part. */
const partSize = 1000

export class ZoneFeed {
  readonly #port: MessagePort
  /** What is to be told next; of each zone only the newest content. */
  readonly #waiting = new Map<Name, readonly Rrset[]>()
  #parts: Iterator<ZonePart> | undefined
  #isUnderWay = false
  readonly #told = Promise.withResolvers<void>()
  #isTold = false

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', () => this.#next())
    port.on('close', () => this.#told.resolve())
    port.unref()
  }

  tell(origin: Name, rrsets: readonly Rrset[]): void {
    this.#waiting.set(origin, rrsets)
    if (!this.#isUnderWay) this.#next()
  }

  /** What was told so far is all there is for now. Resolves when the worker has taken it in, or is gone. */
  finish(): Promise<void> {
    if (!this.#isUnderWay) this.#next()
    return this.#told.promise
  }

  #next(): void {
    for (;;) {
      const part = this.#parts?.next()
      if (part !== undefined && part.done !== true) {
        this.#isUnderWay = true
        this.#post(part.value)
        return
      }
      const [zone] = this.#waiting
      if (zone === undefined) break
      const [origin, rrsets] = zone
      this.#waiting.delete(origin)
      this.#parts = partsOf(origin, rrsets)
    }
    this.#parts = undefined
    this.#isUnderWay = false
    if (this.#isTold) return
    this.#isTold = true
    this.#post('told')
    this.#told.resolve()
  }

  #post(message: FromZoneFeed): void {
    this.#port.postMessage(message)
  }
}

function* partsOf(origin: Name, rrsets: readonly Rrset[]): Generator<ZonePart> {
  for (let at = 0; at < rrsets.length; at += partSize) {
    const isLast = at + partSize >= rrsets.length
    yield { origin, rrsets: rrsets.slice(at, at + partSize), isFirst: at === 0, isLast }
  }
}
