// Stands between a client and an API server, and does to their connections what networks and servers do.
import { createServer, type IncomingMessage, request as requestHttp, type Server, type ServerResponse } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Access } from '../../src/cluster/credentials.ts'

/** What is answered in place of the server. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export class FaultyProxy {
  /** Of the server behind; may be changed at any time. */
  upstream: Access
  /** Decides about each request, by its path with its query and its Authorization; undefined lets it through. */
  answer: (path: string, authorization: string) => Answer | undefined = () => undefined
  /** What the server is asked in place of that. */
  rewrite: (path: string) => string = (path) => path
  /** Breaks every connection that comes. */
  down = false
  /** Takes requests and never answers. */
  mute = false
  /** Nothing that comes on a watch is handed on. */
  deaf = false
  /** Paths of all requests, in order. */
  readonly requests: string[] = []
  connections = 0
  /** Bookmarks that went through. */
  bookmarks = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #watches = new Set<ServerResponse>()
  readonly #stalled = new WeakSet<ServerResponse>()
  readonly #cut = new WeakSet<ServerResponse>()

  constructor(upstream: Access) {
    this.upstream = upstream
    this.#server = createServer((request, response) => this.#serve(request, response))
    this.#server.on('connection', (socket) => {
      this.connections++
      if (this.down) socket.destroy()
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.drop()
    await closed
  }

  /** Breaks every connection there is. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** The watches there are stay open, and nothing more ever comes. */
  stall(): void {
    for (const response of this.#watches) this.#stalled.add(response)
  }

  /** Of what comes next on each watch only half is handed on before the connection breaks. */
  cut(): void {
    for (const response of this.#watches) this.#cut.add(response)
  }

  /** Puts text into every watch there is. */
  inject(text: string): void {
    for (const response of this.#watches) response.write(text)
  }

  get watches(): number {
    return this.#watches.size
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? ''
    this.requests.push(path)
    if (this.mute) return
    const answer = this.answer(path, request.headers.authorization ?? '')
    if (answer !== undefined) {
      response.writeHead(answer.status, answer.headers)
      response.end(answer.body)
      return
    }
    const { url, tls, headers } = this.upstream
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const onward = send(url, { ...tls, path: this.rewrite(path), headers, agent: false }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, { 'content-type': 'application/json' })
      response.flushHeaders()
      if (path.includes('watch=true')) this.#watches.add(response)
      reply.on('data', (chunk: Buffer) => this.#handOn(chunk, response))
      reply.on('end', () => {
        if (!this.#stalled.has(response)) response.end()
      })
      reply.on('error', () => response.destroy())
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => {
      this.#watches.delete(response)
      onward.destroy()
    })
    onward.end()
  }

  #handOn(chunk: Buffer, response: ServerResponse): void {
    if (this.#stalled.has(response) || (this.deaf && this.#watches.has(response))) return
    if (chunk.includes('"type":"BOOKMARK"')) this.bookmarks++
    if (!this.#cut.has(response)) response.write(chunk)
    else response.write(chunk.subarray(0, chunk.length >> 1), () => response.destroy())
  }
}
