// The questions sent over one socket that have no reply yet, each under its own ID.
import type { Message } from '../../dns/message.ts'
import { queryId } from './query-id.ts'
import type { Request } from './request.ts'
import { answersTo, idOf, readResponse } from './response.ts'
import { timeoutError, UpstreamError } from './upstream-error.ts'

interface Waiting {
  readonly request: Request
  readonly timer: NodeJS.Timeout
  resolve(response: Message): void
  reject(error: UpstreamError): void
}

/** What the socket around it wants to know. */
interface Owner {
  /** The operation and its ends, for errors: `read udp 10.0.0.9:40000->192.0.2.1:53`. */
  describe(): string
  /** A question has got no reply in time. */
  late(): void
  /** No question is left. */
  idle(): void
}

export class Outstanding {
  readonly #waiting = new Map<number, Waiting>()
  readonly #owner: Owner

  constructor(owner: Owner) {
    this.#owner = owner
  }

  get size(): number {
    return this.#waiting.size
  }

  /**
   * Gives the request an ID that no other of this socket has, and hands the message to `send`. Rejects with UpstreamError;
   * after `timeout` ms at the latest.
   */
  ask(request: Request, timeout: number, send: (octets: Buffer) => void): Promise<Message> {
    let id = queryId()
    while (this.#waiting.has(id)) id = (id + 1) & 0xffff
    const octets = Buffer.from(request.octets)
    octets.writeUInt16BE(id, 0)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(timeoutError(this.#owner.describe()))
        this.#owner.late()
        this.#done(id)
      }, timeout)
      this.#waiting.set(id, { request, timer, resolve, reject })
      send(octets)
    })
  }

  /** Takes what came; whatever is no reply to one of the questions is as if it hadn't come. */
  take(octets: Buffer): void {
    const id = idOf(octets)
    if (id === undefined) return
    const waiting = this.#waiting.get(id)
    if (waiting === undefined || !answersTo(octets, waiting.request)) return
    try {
      waiting.resolve(readResponse(octets))
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      waiting.reject(error)
    }
    this.#done(id)
  }

  /** No reply will come any more. `first` is for the question that was sent first, where it is another error. */
  fail(error: UpstreamError, first: UpstreamError = error): void {
    const failed = [...this.#waiting.values()]
    this.#waiting.clear()
    failed.forEach(({ timer, reject }, at) => {
      clearTimeout(timer)
      reject(at === 0 ? first : error)
    })
    if (failed.length > 0) this.#owner.idle()
  }

  /** Lets the time of every question begin anew. */
  restart(): void {
    for (const { timer } of this.#waiting.values()) timer.refresh()
  }

  #done(id: number): void {
    clearTimeout(this.#waiting.get(id)?.timer)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#owner.idle()
  }
}
