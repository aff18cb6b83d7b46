// An upstream server that breaks in every way a test asks for: over UDP and TCP, or TLS or HTTPS, on one port of loopback.
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createSecureServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { Option, parseRcode, Type } from '../src/dns/codes.ts'
import { decodeMessage } from '../src/dns/decode.ts'
import { encodeMessage } from '../src/dns/encode.ts'
import { Frames } from '../src/dns/frames.ts'
import { type Message, message } from '../src/dns/message.ts'
import { parseName } from '../src/dns/name.ts'
import { encodeAddress } from '../src/dns/rdata.ts'
import { rrset } from '../src/dns/rrset.ts'
import { parseRecord } from '../src/dns/text.ts'

/** A question as it came. */
export interface Asked {
  readonly query: Message
  readonly transport: 'udp' | 'tcp' | 'https'
  /** The port it came from. */
  readonly from: number
  /** How many came before it. */
  readonly count: number
  /** Of the request; only over HTTPS. */
  readonly headers?: IncomingHttpHeaders
}

/** What is done about a question, step by step. */
export type Step =
  /** Sent back; `elsewhere` from another socket, as a forger would: UDP only. */
  | { readonly send: Message | Buffer; readonly elsewhere?: true }
  /** Sent back with another status, other headers: HTTPS only. */
  | { readonly send: Message | Buffer; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly wait: number }
  /** The connection is reset, the datagram forgotten. */
  | 'reset'
  /** The connection is closed after what was sent. */
  | 'end'

export type Behaviour = (asked: Asked) => readonly Step[]

/** How an upstream is spoken to; by UDP and TCP on 127.0.0.1 where nothing else is said. */
export interface Face {
  readonly host?: string
  /** Connections are TLS and there are no datagrams. */
  readonly tls?: TlsOptions
  /** Connections are HTTPS (RFC 8484) and there are no datagrams. */
  readonly https?: TlsOptions
}

export class FaultyUpstream {
  readonly asked: Asked[] = []
  behave: Behaviour
  port = 0
  /** Connections that were opened, ever. */
  connections = 0
  readonly #host: string
  readonly #tls: TlsOptions | undefined
  readonly #isHttps: boolean
  readonly #sockets = new Set<Socket>()
  readonly #elsewhere = new Set<UdpSocket>()
  #udp: UdpSocket | undefined
  #tcp: Server | undefined

  private constructor(behave: Behaviour, { host = '127.0.0.1', tls, https }: Face) {
    this.behave = behave
    this.#host = host
    this.#tls = https ?? tls
    this.#isHttps = https !== undefined
  }

  /** Open on a port of its own. */
  static async open(behave: Behaviour = honest, face: Face = {}): Promise<FaultyUpstream> {
    const upstream = new FaultyUpstream(behave, face)
    await upstream.revive()
    return upstream
  }

  /** Its address and port, as a Corefile has them. */
  get address(): string {
    return this.#host.includes(':') ? `[${this.#host}]:${this.port}` : `${this.#host}:${this.port}`
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size
  }

  /** Comes back on the port it had. */
  async revive(): Promise<void> {
    const serve = (socket: Socket) => this.#connection(socket)
    // A port that is free for TCP may be taken for UDP.
    for (let tries = 0; ; tries++) {
      const tcp = this.#listener(serve)
      tcp.on('tlsClientError', () => undefined)
      tcp.listen(this.port, this.#host)
      await once(tcp, 'listening')
      const { port } = tcp.address() as AddressInfo
      try {
        if (this.#tls === undefined) this.#udp = await this.#bind(port)
        this.#tcp = tcp
        this.port = port
        return
      } catch (error) {
        tcp.close()
        if (tries === 20) throw error
      }
    }
  }

  #listener(serve: (socket: Socket) => void): Server {
    if (this.#tls === undefined) return createServer(serve)
    if (!this.#isHttps) return createTlsServer(this.#tls, serve)
    const server = createSecureServer(this.#tls)
    server.on('secureConnection', (socket: Socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void this.#request(stream, headers),
    )
    server.on('sessionError', () => undefined)
    return server
  }

  async #bind(port: number): Promise<UdpSocket> {
    const udp = createSocket(this.#host.includes(':') ? 'udp6' : 'udp4')
    udp.on('message', (octets, sender) => void this.#datagram(octets, sender))
    const bound = once(udp, 'listening')
    udp.bind(port, this.#host)
    await bound
    return udp
  }

  /** Closes everything; nothing answers until it is revived. */
  async die(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    for (const udp of this.#elsewhere) udp.close()
    this.#elsewhere.clear()
    const closed = [this.#tcp, this.#udp].map(
      (one) => one && new Promise<void>((resolve) => one.close(() => resolve())),
    )
    this.#tcp = undefined
    this.#udp = undefined
    await Promise.all(closed)
  }

  async #datagram(octets: Buffer, { port, address }: RemoteInfo): Promise<void> {
    const steps = this.#decide(octets, 'udp', port)
    for (const step of steps) {
      if (typeof step === 'string') return
      if ('wait' in step) await sleep(step.wait)
      else {
        const from = 'elsewhere' in step ? this.#stranger() : this.#udp
        from?.send(octetsOf(step.send), port, address)
      }
    }
  }

  #stranger(): UdpSocket {
    const socket = createSocket(this.#host.includes(':') ? 'udp6' : 'udp4')
    this.#elsewhere.add(socket)
    return socket
  }

  #connection(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    const frames = new Frames()
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      frames.push(chunk)
      for (let octets = frames.shift(); octets !== undefined; octets = frames.shift()) {
        void this.#frame(socket, octets)
      }
    })
  }

  async #frame(socket: Socket, octets: Buffer): Promise<void> {
    for (const step of this.#decide(octets, 'tcp', socket.remotePort ?? 0)) {
      if (step === 'reset') socket.resetAndDestroy()
      else if (step === 'end') socket.end()
      else if ('wait' in step) await sleep(step.wait)
      else {
        const reply = octetsOf(step.send)
        socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 0xff]), reply]))
      }
    }
  }

  async #request(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on('error', () => undefined)
    const session = stream.session as Http2Session
    const from = session.socket.remotePort ?? 0
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    const [, inPath] = /[?]dns=([A-Za-z0-9_-]*)$/.exec(headers[':path'] ?? '') ?? []
    const octets = inPath === undefined ? Buffer.concat(chunks) : Buffer.from(inPath, 'base64url')
    for (const step of this.#decide(octets, 'https', from, headers)) {
      if (step === 'reset') session.destroy()
      else if (step === 'end') session.close()
      else if ('wait' in step) await sleep(step.wait)
      else if (!stream.destroyed && !stream.headersSent) {
        const [status, more] = 'status' in step ? [step.status, step.headers] : [200, {}]
        stream.respond({ ':status': status, 'content-type': 'application/dns-message', ...more })
        stream.end(octetsOf(step.send))
      }
    }
  }

  #decide(octets: Buffer, transport: Asked['transport'], from: number, headers?: IncomingHttpHeaders): readonly Step[] {
    const query = decodeMessage(octets)
    const asked = { query, transport, from, count: this.asked.length, ...(headers === undefined ? {} : { headers }) }
    this.asked.push(asked)
    return this.behave(asked)
  }
}

const octetsOf = (reply: Message | Buffer) => (Buffer.isBuffer(reply) ? reply : encodeMessage(reply))

/** A well-formed reply to a question: its ID, question, RD and CD repeated, and an OPT record if there was one. */
export function replyTo(query: Message, fields: Partial<Message> = {}): Message {
  return message({
    id: query.id,
    opcode: query.opcode,
    response: true,
    recursionDesired: query.recursionDesired,
    recursionAvailable: true,
    checkingDisabled: query.checkingDisabled,
    questions: query.questions,
    edns: query.edns && { udpSize: 1232, version: 0, dnssecOk: query.edns.dnssecOk, options: [] },
    ...fields,
  })
}

/** Records in presentation form. */
export const records = (...lines: readonly string[]) => lines.map((line) => parseRecord(line))

/** The truth: 192.0.2.1 for every A, NOERROR without records for the rest. */
export function truthTo({ query }: Asked): Message {
  const question = query.questions[0]
  if (question?.type !== Type.A) return replyTo(query)
  return replyTo(query, { answer: [rrset(question.name, Type.A, 60, [encodeAddress('192.0.2.1')])] })
}

/** What a forger would have us believe: 203.0.113.66. */
export function lieTo(asked: Asked, fields: Partial<Message> = {}): Message {
  const question = asked.query.questions[0]
  const owner = fields.questions?.[0]?.name ?? question?.name ?? parseName('.')
  const answer = [rrset(owner, Type.A, 60, [encodeAddress('203.0.113.66')])]
  return replyTo(asked.query, { answer, ...fields })
}

export const honest: Behaviour = (asked) => [{ send: truthTo(asked) }]
export const silent: Behaviour = () => []
/** An rcode by name and nothing else. */
export const refusing =
  (rcode: string): Behaviour =>
  ({ query }) => [{ send: replyTo(query, { rcode: parseRcode(rcode) ?? 0 }) }]
/** Says by UDP only that there is more. */
export const truncating: Behaviour = (asked) =>
  asked.transport === 'udp' ? [{ send: replyTo(asked.query, { truncated: true }) }] : honest(asked)

/** An option of the OPT record, data as text. */
export const option = (name: keyof typeof Option, data: string) => ({ code: Option[name], data })
