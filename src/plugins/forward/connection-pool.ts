// The connections to one upstream: kept open, and many questions on each at a time (RFC 7766 6.2.1).
import type { Message } from '../../dns/message.ts'
import type { Request } from './request.ts'

export interface Connection {
  /** Questions without a reply. */
  readonly outstanding: number
  /** Does it take more questions? */
  readonly usable: boolean
  /** Rejects with UpstreamError; `timeout`, ms, is for connecting and again for the reply. */
  ask(request: Request, timeout: number): Promise<Message>
  /** Takes no more questions, and closes when those it has are done with. */
  retire(): void
}

/** What a connection tells its pool. */
export interface Owner {
  /** No question is left. */
  idle(): void
  closed(): void
}

export interface Lifetime {
  /** After so long without a question a connection is closed, ms. */
  readonly expire: number
  /** After so long a connection is given no more questions, ms; 0 for no limit. */
  readonly maxAge: number
}

interface PoolOptions {
  readonly open: (owner: Owner) => Connection
  /** Idle connections kept for later; 0 for no limit. */
  readonly maxIdle: number
  /** Questions on a connection, beyond which another one is opened, as long as there are not too many of those. */
  readonly enough: number
  /** Was there a connection for the question, or had one to be opened? */
  readonly count: (isReused: boolean) => void
}

const maxConnections = 64

export class ConnectionPool {
  readonly #options: PoolOptions
  readonly #connections = new Set<Connection>()
  #ended = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** As a connection's. */
  ask(request: Request, timeout: number): Promise<Message> {
    let connection = this.#leastBusy()
    const isEnough = connection !== undefined && connection.outstanding < this.#options.enough
    const isReused = isEnough || (connection !== undefined && this.#connections.size >= maxConnections)
    this.#options.count(isReused)
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

  #leastBusy(): Connection | undefined {
    let best: Connection | undefined
    for (const connection of this.#connections) {
      if (connection.usable && (best === undefined || connection.outstanding < best.outstanding)) best = connection
    }
    return best
  }

  #open(): Connection {
    const connection: Connection = this.#options.open({
      idle: () => this.#trim(),
      closed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    return connection
  }

  /** Closes idle connections beyond those to be kept. */
  #trim(): void {
    if (this.#options.maxIdle === 0) return
    const idle = [...this.#connections].filter((connection) => connection.outstanding === 0)
    for (const connection of idle.slice(this.#options.maxIdle)) connection.retire()
  }
}
