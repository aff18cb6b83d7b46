// Datagrams to one upstream, from sockets on ports that nobody can foretell (RFC 5452 9.2).
//
// Sockets are connected, so the kernel lets nothing in but from the upstream's address and port. Each gets a random port
// from the system, is used for a few questions or a short while, and gives way to another.
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Message } from '../../dns/message.ts'
import { Outstanding } from './outstanding.ts'
import { queryId } from './query-id.ts'
import type { Request } from './request.ts'
import { printHostPort, systemWords, UpstreamError } from './upstream-error.ts'

export interface PoolOptions {
  readonly host: string
  readonly port: number
  /** The address questions leave from; undefined where the system chooses. */
  readonly source: string | undefined
  /** After so long without a question a socket is closed, ms. */
  readonly expire: number
  /** After so long a socket is given no more questions, ms; 0 for no limit. */
  readonly maxAge: number
  /** Sockets kept for later; 0 for no limit. */
  readonly maxIdle: number
}

/** Sockets at a time; each question picks one of them at random. */
const breadth = 8
/** Questions that a socket is used for, and the time, ms. */
const maxUses = 256
const maxUdpAge = 30_000
/** Questions that may wait on one socket at a time: the fewer, the fewer IDs a forger hits. */
const maxOutstanding = 256

export class UdpPool {
  readonly #options: PoolOptions
  readonly #slots: (UdpSocket | undefined)[]
  /** Was there a socket for the question, or had one to be opened? */
  readonly #count: (isReused: boolean) => void
  #ended = false

  constructor(options: PoolOptions, count: (isReused: boolean) => void) {
    this.#options = options
    this.#count = count
    this.#slots = new Array(options.maxIdle === 0 ? breadth : Math.min(breadth, options.maxIdle)).fill(undefined)
  }

  /** Rejects with UpstreamError, after `timeout` ms at the latest. */
  ask(request: Request, timeout: number): Promise<Message> {
    const slot = queryId() % this.#slots.length
    let socket = this.#slots[slot]
    const isReused = socket?.usable === true
    this.#count(isReused)
    if (socket === undefined || !isReused) {
      socket?.retire()
      socket = new UdpSocket(this.#options)
      this.#slots[slot] = socket
    }
    const response = socket.ask(request, timeout)
    if (this.#ended) socket.retire()
    return response
  }

  /** Closes the sockets as soon as their questions are answered; later ones get a socket each. */
  end(): void {
    this.#ended = true
    for (const socket of this.#slots) socket?.retire()
  }
}

class UdpSocket {
  readonly #socket: Socket
  readonly #remote: string
  readonly #outstanding: Outstanding
  readonly #born = performance.now()
  readonly #maxAge: number
  readonly #idle: NodeJS.Timeout
  #uses = 0
  #connected = false
  /** What has befallen it; whoever asks after that hears of it. */
  #fault: UpstreamError | undefined
  #retired = false
  #closed = false

  constructor({ host, port, source, expire, maxAge }: PoolOptions) {
    this.#remote = printHostPort(host, port)
    this.#maxAge = maxAge === 0 ? maxUdpAge : Math.min(maxAge, maxUdpAge)
    this.#outstanding = new Outstanding({
      describe: () => `read udp ${this.#local()}->${this.#remote}`,
      late: () => undefined,
      idle: () => {
        if (this.#retired) this.#close()
      },
    })
    // Addresses here are addresses already: no look-up, so that the socket is ready when this returns.
    const lookup = (address: string, _options: unknown, done: (error: null, address: string, family: number) => void) =>
      done(null, address, isIPv6(address) ? 6 : 4)
    this.#socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', lookup })
    this.#socket.on('message', (octets) => this.#outstanding.take(octets))
    this.#socket.on('error', (error) => this.#failed(error))
    this.#idle = setTimeout(() => this.retire(), expire).unref()
    this.#connect(host, port, source)
  }

  #connect(host: string, port: number, source: string | undefined): void {
    try {
      if (source !== undefined) {
        this.#socket.bind({ address: source, port: 0, exclusive: true })
        // Throws where it isn't bound: connecting would take any address. The reason comes as an event.
        this.#socket.address()
      }
      this.#socket.connect(port, host)
      this.#socket.remoteAddress()
      this.#connected = true
    } catch {
      // The socket tells the reason by an event.
      this.#retired = true
    }
  }

  get usable(): boolean {
    return (
      !this.#retired &&
      this.#uses < maxUses &&
      this.#outstanding.size < maxOutstanding &&
      performance.now() - this.#born < this.#maxAge
    )
  }

  ask(request: Request, timeout: number): Promise<Message> {
    this.#uses++
    this.#idle.refresh()
    return this.#outstanding.ask(request, timeout, (octets) => {
      if (this.#fault !== undefined) this.#outstanding.fail(this.#fault)
      if (!this.#connected || this.#closed) return
      this.#socket.send(octets, (error) => {
        if (error !== null) this.#failed(error)
      })
    })
  }

  /** Takes no more questions, and closes when those it has are done with. */
  retire(): void {
    this.#retired = true
    if (this.#outstanding.size === 0) this.#close()
  }

  #failed(error: NodeJS.ErrnoException): void {
    const reason = systemWords(error)
    const told = this.#connected
      ? `read udp ${this.#local()}->${this.#remote}: read: ${reason}`
      : `dial udp ${this.#remote}: connect: ${reason}`
    this.#fault = new UpstreamError(told, { cause: error })
    this.#outstanding.fail(this.#fault)
    this.retire()
  }

  #local(): string {
    if (!this.#connected || this.#closed) return ''
    const { address, port } = this.#socket.address()
    return printHostPort(address, port)
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#idle)
    this.#socket.close()
  }
}
