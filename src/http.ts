// The HTTP listener under health, ready and prometheus: a few fixed paths on one address.
import { lookup } from 'node:dns/promises'
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { isIP } from 'node:net'
import type { TLSSocket, TlsOptions } from 'node:tls'

export interface Page {
  readonly status: number
  readonly body: string
  /** `text/plain; charset=utf-8` where it is left out. */
  readonly contentType?: string
}

/** Makes the page anew for each request. */
export type PageMaker = () => Page | Promise<Page>

/** An address that can't be listened on; `code` is the system's. */
export class ListenError extends Error {
  override name = 'ListenError'
  readonly code: string | undefined

  constructor(address: string, cause: NodeJS.ErrnoException) {
    const reason = cause.code === 'EADDRINUSE' ? 'bind: address already in use' : cause.message
    super(`listen tcp ${address}: ${reason}`, { cause })
    this.code = cause.code
  }
}

/** Every wait for a client, ms. */
const patience = 5000
/** Connections at a time; probes and scrapes need a handful. */
const maxConnections = 512

/** How a listener speaks TLS. */
export interface TlsSettings
  extends Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'minVersion' | 'maxVersion' | 'requestCert' | 'rejectUnauthorized'> {
  /** Looks at a connection that has been set up; false cuts it off. */
  readonly admits?: (socket: TLSSocket) => boolean
}

/**
 * The one listener of an address, however many ask for it and over reloads; `share` is that of a plugin's context. With `tls`
 * it is another one, which has what the first to ask said.
 */
export function sharedListener(
  share: <T>(key: string, make: (signal: AbortSignal) => T) => T,
  { host, port }: { readonly host: string; readonly port: number },
  tls?: TlsSettings,
): Promise<HttpListener> {
  const key = `${tls === undefined ? 'http' : 'https'} ${host}:${port}`
  return share(key, (signal) => HttpListener.open(host, port, signal, tls))
}

/** Answers any method, as probes and scrapers differ in theirs; paths are compared whole, the query left out. */
export class HttpListener {
  readonly #server: Server | TlsServer
  readonly #pages = new Map<string, PageMaker[]>()

  private constructor(create: (options: ServerOptions, answer: RequestListener) => Server | TlsServer) {
    this.#server = create(
      {
        headersTimeout: patience,
        requestTimeout: patience,
        keepAliveTimeout: patience,
        connectionsCheckingInterval: 1000,
      },
      (request, response) => void this.#answer(request.url ?? '/', response),
    )
    this.#server.maxConnections = maxConnections
    // A client that takes nothing of what was written for it.
    this.#server.setTimeout(patience)
  }

  /**
   * Listens until the signal is aborted; requests that came before are answered. An empty host is all addresses of this
   * host, port 0 any free port. Rejects with ListenError, or with what node:tls has against the settings.
   */
  static async open(host: string, port: number, signal: AbortSignal, tls?: TlsSettings): Promise<HttpListener> {
    const listener = new HttpListener(tls === undefined ? createServer : await secureServer(tls))
    const server = listener.#server
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
    try {
      const where = host === '' ? {} : { host: await resolveHost(host) }
      const listening = Promise.withResolvers<void>()
      server.once('error', listening.reject)
      server.listen({ ...where, port }, listening.resolve)
      await listening.promise
      server.off('error', listening.reject)
    } catch (error) {
      throw new ListenError(address, error as NodeJS.ErrnoException)
    }
    if (signal.aborted) listener.#close()
    else signal.addEventListener('abort', () => listener.#close(), { once: true })
    return listener
  }

  /** The port listened on. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Of TLS: certificate, key and authorities from now on; throws what node:tls has against them. */
  secure(tls: TlsSettings): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls)
  }

  /** Serves the path until the signal is aborted. Of several makers for a path the last one counts, then those before. */
  serve(path: string, maker: PageMaker, signal: AbortSignal): void {
    if (signal.aborted) return
    const makers = this.#pages.get(path) ?? []
    this.#pages.set(path, makers)
    makers.push(maker)
    signal.addEventListener('abort', () => makers.splice(makers.indexOf(maker), 1), { once: true })
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    const { status, body, contentType = 'text/plain; charset=utf-8' } = await this.#page(url.replace(/\?.*/s, ''))
    // A connection that is kept would be cut at the end, perhaps with a request on its way.
    if (!this.#server.listening) response.setHeader('Connection', 'close')
    response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) })
    response.end(body)
  }

  async #page(path: string): Promise<Page> {
    const maker = this.#pages.get(path)?.at(-1)
    if (maker === undefined) return { status: 404, body: '404 page not found\n' }
    try {
      return await maker()
    } catch (error) {
      return { status: 500, body: `${error instanceof Error ? error.message : String(error)}\n` }
    }
  }

  #close(): void {
    // Idle connections end at once, the others after their reply.
    this.#server.close()
    const timer = setTimeout(() => this.#server.closeAllConnections(), patience)
    timer.unref()
    this.#server.once('close', () => clearTimeout(timer))
  }
}

async function secureServer(tls: TlsSettings) {
  const https = await import('node:https')
  return (options: ServerOptions, answer: RequestListener): TlsServer => {
    const server = https.createServer({ ...options, ...tls, handshakeTimeout: patience }, answer)
    server.on('secureConnection', (socket) => {
      if (tls.admits?.(socket) === false) socket.destroy()
    })
    return server
  }
}

/** An address of the host, IPv4 before IPv6, as Go's net.Listen takes it. */
async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  return (await lookup(host, { order: 'ipv4first' })).address
}
