// A connection to an upstream, TCP or TLS, with a length before each message (RFC 7766, RFC 7858).
import type { Socket } from 'node:net'
import { Frames } from '../../dns/frames.ts'
import type { Message } from '../../dns/message.ts'
import type { Connection, Lifetime, Owner } from './connection-pool.ts'
import type { Dial } from './dial.ts'
import { Outstanding } from './outstanding.ts'
import type { Request } from './request.ts'
import { printHostPort, systemWords, timeoutError, UpstreamError } from './upstream-error.ts'

interface StreamOptions extends Lifetime {
  readonly dial: Dial
  /** The event of the socket by which it is connected. */
  readonly opened: 'connect' | 'secureConnect'
  /** The upstream's address and port, for errors. */
  readonly remote: string
}

export class StreamConnection implements Connection {
  readonly #owner: Owner
  readonly #remote: string
  readonly #socket: Socket
  readonly #frames = new Frames()
  readonly #waiting: Outstanding
  readonly #born = performance.now()
  readonly #maxAge: number
  readonly #idle: NodeJS.Timeout
  #local = ''
  #isOpen = false
  #isRetired = false
  #isClosed = false
  #fault: UpstreamError | undefined
  /** Questions that were sent, ever. */
  #uses = 0

  constructor({ dial, opened, remote, expire, maxAge }: StreamOptions, owner: Owner) {
    this.#owner = owner
    this.#remote = remote
    this.#maxAge = maxAge
    this.#waiting = new Outstanding({
      describe: () => this.#operation(),
      // Something is wrong with it, if only that its replies come one after the other.
      late: () => this.retire(),
      idle: () => {
        if (this.#isRetired) this.#close()
        else owner.idle()
      },
    })
    this.#idle = setTimeout(() => this.retire(), expire).unref()
    this.#socket = dial()
    this.#socket.on(opened, () => this.#opened())
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.on('close', () => this.#ended())
  }

  get outstanding(): number {
    return this.#waiting.size
  }

  get usable(): boolean {
    return !this.#isRetired && (this.#maxAge === 0 || performance.now() - this.#born < this.#maxAge)
  }

  ask(request: Request, timeout: number): Promise<Message> {
    this.#uses++
    this.#idle.refresh()
    return this.#waiting.ask(request, timeout, (octets) => {
      if (this.#fault !== undefined) return this.#waiting.fail(this.#fault)
      const frame = Buffer.allocUnsafe(2 + octets.length)
      frame.writeUInt16BE(octets.length, 0)
      octets.copy(frame, 2)
      // Kept by the socket until it is connected.
      this.#socket.write(frame)
    })
  }

  retire(): void {
    this.#isRetired = true
    if (this.#waiting.size === 0) this.#close()
  }

  #opened(): void {
    this.#isOpen = true
    this.#local = printHostPort(this.#socket.localAddress ?? '', this.#socket.localPort ?? 0)
    this.#waiting.restart()
  }

  #take(chunk: Buffer): void {
    this.#frames.push(chunk)
    for (let octets = this.#frames.shift(); octets !== undefined; octets = this.#frames.shift()) {
      this.#waiting.take(octets)
    }
  }

  #operation(): string {
    return this.#isOpen ? `read tcp ${this.#local}->${this.#remote}` : `dial tcp ${this.#remote}`
  }

  #ended(): void {
    this.#break(`${this.#operation()}: EOF`)
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'ETIMEDOUT') this.#fault ??= timeoutError(this.#operation())
    // What the system says has a name of the system's; all else is TLS.
    const reason = error.syscall === undefined ? `tls: ${error.message}` : systemWords(error)
    this.#break(`${this.#operation()}: ${this.#isOpen ? 'read' : 'connect'}: ${reason}`, error)
  }

  /** The other side has closed it, or it broke. */
  #break(told: string, cause?: Error): void {
    if (this.#isClosed) return
    this.#fault ??= new UpstreamError(told, { cause })
    const stale = new UpstreamError(told, { cause, stale: true })
    // Whoever came first on a fresh connection was let down; all others were too late for a connection others had used.
    const isFresh = this.#uses === this.#waiting.size
    this.#isRetired = true
    this.#waiting.fail(this.#isOpen ? stale : this.#fault, isFresh ? this.#fault : stale)
    this.#close()
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#idle)
    this.#owner.closed()
    this.#socket.destroy()
  }
}
