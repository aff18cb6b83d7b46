// One upstream server as a worker sees it: its sockets and connections, its exchanges, and whether it is down.
import { Class, Opcode, printRcode, Type } from '../../dns/codes.ts'
import { encodeMessage } from '../../dns/encode.ts'
import { type Message, message } from '../../dns/message.ts'
import { type Connection, ConnectionPool, type Lifetime, type Owner } from './connection-pool.ts'
import { countersOf, type UpstreamCounters } from './counters.ts'
import type { Destination } from './destination.ts'
import { tcpDial, tlsDial } from './dial.ts'
import { Health } from './health.ts'
import { HttpsConnection, httpsAlpn } from './https-connection.ts'
import type { Protocol, Request } from './request.ts'
import type { Options } from './stanza.ts'
import { StreamConnection } from './stream-connection.ts'
import { UdpPool } from './udp-pool.ts'
import { printHostPort, UpstreamError } from './upstream-error.ts'

/** The longest a timer can wait, ms. */
const maxTimer = 2 ** 31 - 1
/** For a probe, ms. */
const probeTimeout = 1000
/** Connections that were closed under a question, before that is a failure. */
const maxStale = 3
/**
 * Questions that a connection is to have at a time. One by TCP or TLS may answer them in turn; HTTP/2 keeps them apart, and
 * its servers allow a hundred at least (RFC 9113 6.5.2).
 */
const enough = { dns: 16, tls: 16, https: 100 }

const labels = { dns: 'tcp', tls: 'tcp-tls', https: 'https' } as const

export class Upstream {
  /** Address and port. */
  readonly address: string
  readonly health: Health
  readonly #datagrams: UdpPool
  readonly #connections: ConnectionPool
  readonly #counters: UpstreamCounters
  readonly #hasDatagrams: boolean

  constructor(destination: Destination, options: Options) {
    const { host, port, transport } = destination
    this.address = printHostPort(host, port)
    this.#hasDatagrams = transport === 'dns'
    this.#counters = countersOf(this.address)
    const { source, maxAge, maxIdle } = options
    const place = { host, port, source }
    const lifetime = { expire: Math.min(options.expire, maxTimer), maxAge }
    this.#datagrams = new UdpPool({ ...place, ...lifetime, maxIdle }, (isReused) =>
      this.#counters.taken('udp', isReused),
    )
    const label = labels[transport]
    this.#connections = new ConnectionPool({
      open: this.#connectionTo(destination, options, lifetime),
      maxIdle,
      enough: enough[transport],
      count: (isReused) => this.#counters.taken(label, isReused),
    })
    this.health = this.#watch(options)
  }

  #connectionTo(destination: Destination, options: Options, lifetime: Lifetime): (owner: Owner) => Connection {
    const { host, port, transport } = destination
    const place = { host, port, source: options.source }
    const remote = this.address
    if (transport === 'dns') {
      const stream = { ...lifetime, remote, dial: tcpDial(place), opened: 'connect' } as const
      return (owner) => new StreamConnection(stream, owner)
    }
    const { tls } = options
    const serverName = options.serverName ?? destination.serverName
    if (transport === 'tls') {
      const dial = tlsDial({ ...place, tls, serverName, alpn: undefined })
      const stream = { ...lifetime, remote, dial, opened: 'secureConnect' } as const
      return (owner) => new StreamConnection(stream, owner)
    }
    const dial = tlsDial({ ...place, tls, serverName, alpn: httpsAlpn })
    const authority = serverName === undefined ? remote : printHostPort(serverName, port)
    return (owner) => new HttpsConnection({ ...lifetime, remote, dial, authority, method: options.httpMethod }, owner)
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
    if (protocol === 'udp' && this.#hasDatagrams) return this.#datagrams.ask(request, timeout)
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
