// Connections to one upstream, TCP or TLS (RFC 7766, RFC 7858): kept open, and many questions on each at a time.
import { connect, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { Frames } from '../../dns/frames.ts'
import type { Message } from '../../dns/message.ts'
import { Outstanding } from './outstanding.ts'
import type { Request } from './request.ts'
import type { TlsOptions } from './tls-files.ts'
import type { PoolOptions } from './udp-pool.ts'
import { printHostPort, systemWords, timeoutError, UpstreamError } from './upstream-error.ts'

export interface StreamOptions extends PoolOptions {
  /** Undefined: plain TCP. */
  readonly tls: (TlsOptions & { readonly serverName: string | undefined }) | undefined
}

/** Questions on a connection, beyond which another one is opened, as long as there are not too many of those. */
const enoughOutstanding = 16
const maxConnections = 64

export class StreamPool {
  readonly #options: StreamOptions
  readonly #connections = new Set<StreamConnection>()
  /** Was there a connection for the question, or had one to be opened? */
  readonly #count: (isReused: boolean) => void
  #context: SecureContext | undefined
  #session: Buffer | undefined
  #ended = false

  constructor(options: StreamOptions, count: (isReused: boolean) => void) {
    this.#options = options
    this.#count = count
  }

  /** Rejects with UpstreamError; `timeout`, ms, is for connecting and again for the reply. */
  ask(request: Request, timeout: number): Promise<Message> {
    let connection = this.#leastBusy()
    const isEnough = connection !== undefined && connection.outstanding < enoughOutstanding
    const isReused = isEnough || (connection !== undefined && this.#connections.size >= maxConnections)
    this.#count(isReused)
    if (connection === undefined || !isReused) connection = this.#open()
    const response = connection.ask(request, timeout)
    if (this.#ended) connection.retire()
    return response
  }

  /** Closes connections as soon as their questions are answered; later questions get one each. */
  end(): void {
    this.#ended = true
    for (const connection of this.#connections) connection.retire()
  }

  #leastBusy(): StreamConnection | undefined {
    let best: StreamConnection | undefined
    for (const connection of this.#connections) {
      if (connection.usable && (best === undefined || connection.outstanding < best.outstanding)) best = connection
    }
    return best
  }

  #open(): StreamConnection {
    const { tls } = this.#options
    const connection: StreamConnection = new StreamConnection(this.#options, tls === undefined ? 'tcp' : 'tls', {
      dial: () => this.#dial(),
      idle: () => this.#trim(),
      closed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    return connection
  }

  #dial(): Socket {
    const { host, port, source, tls } = this.#options
    const place = { host, port, noDelay: true, ...(source === undefined ? {} : { localAddress: source }) }
    if (tls === undefined) return connect(place)
    // Loaded where it is needed: it would cost every worker memory.
    const { connect: connectTls } = process.getBuiltinModule('node:tls')
    this.#context ??= secureContext(tls)
    const socket = connectTls({
      ...place,
      secureContext: this.#context,
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
      ...(this.#session === undefined ? {} : { session: this.#session }),
    })
    socket.on('session', (session: Buffer) => {
      this.#session = session
    })
    return socket
  }

  /** Closes idle connections beyond those to be kept. */
  #trim(): void {
    if (this.#options.maxIdle === 0) return
    const idle = [...this.#connections].filter((connection) => connection.outstanding === 0)
    for (const connection of idle.slice(this.#options.maxIdle)) connection.retire()
  }
}

/** Made once: reading all authorities takes a while. */
function secureContext({ ca, cert, key }: TlsOptions): SecureContext {
  const { createSecureContext, getCACertificates } = process.getBuiltinModule('node:tls')
  return createSecureContext({
    minVersion: 'TLSv1.2',
    // Node's own list, and what the administrators of this host have added to theirs.
    ca: ca ?? [...getCACertificates('default'), ...getCACertificates('system')],
    ...(cert === undefined ? {} : { cert, key }),
  })
}

interface Owner {
  readonly dial: () => Socket
  readonly idle: () => void
  readonly closed: () => void
}

class StreamConnection {
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

  constructor({ host, port, expire, maxAge }: StreamOptions, kind: 'tcp' | 'tls', owner: Owner) {
    this.#owner = owner
    this.#remote = printHostPort(host, port)
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
    this.#socket = owner.dial()
    this.#socket.on(kind === 'tls' ? 'secureConnect' : 'connect', () => this.#opened())
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

  /** Takes no more questions, and closes when those it has are done with. */
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
