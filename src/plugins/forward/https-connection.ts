// A connection to an upstream over HTTPS (RFC 8484): HTTP/2, each question a request of its own.
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Message } from '../../dns/message.ts'
import type { Connection, Lifetime, Owner } from './connection-pool.ts'
import type { Dial } from './dial.ts'
import type { Request } from './request.ts'
import { agedBy, answersTo, idOf, readResponse } from './response.ts'
import { systemWords, timeoutError, UpstreamError } from './upstream-error.ts'

export type HttpMethod = 'POST' | 'GET'

interface HttpsOptions extends Lifetime {
  readonly dial: Dial
  /** Of the URI: the upstream's name, where it is known, or address; and its port. */
  readonly authority: string
  /** The upstream's address and port, for errors. */
  readonly remote: string
  readonly method: HttpMethod
}

/** What ALPN calls HTTP/2. */
export const httpsAlpn = 'h2'
const path = '/dns-query'
const mediaType = 'application/dns-message'
/** Octets of a DNS message, at most. */
const maxMessage = 65_535

/** A question whose reply is on its way. */
interface Asked {
  readonly request: Request
  readonly timer: NodeJS.Timeout
  readonly chunks: Buffer[]
  size: number
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader
  resolve(response: Message): void
  reject(error: UpstreamError): void
}

export class HttpsConnection implements Connection {
  readonly #owner: Owner
  readonly #options: HttpsOptions
  readonly #socket: Socket
  readonly #session: ClientHttp2Session
  readonly #asked = new Map<ClientHttp2Stream, Asked>()
  readonly #born = performance.now()
  readonly #idle: NodeJS.Timeout
  #isOpen = false
  #isRetired = false
  #isClosed = false
  #fault: UpstreamError | undefined
  /** Replies that came, ever. */
  #replies = 0

  constructor(options: HttpsOptions, owner: Owner) {
    this.#owner = owner
    this.#options = options
    this.#idle = setTimeout(() => this.retire(), options.expire).unref()
    this.#socket = options.dial()
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.on('close', () => this.#break('EOF'))
    // Loaded where it is needed: it would cost every worker memory.
    const { connect } = process.getBuiltinModule('node:http2')
    this.#session = connect(`https://${options.authority}`, {
      createConnection: () => this.#socket,
      settings: { enablePush: false },
    })
    this.#session.on('connect', () => this.#opened())
    this.#session.on('goaway', () => this.retire())
    this.#session.on('error', (error) => this.#failed(error))
  }

  get outstanding(): number {
    return this.#asked.size
  }

  get usable(): boolean {
    const { maxAge } = this.#options
    return !this.#isRetired && (maxAge === 0 || performance.now() - this.#born < maxAge)
  }

  ask(request: Request, timeout: number): Promise<Message> {
    this.#idle.refresh()
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    const stream = this.#send(request)
    const repliesBefore = this.#replies
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // Nothing has come over the connection meanwhile: it may be dead. Else it was only this question's reply.
        if (this.#replies === repliesBefore) this.retire()
        this.#giveUp(stream, timeoutError(this.#describe()))
      }, timeout)
      this.#asked.set(stream, { request, timer, chunks: [], size: 0, headers: {}, resolve, reject })
    })
  }

  retire(): void {
    this.#isRetired = true
    if (this.#asked.size === 0) this.#close()
  }

  #send({ octets }: Request): ClientHttp2Stream {
    const { method, authority } = this.#options
    const isGet = method === 'GET'
    // The ID is 0, so that caches of HTTP know equal questions by it (RFC 8484 4.1).
    const stream = this.#session.request(
      {
        ':method': method,
        ':scheme': 'https',
        ':authority': authority,
        ':path': isGet ? `${path}?dns=${octets.toString('base64url')}` : path,
        accept: mediaType,
        ...(isGet ? {} : { 'content-type': mediaType, 'content-length': `${octets.length}` }),
      },
      { endStream: isGet },
    )
    stream.on('response', (headers) => {
      const asked = this.#asked.get(stream)
      if (asked !== undefined) asked.headers = headers
    })
    stream.on('data', (chunk: Buffer) => this.#take(stream, chunk))
    stream.on('end', () => this.#answered(stream))
    stream.on('error', (error) => this.#reset(stream, error))
    stream.on('close', () => this.#reset(stream))
    if (!isGet) stream.end(octets)
    return stream
  }

  #take(stream: ClientHttp2Stream, chunk: Buffer): void {
    const asked = this.#asked.get(stream)
    if (asked === undefined) return
    asked.size += chunk.length
    if (asked.size <= maxMessage) {
      asked.chunks.push(chunk)
      return
    }
    this.#giveUp(stream, new UpstreamError(`${this.#describe()}: more than ${maxMessage} octets`))
  }

  #giveUp(stream: ClientHttp2Stream, error: UpstreamError): void {
    this.#asked.get(stream)?.reject(error)
    stream.close(process.getBuiltinModule('node:http2').constants.NGHTTP2_CANCEL)
    this.#done(stream)
  }

  #answered(stream: ClientHttp2Stream): void {
    // A stream that was reset ends as well; its error says why.
    if (stream.rstCode !== 0) return
    const asked = this.#done(stream)
    if (asked === undefined) return
    this.#replies++
    try {
      asked.resolve(this.#read(asked))
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      asked.reject(error)
    }
  }

  /** Throws UpstreamError where it is no reply to the question. */
  #read({ headers, chunks, request }: Asked): Message {
    const status = headers[':status'] ?? 0
    const fail = (why: string) => new UpstreamError(`${this.#describe()}: ${why}`)
    if (status < 200 || status > 299) throw fail(`HTTP status ${status}`)
    const octets = Buffer.concat(chunks)
    const id = idOf(octets)
    if (id === undefined) throw fail('no DNS reply')
    if (id !== 0 || !answersTo(octets, request)) throw fail('a reply to another question')
    return agedBy(readResponse(octets), ageOf(headers))
  }

  #opened(): void {
    // Who doesn't speak HTTP/2 may have chosen nothing.
    if ((this.#socket as TLSSocket).alpnProtocol !== httpsAlpn) {
      this.#break('no HTTP/2')
      return
    }
    this.#isOpen = true
    for (const { timer } of this.#asked.values()) timer.refresh()
  }

  #describe(): string {
    const { method, remote } = this.#options
    // As Go has it, which tells methods like names.
    const verb = method === 'GET' ? 'Get' : 'Post'
    return `${verb} "https://${remote}${path}"${this.#isOpen ? '' : `: dial tcp ${remote}`}`
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'ETIMEDOUT') this.#fault ??= timeoutError(this.#describe())
    // What the system says has a name of the system's; all else is TLS or HTTP.
    const reason = error.syscall === undefined ? `tls: ${error.message}` : systemWords(error)
    this.#break(`${this.#isOpen ? 'read' : 'connect'}: ${reason}`, error)
  }

  /** One question's stream is gone before its reply came. */
  #reset(stream: ClientHttp2Stream, error?: Error): void {
    const asked = this.#asked.get(stream)
    // With the whole connection gone, its own event tells why.
    if (asked === undefined || this.#session.destroyed) return
    this.#done(stream)
    const { NGHTTP2_REFUSED_STREAM } = process.getBuiltinModule('node:http2').constants
    const stale = stream.rstCode === NGHTTP2_REFUSED_STREAM && this.#replies > 0
    const why = `stream reset with code ${stream.rstCode}`
    asked.reject(new UpstreamError(`${this.#describe()}: ${why}`, { cause: error, stale }))
  }

  /** The other side has closed it, or it broke. */
  #break(why: string, cause?: Error): void {
    if (this.#isClosed) return
    const told = `${this.#describe()}: ${why}`
    this.#fault ??= new UpstreamError(told, { cause })
    this.#isRetired = true
    // Of a connection that had been of use it is no wonder; those who came first on a fresh one were let down.
    const error = this.#replies > 0 ? new UpstreamError(told, { cause, stale: true }) : this.#fault
    for (const stream of [...this.#asked.keys()]) this.#done(stream)?.reject(error)
    this.#close()
  }

  #done(stream: ClientHttp2Stream): Asked | undefined {
    const asked = this.#asked.get(stream)
    if (asked === undefined) return undefined
    clearTimeout(asked.timer)
    this.#asked.delete(stream)
    if (this.#asked.size === 0) {
      if (this.#isRetired) this.#close()
      else this.#owner.idle()
    }
    return asked
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#idle)
    this.#owner.closed()
    this.#session.destroy()
    this.#socket.destroy()
  }
}

/** How long caches of HTTP have had it, seconds (RFC 8484 5.1). */
function ageOf({ age }: IncomingHttpHeaders): number {
  return age !== undefined && /^[0-9]{1,9}$/.test(age) ? Number(age) : 0
}
