// One GET to the API server, its answer as a stream of octets, and what its refusals mean.
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { finished } from 'node:stream/promises'
import { listOf, partOf, textOf } from './api-object.ts'
import { countRequest, countRequestTime } from './cluster-metrics.ts'
import type { Access } from './credentials.ts'

/** The server said no: an HTTP status, or a Status object in a stream (API conventions, "Response Status Kind"). */
export class ApiError extends Error {
  override name = 'ApiError'
  /** An HTTP status code. */
  readonly code: number
  /** Milliseconds the server asks us to wait; 0 where it doesn't. */
  readonly retryAfterMs: number
  /** What we know from earlier is of no use any more: everything has to be listed again. */
  readonly expired: boolean

  constructor(code: number, status: unknown, retryAfterMs = 0) {
    const { message, reason, details } = partOf(status)
    const { causes, retryAfterSeconds } = partOf(details)
    super(textOf(message) || `the API server answers ${code}`)
    this.code = code
    const seconds = typeof retryAfterSeconds === 'number' ? retryAfterSeconds : 0
    this.retryAfterMs = Math.min(Math.max(retryAfterMs, seconds * 1000), longestWaitMs)
    const tooNew = listOf(causes).some((cause) => partOf(cause).reason === 'ResourceVersionTooLarge')
    this.expired = code === 410 || reason === 'Expired' || reason === 'Gone' || tooNew
  }
}

/** A server that asks us to wait longer than this is asked again all the same. */
const longestWaitMs = 60_000

/** Nothing came for longer than we wait. */
export class SilenceError extends Error {
  override name = 'SilenceError'

  constructor(milliseconds: number) {
    super(`the API server has been silent for ${milliseconds / 1000} s`)
  }
}

export interface ApiRequest {
  /** With its query. */
  readonly path: string
  /** Aborts the request, and the stream of its answer. */
  readonly signal: AbortSignal
  /** Milliseconds without a sign of life after which the connection is given up. */
  readonly silenceMs: number
  /** Keeps connections for more requests; without one, each request has its own. */
  readonly agent?: HttpAgent | HttpsAgent
}

/** An agent whose requests follow each other on one connection. */
export function oneConnection(access: Access): HttpAgent | HttpsAgent {
  const options = { keepAlive: true, maxSockets: 1, ...access.tls }
  return access.url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent({ keepAlive: true, maxSockets: 1 })
}

/** How long a server may take to connect and to begin its answer, milliseconds: its own limit for requests is as long. */
const answerMs = 60_000

/** Resolves to the answer once its status is 200, its body unread; rejects with ApiError else. */
export async function requestApi(access: Access, request: ApiRequest): Promise<IncomingMessage> {
  const response = await send(access, request)
  if (response.statusCode === 200) return response
  const code = response.statusCode ?? 0
  let body = ''
  for await (const chunk of response) {
    body += (chunk as Buffer).toString('latin1')
    if (body.length > maxStatus) {
      response.destroy()
      break
    }
  }
  throw new ApiError(code, parseStatus(body), parseRetryAfter(response.headers['retry-after']))
}

const maxStatus = 1 << 16

/** How long what has come of one answer is read before everything else has its turn, milliseconds. */
const longestReadMs = 1

/**
 * Hands on the octets of an answer as they come. Resolves at its end; rejects where it breaks off, or with what `take`
 * throws. A stream that is iterated keeps what has come meanwhile, and what is kept is freed late.
 *
 * A server that sends faster than we read would be read 32 times in one turn, 2 MiB, for 40 ms: events of other kinds have
 * to get in between.
 */
export async function readAnswer(response: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  /** When this turn began, on the clock of performance.now(). */
  let start: number | undefined
  const endTurn = (): void => {
    start = undefined
    if (response.isPaused()) response.resume()
  }
  response.on('data', (chunk: Buffer) => {
    if (start === undefined) {
      start = performance.now()
      setImmediate(endTurn)
    }
    try {
      take(chunk)
    } catch (error) {
      response.destroy(error as Error)
    }
    if (performance.now() - start > longestReadMs) response.pause()
  })
  await finished(response)
}

function send(access: Access, { path, signal, silenceMs, agent }: ApiRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const host = hostOf(access.url)
  const start = performance.now()
  const options = {
    ...access.tls,
    path: access.url.pathname.replace(/\/$/, '') + path,
    headers: { accept: 'application/json', 'user-agent': 'clusterdns', ...access.headers },
    agent: access.agent ?? agent ?? false,
    timeout: Math.min(answerMs, silenceMs),
    signal,
  }
  const request =
    access.url.protocol === 'https:' ? requestHttps(access.url, options) : requestHttp(access.url, options)
  let response: IncomingMessage | undefined
  request.on('timeout', () => {
    const silence = new SilenceError(response === undefined ? options.timeout : silenceMs)
    if (response === undefined) request.destroy(silence)
    else response.destroy(silence)
  })
  // Probes find a dead peer sooner than silence does where the network tells.
  request.on('socket', (socket) => socket.setKeepAlive(true, 30_000))
  request.on('error', (error) => {
    if (response === undefined && !signal.aborted) countRequest(host, undefined)
    reject(error)
  })
  request.on('response', (message) => {
    response = message
    countRequest(host, message.statusCode)
    if (!path.includes('watch=true')) message.on('end', () => countRequestTime(host, performance.now() - start))
    request.setTimeout(silenceMs)
    resolve(message)
  })
  request.end()
  return promise
}

/** With the port in any case, as client-go has it in pods. */
function hostOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
}

function parseStatus(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // Proxies and failing servers answer with other things; the code says enough then.
    return undefined
  }
}

/** Retry-After as milliseconds (RFC 9110 10.2.3); 0 where it isn't a number of seconds, the only form the API uses. */
function parseRetryAfter(value: string | undefined): number {
  return value !== undefined && /^[0-9]{1,6}$/.test(value) ? Number(value) * 1000 : 0
}
