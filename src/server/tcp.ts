// DNS over TCP (RFC 1035 4.2.2, RFC 7766): dns2's listener, with limits to what one client can hold on to.
import { once } from 'node:events'
import { isIPv6, type Socket } from 'node:net'
import { unmappedAddress } from '../dns/address.ts'
import { Frames } from '../dns/frames.ts'
import type { Client } from '../dns/query.ts'
import { TCPServer, type TcpState } from '../dns2.ts'
import { FairPlaces } from '../fair-places.ts'
import type { Log } from '../log.ts'
import type { Maybe } from '../maybe.ts'
import type { TcpAllowance } from '../plugin.ts'
import type { Answer, Answered } from './answer.ts'
import type { Place } from './listeners.ts'

/** What one client, and all of them together, may hold on to. Times in ms, sizes in octets. */
export const tcpLimits = {
  /** Open connections of one listener in one worker, eight of nine of them one client's at most; further ones are closed at once. */
  connections: 2000,
  /** Queries read and not answered on one connection; it is not read from until there are fewer. */
  inFlight: 128,
  /** Replies written and not taken by the client; it is not read from until there are fewer. */
  unread: 256 * 1024,
  /** The same of all connections of one listener in one worker: none may have more than is left, but for one reply each. */
  allUnread: 16 * 1024 * 1024,
  /** Queries of one connection, which ends after the reply to the last one. */
  queries: Number.POSITIVE_INFINITY,
  /** Without any traffic (RFC 7766 6.2.3). */
  idle: 10_000,
  /** From the first octet of a frame to its last. */
  frame: 3000,
  /** For a client to take what was written for it. */
  write: 5000,
  /** From our end of the connection to the client's. */
  goodbye: 2000,
}

/** Replies are written here and copied out at their length; nothing waits between the two. */
const scratch = Buffer.allocUnsafeSlow(65_535)

export type TcpLimits = typeof tcpLimits

export class TcpListener extends TCPServer {
  readonly #answer: Answer
  readonly #place: Place
  readonly #log: Log
  readonly #base: TcpLimits
  #limits: TcpLimits
  readonly #connections = new Set<Connection>()
  readonly #places: FairPlaces
  readonly #unread: Unread = { total: 0 }

  constructor(place: Place, answer: Answer, log: Log, limits: TcpLimits = tcpLimits) {
    super({ idleTimeout: limits.idle })
    this.#answer = answer
    this.#place = place
    this.#log = log
    this.#base = limits
    this.#limits = { ...limits, ...place.tcp }
    this.maxConnections = limits.connections
    this.#places = new FairPlaces(limits.connections)
  }

  /** What connections get from now on; those that are open keep what they have. */
  allow(allowance: TcpAllowance = {}): void {
    this.#limits = { ...this.#base, ...allowance }
  }

  /** Resolves when the socket listens; rejects with the system's error where it can't. */
  async open(): Promise<void> {
    const { address, port, reusePort } = this.#place
    this.listen({ host: address, port, ipv6Only: isIPv6(address), reusePort, backlog: 1024 })
    await once(this, 'listening')
    this.on('error', (error: Error) => this.#log.error(`${this.#place.server} tcp: ${error.message}`))
  }

  /** dns2 calls it for every connection. */
  override async handle(socket: Socket): Promise<void> {
    const client: Client = {
      address: unmappedAddress(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
      localAddress: unmappedAddress(socket.localAddress ?? this.#place.address),
      localPort: this.#place.port,
      transport: this.#place.scheme ?? 'tcp',
      server: this.#place.server,
    }
    if (!this.#places.take(client.address)) {
      socket.destroy()
      return
    }
    const connection = new Connection(socket, this.#limits, {
      answer: (message) => this.#answerFramed(message, client),
      respond: (state, message) => this.response(socket, state, message),
      unread: this.#unread,
      closed: () => {
        this.#connections.delete(connection)
        this.#places.leave(client.address)
      },
    })
    this.#connections.add(connection)
  }

  #answerFramed(message: Buffer, client: Client): Maybe<Answered> {
    const reply = this.#answer(message, message.length, client, scratch)
    if (typeof reply !== 'number') return reply
    return reply === 0 ? undefined : Buffer.from(scratch.subarray(0, reply))
  }

  /** Takes no more connections or queries, answers those it has, at most `deadline` ms, and closes. */
  async drain(deadline: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.close(() => resolve()))
    for (const connection of this.#connections) connection.finish()
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy()
    }, deadline)
    await closed
    clearTimeout(timer)
  }
}

/** Octets of replies that the clients of a listener have not taken. */
interface Unread {
  total: number
}

interface Work {
  readonly unread: Unread
  answer(message: Buffer): Maybe<Answered>
  respond(state: TcpState, message: Buffer): void
  closed(): void
}

/** One client's connection: frames in, replies out in any order, and the clocks that end it. */
class Connection {
  readonly #socket: Socket
  readonly #limits: TcpLimits
  readonly #work: Work
  readonly #frames = new Frames()
  readonly #state: TcpState = { inFlight: 0, peerEnded: false }
  #reading = true
  /** Of #work.unread.total. */
  #unread = 0
  #queries = 0
  #finishing = false
  #ended = false
  #frameTimer: NodeJS.Timeout | undefined
  #writeTimer: NodeJS.Timeout | undefined
  #goodbyeTimer: NodeJS.Timeout | undefined
  /** Ends with the last transfer that was asked for. One at a time: each may hold on to the names of a whole zone. */
  #transfers: Promise<void> = Promise.resolve()
  /** Lets the transfer go on that waits for the client to take what was written. */
  #resume: (() => void) | undefined

  constructor(socket: Socket, limits: TcpLimits, work: Work) {
    this.#socket = socket
    this.#limits = limits
    this.#work = work
    socket.setNoDelay(true)
    socket.setTimeout(limits.idle)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => {
      this.#throttle()
      this.#resume?.()
    })
    socket.on('end', () => {
      this.#ended = true
      this.#settleEnd()
    })
    socket.on('timeout', () => this.finish())
    // A reset is how many clients say goodbye; 'close' follows.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(this.#frameTimer)
      clearTimeout(this.#writeTimer)
      clearTimeout(this.#goodbyeTimer)
      this.#resume?.()
      work.unread.total -= this.#unread
      work.closed()
    })
  }

  #read(chunk: Buffer): void {
    if (this.#finishing) return
    this.#frames.push(chunk)
    this.#serve()
  }

  /** Answers the frames at hand, as many as may be in flight. */
  #serve(): void {
    while (this.#reading && !this.#finishing) {
      const message = this.#frames.shift()
      if (message === undefined) break
      this.#state.inFlight++
      this.#queries++
      if (this.#queries >= this.#limits.queries) this.#finishing = true
      const reply = this.#work.answer(message)
      if (reply instanceof Promise) void reply.then((value) => this.#reply(value))
      else this.#reply(reply)
      this.#throttle()
    }
    this.#watchFrame()
    this.#settleEnd()
  }

  #reply(message: Answered): void {
    if (message !== undefined && !Buffer.isBuffer(message)) {
      this.#transfers = this.#transfers.then(() => this.#transfer(message))
      return
    }
    if (message === undefined) {
      // Silence is for this question only; the bookkeeping is what a reply would have done.
      this.#state.inFlight--
      if (this.#state.peerEnded && this.#state.inFlight === 0) this.#end()
    } else if (!this.#socket.destroyed) {
      this.#work.respond(this.#state, message)
      if (this.#socket.writableLength > 0) this.#watchWrite()
    }
    if (this.#finishing && this.#state.inFlight === 0) this.#end()
    else if (!this.#reading) this.#throttle()
  }

  /** Sends messages as the client takes them. Other questions are answered meanwhile, and other replies go between. */
  async #transfer(messages: Iterable<Buffer>): Promise<void> {
    if (this.#socket.destroyed) return
    try {
      for (const message of messages) {
        // The question stays in flight until the last message, and each of them counts as a reply.
        this.#state.inFlight++
        this.#reply(message)
        await this.#isTaken()
        if (this.#socket.destroyed) return
      }
    } catch {
      // Logged where it was thrown; a transfer that just stopped might be taken for a whole one.
      this.destroy()
      return
    }
    this.#reply(undefined)
  }

  /** Resolves in a later turn of the event loop, when there is room for more, or nobody to take it any more. */
  async #isTaken(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#socket.writableNeedDrain && !this.#socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
  }

  /** Stops or resumes reading by what the client has in flight and has not taken. */
  #throttle(): void {
    const { inFlight, unread, allUnread } = this.#limits
    const own = this.#socket.destroyed ? this.#unread : this.#socket.writableLength
    this.#work.unread.total += own - this.#unread
    this.#unread = own
    const left = Math.max(0, allUnread - this.#work.unread.total)
    const full = this.#state.inFlight >= inFlight || own > Math.min(unread, left)
    if (full && this.#reading) {
      this.#reading = false
      this.#socket.pause()
    } else if (!full && !this.#reading) {
      this.#reading = true
      this.#socket.resume()
      // What was already read waits in #frames; not from within a reply's own call.
      queueMicrotask(() => this.#serve())
    }
  }

  #watchFrame(): void {
    const waiting = this.#reading && this.#frames.partial
    if (!waiting) {
      clearTimeout(this.#frameTimer)
      this.#frameTimer = undefined
    } else this.#frameTimer ??= setTimeout(() => this.destroy(), this.#limits.frame)
  }

  /** Cuts off a client that takes nothing of what waits for it. */
  #watchWrite(): void {
    if (this.#writeTimer !== undefined) return
    const taken = this.#socket.bytesWritten - this.#socket.writableLength
    this.#writeTimer = setTimeout(() => {
      this.#writeTimer = undefined
      if (this.#socket.writableLength === 0) return
      if (this.#socket.bytesWritten - this.#socket.writableLength === taken) this.destroy()
      else this.#watchWrite()
    }, this.#limits.write)
  }

  /** After the client's end: the connection closes when all its whole frames are answered. */
  #settleEnd(): void {
    if (!this.#ended || !this.#reading || this.#finishing) return
    if (this.#frames.partial) this.destroy()
    else {
      this.#state.peerEnded = true
      if (this.#state.inFlight === 0) this.#end()
    }
  }

  /** No more queries are read; the connection ends after the last reply. */
  finish(): void {
    this.#finishing = true
    if (this.#state.inFlight === 0) this.#end()
  }

  /** Our end; a client that doesn't answer with its own is cut off. */
  #end(): void {
    if (this.#socket.destroyed) return
    this.#socket.end()
    this.#socket.resume()
    this.#goodbyeTimer ??= setTimeout(() => this.destroy(), this.#limits.goodbye)
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
