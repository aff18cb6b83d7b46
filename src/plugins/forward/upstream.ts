// One upstream server as a worker sees it: its sockets and connections, its exchanges, and whether it is down.
import { Class, Opcode, printRcode, Type } from '../../dns/codes.ts'
import { encodeMessage } from '../../dns/encode.ts'
import { type Message, message } from '../../dns/message.ts'
import { countersOf, type UpstreamCounters } from './counters.ts'
import type { Destination } from './destination.ts'
import { Health } from './health.ts'
import type { Protocol, Request } from './request.ts'
import type { Options } from './stanza.ts'
import { StreamPool } from './stream-pool.ts'
import { UdpPool } from './udp-pool.ts'
import { printHostPort, UpstreamError } from './upstream-error.ts'

/** The longest a timer can wait, ms. */
const maxTimer = 2 ** 31 - 1
/** For a probe, ms. */
const probeTimeout = 1000
/** Connections that were closed under a question, before that is a failure. */
const maxStale = 3

export class Upstream {
  /** Address and port. */
  readonly address: string
  readonly health: Health
  readonly #datagrams: UdpPool
  readonly #connections: StreamPool
  readonly #counters: UpstreamCounters
  readonly #isTls: boolean

  constructor(destination: Destination, options: Options) {
    const { host, port, transport } = destination
    this.address = printHostPort(host, port)
    this.#isTls = transport === 'tls'
    this.#counters = countersOf(this.address)
    const { source, maxAge, maxIdle } = options
    const place = { host, port, source, expire: Math.min(options.expire, maxTimer), maxAge, maxIdle }
    const serverName = destination.serverName ?? options.serverName
    const label = this.#isTls ? 'tcp-tls' : 'tcp'
    this.#datagrams = new UdpPool(place, (isReused) => this.#counters.taken('udp', isReused))
    this.#connections = new StreamPool(
      { ...place, tls: this.#isTls ? { ...options.tls, serverName } : undefined },
      (isReused) => this.#counters.taken(label, isReused),
    )
    this.health = this.#watch(options)
  }

  #watch({ healthCheck, maxFails, protocol }: Options): Health {
    const { name, recursionDesired, interval } = healthCheck
    const question = { name, type: Type.NS, class: Class.IN }
    const request: Request = {
      ...question,
      opcode: Opcode.QUERY,
      octets: encodeMessage(message({ recursionDesired, questions: [question] })),
    }
    return new Health({
      // Whatever it replies: it is there.
      probe: () => this.#send(request, protocol === 'tcp' ? 'stream' : 'udp', probeTimeout),
      interval: Math.min(interval, maxTimer),
      maxFails,
      failed: () => this.#counters.probeFailed(),
    })
  }

  /** Rejects with UpstreamError; a reply takes at most `timeout` ms, and so does connecting. */
  async exchange(request: Request, protocol: Protocol, timeout: number): Promise<Message> {
    const start = performance.now()
    const response = await this.#send(request, protocol, timeout)
    const rcode = printRcode(response.rcode).replace(/^RCODE/, '')
    this.#counters.observe(rcode, (performance.now() - start) / 1000)
    return response
  }

  async #send(request: Request, protocol: Protocol, timeout: number): Promise<Message> {
    if (protocol === 'udp' && !this.#isTls) return this.#datagrams.ask(request, timeout)
    for (let count = 1; ; count++) {
      try {
        return await this.#connections.ask(request, timeout)
      } catch (error) {
        if (!(error instanceof UpstreamError && error.stale) || count === maxStale) throw error
      }
    }
  }

  /** Takes no new health checks; sockets end when what was asked is answered. */
  end(): void {
    this.health.end()
    this.#datagrams.end()
    this.#connections.end()
  }
}
