// DNS over HTTPS (RFC 8484): GET and POST by HTTP/2 and HTTP/1.1; without a certificate, as behind a proxy, HTTP/1.1 alone.
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2'
import { isIPv6, type Socket } from 'node:net'
import { unmappedAddress } from '../dns/address.ts'
import { Rcode, Type } from '../dns/codes.ts'
import { decodeMessage, decodeQuery } from '../dns/decode.ts'
import type { Client } from '../dns/query.ts'
import { WireError } from '../dns/wire-error.ts'
import { FairPlaces } from '../fair-places.ts'
import type { Log } from '../log.ts'
import { counter } from '../metrics.ts'
import type { TlsListen } from '../plugin.ts'
import type { Answer } from './answer.ts'
import type { Place } from './listeners.ts'
import { guard, secureOptions } from './tls.ts'

/** What one client, and all of them together, may hold on to. Times in ms, sizes in octets. */
export const httpsLimits = {
  /** Open connections of one listener in one worker, where the place says nothing. */
  connections: 200,
  /** Requests of one connection that are not answered yet. */
  inFlight: 128,
  /** Of a request's line and headers: with the question in it, for GET. */
  headers: 16 * 1024,
  /** Of bodies that are not complete, of all connections in this worker. */
  buffered: 8 << 20,
  /** Without any traffic. */
  idle: 10_000,
  /** From the first octet of a request to its last. */
  frame: 3000,
  /** For a client to take what was written for it. */
  write: 5000,
}

export type HttpsLimits = typeof httpsLimits

type Request = IncomingMessage | Http2ServerRequest
type Response = ServerResponse | Http2ServerResponse
type WebServer = HttpServer | Http2SecureServer

const path = '/dns-query'
const mediaType = 'application/dns-message'
const maxMessage = 65_535
/** Seconds that HTTP caches may keep replies: without records, and at most; CoreDNS's. */
const freshness = { otherwise: 5, most: 3600 }
/** Replies are written here and copied out at their length. */
const scratch = Buffer.allocUnsafeSlow(65_535)

const responses = counter(
  'coredns_dns_https_responses_total',
  'Counter of DoH responses per server and http status code.',
  ['server', 'status'],
)

/** A request that is answered with nothing but a status and a word. */
class Refusal extends Error {
  override name = 'Refusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export class HttpsListener {
  readonly #place: Place
  readonly #answer: Answer
  readonly #log: Log
  readonly #base: HttpsLimits
  #limits: HttpsLimits
  #server: WebServer | undefined
  readonly #sockets = new Set<Socket>()
  /** Of connections; undefined where there is no limit. */
  #places: FairPlaces | undefined
  #connections: number | undefined
  readonly #inFlight = new WeakMap<object, number>()
  #buffered = 0
  #draining = false

  constructor(place: Place, answer: Answer, log: Log, limits: HttpsLimits = httpsLimits) {
    this.#place = place
    this.#answer = answer
    this.#log = log
    this.#base = limits
    this.#limits = { ...limits, ...place.tcp }
  }

  /** The port listened on. */
  get port(): number {
    const address = this.#server?.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Resolves when the socket listens; rejects with the system's error where it can't. */
  async open(): Promise<void> {
    const { address, port, reusePort, server: label, tls } = this.#place
    const server = tls === undefined ? this.#plain() : await this.#secure(tls)
    this.#server = server
    this.allow(this.#place)
    server.on('connection', (socket: Socket) => this.#accepted(socket))
    server.listen({ host: address, port, ipv6Only: isIPv6(address), reusePort, backlog: 1024 })
    await once(server, 'listening')
    server.on('error', (error: Error) => this.#log.error(`${label}: ${error.message}`))
  }

  #accepted(socket: Socket): void {
    const places = this.#places
    const address = unmappedAddress(socket.remoteAddress ?? '')
    if (places?.take(address) === false) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      places?.leave(address)
    })
  }

  #plain(): HttpServer {
    return createServer({ ...this.#http1() }, (request, response) => void this.#serve(request, response))
  }

  async #secure(tls: TlsListen): Promise<Http2SecureServer> {
    const { createSecureServer } = await import('node:http2')
    const server = createSecureServer({
      ...(await secureOptions(tls)),
      allowHTTP1: true,
      http1Options: this.#http1(),
      settings: { maxConcurrentStreams: this.#limits.inFlight, maxHeaderListSize: this.#limits.headers },
      maxSessionMemory: 2,
    })
    guard(server, this.#place, this.#log)
    server.on('request', (request, response) => void this.#serve(request, response))
    // What breaks a connection is its client's affair; 'close' follows.
    server.on('sessionError', (error) => this.#log.debug(`${this.#place.server}: ${error.message}`))
    server.on('session', (session) => this.#watch(session))
    return server
  }

  #http1() {
    const { frame, idle, headers } = this.#limits
    return {
      headersTimeout: frame,
      requestTimeout: frame,
      keepAliveTimeout: idle,
      connectionsCheckingInterval: 500,
      maxHeaderSize: headers,
    }
  }

  /** A session without traffic is told to end, and then ended. */
  #watch(session: ServerHttp2Session): void {
    // Its handshake was under way when the end began.
    if (this.#draining) session.close()
    session.setTimeout(this.#limits.idle, () => {
      session.close()
      session.setTimeout(this.#limits.write, () => session.destroy())
    })
  }

  /** What connections get from now on; those that are open keep what they have. */
  allow({ tcp, https }: Place): void {
    this.#limits = { ...this.#base, ...tcp }
    const server = this.#server
    if (server === undefined) return
    const { frame, idle, write } = this.#limits
    const connections = https?.connections ?? this.#base.connections
    // 0 is no limit of ours.
    server.maxConnections = connections === 0 ? Number.POSITIVE_INFINITY : connections
    if (connections !== this.#connections) {
      this.#connections = connections
      this.#places = connections === 0 ? undefined : new FairPlaces(connections)
    }
    Object.assign(server, { headersTimeout: frame, requestTimeout: frame, keepAliveTimeout: idle })
    // Over HTTP/1.1 this ends those who take nothing; a question may take as long as that.
    if (!('setSecureContext' in server)) server.timeout = Math.max(idle, write, httpsLimits.idle)
  }

  /** For connections from now on: this certificate, and these authorities for clients. */
  async secure(tls: TlsListen): Promise<void> {
    const options = await secureOptions(tls)
    if (this.#server !== undefined && 'setSecureContext' in this.#server) this.#server.setSecureContext(options)
  }

  async #serve(request: Request, response: Response): Promise<void> {
    const connection: object = 'stream' in request ? (request.stream.session ?? request.stream) : request.socket
    const before = this.#inFlight.get(connection) ?? 0
    this.#inFlight.set(connection, before + 1)
    // A client that goes away is no fault of anybody's.
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    try {
      if (before >= this.#limits.inFlight) throw new Refusal(503, 'too many requests at a time')
      const message = await this.#read(request)
      const reply = await this.#ask(message, this.#clientOf(request))
      this.#send(request, response, 200, reply, {
        'Content-Type': mediaType,
        'Cache-Control': `max-age=${secondsFresh(reply)}`,
      })
    } catch (error) {
      const { status, message } = error instanceof Refusal ? error : { status: 500, message: 'no response' }
      if (!(error instanceof Refusal)) this.#log.error(`${this.#place.server}: ${(error as Error).stack}`)
      this.#send(request, response, status, Buffer.from(`${message}\n`), {
        'Content-Type': 'text/plain; charset=utf-8',
        ...(status === 405 ? { Allow: 'GET, POST' } : {}),
      })
    } finally {
      this.#inFlight.set(connection, (this.#inFlight.get(connection) ?? 1) - 1)
    }
  }

  /** The message in a request. Throws Refusal. */
  async #read(request: Request): Promise<Buffer> {
    const [where, query = ''] = (request.url ?? '').split('?', 2)
    if (where !== path) throw new Refusal(404, 'not found')
    if (request.method === 'GET') return readQuestion(query)
    if (request.method !== 'POST') throw new Refusal(405, 'method not allowed')
    const type = request.headers['content-type']
    // Who doesn't say what it is sends what we expect.
    if (type !== undefined && !/^application\/dns-message\s*(;|$)/i.test(type)) {
      throw new Refusal(415, `not ${mediaType}`)
    }
    return this.#readBody(request)
  }

  async #readBody(request: Request): Promise<Buffer> {
    const tooLarge = new Refusal(413, 'message too large')
    if (Number(request.headers['content-length'] ?? 0) > maxMessage) throw tooLarge
    const chunks: Buffer[] = []
    let size = 0
    const body = Promise.withResolvers<void>()
    const timer = setTimeout(() => body.reject(new Refusal(408, 'request takes too long')), this.#limits.frame)
    const take = (chunk: Buffer) => {
      size += chunk.length
      this.#buffered += chunk.length
      chunks.push(chunk)
      if (size > maxMessage) body.reject(tooLarge)
      else if (this.#buffered > this.#limits.buffered) body.reject(new Refusal(503, 'too busy'))
    }
    request.on('data', take)
    request.once('end', body.resolve)
    request.once('close', () => body.reject(new Refusal(400, 'request cut short')))
    try {
      await body.promise
      return Buffer.concat(chunks)
    } finally {
      clearTimeout(timer)
      request.off('data', take)
      this.#buffered -= size
    }
  }

  /** The reply's octets. Throws Refusal for what can't be read, and where there is none. */
  async #ask(message: Buffer, client: Client): Promise<Buffer> {
    try {
      decodeQuery(message, client)
    } catch (error) {
      // A question of another version of EDNS has a reply of its own; what else can't be read has none here, as in CoreDNS.
      if (!(error instanceof WireError)) throw error
      if (error.rcode !== Rcode.BADVERS) throw new Refusal(400, 'invalid request')
    }
    const reply = this.#answer(message, message.length, client, scratch)
    const octets = typeof reply === 'number' ? Buffer.from(scratch.subarray(0, reply)) : await reply
    if (!(octets instanceof Buffer) || octets.length === 0) throw new Refusal(500, 'no response')
    return octets
  }

  #clientOf({ socket }: Request): Client {
    return {
      address: unmappedAddress(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
      localAddress: unmappedAddress(socket.localAddress ?? this.#place.address),
      localPort: this.#place.port,
      transport: 'https',
      server: this.#place.server,
    }
  }

  #send(
    request: Request,
    response: Response,
    status: number,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
  ): void {
    responses.with(this.#place.server, String(status)).inc()
    if (response.destroyed || response.writableEnded) return
    const unread = !request.complete && request.method === 'POST'
    const http1 = request.httpVersionMajor < 2
    // What is left of a request over HTTP/1.1 would be taken for the next one; and at our end there is no next one.
    const last: Readonly<Record<string, string>> = http1 && (unread || this.#draining) ? { Connection: 'close' } : {}
    // The two kinds differ in the type of what they return only.
    const writer = response as ServerResponse
    writer.writeHead(status, { ...headers, ...last, 'Content-Length': body.length })
    writer.end(body)
    if (!unread) return
    if ('stream' in response) response.once('finish', () => response.stream?.close())
    else response.once('finish', () => request.destroy())
  }

  /** Takes no more connections, answers the requests it has, at most `deadline` ms, and closes. */
  async drain(deadline: number): Promise<void> {
    const server = this.#server
    if (server === undefined || !server.listening) return
    this.#draining = true
    const closed = once(server, 'close')
    server.close()
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, deadline)
    await closed
    clearTimeout(timer)
  }
}

/** Of GET: `dns=` with the message in base64url without padding (RFC 8484 6). Throws Refusal. */
function readQuestion(query: string): Buffer {
  const found = new URLSearchParams(query).getAll('dns')
  const [text] = found
  if (text === undefined) throw new Refusal(400, "no 'dns' query parameter found")
  if (found.length > 1) throw new Refusal(400, "multiple 'dns' query values found")
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new Refusal(400, 'invalid request')
  return Buffer.from(text, 'base64url')
}

/** Seconds for which a reply may be kept: the smallest TTL in it, for a negative one its SOA's minimum as well (RFC 8484 5.1). */
export function secondsFresh(reply: Buffer): number {
  const { rcode, answer, authority, additional } = decodeMessage(reply)
  const records = [...answer, ...authority, ...additional]
  if ((rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) || records.length === 0) return freshness.otherwise
  const ttls = records.map((rrset) => rrset.ttl)
  if (answer.length === 0) {
    for (const { type, rdatas } of authority) {
      if (type === Type.SOA) ttls.push(...rdatas.map((rdata) => Buffer.from(rdata.slice(-4), 'latin1').readUInt32BE()))
    }
  }
  return Math.min(freshness.most, ...ttls)
}
