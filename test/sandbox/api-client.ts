// A plain client of a Kubernetes API for the tests of the sandbox: one request, one answer; and watches as lists of events.
import { readFileSync } from 'node:fs'
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { parseYaml } from '../../src/sandbox/manifests.ts'

/** Where an API is, and how to get in. */
export interface Target {
  readonly url: string
  /** PEM. */
  readonly ca?: string
  readonly token?: string
  readonly certificate?: { readonly certificate: string; readonly key: string }
}

export interface ApiAnswer {
  readonly code: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body where it is JSON, else an empty object. */
  readonly body: ApiObject
}

/** As much of any object as tests look at. */
export interface ApiObject {
  readonly kind?: string
  readonly apiVersion?: string
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly details?: {
    readonly kind?: string
    readonly causes?: readonly { readonly reason: string; readonly field: string }[]
    readonly retryAfterSeconds?: number
  }
  readonly metadata?: {
    readonly name?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly generation?: number
    readonly continue?: string
    readonly remainingItemCount?: number
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
    readonly finalizers?: readonly string[]
    readonly managedFields?: readonly { readonly manager: string }[]
  }
  readonly items?: readonly ApiObject[]
  readonly watches?: number
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: Readonly<Record<string, unknown>>
  readonly status?: unknown
  readonly columnDefinitions?: readonly { readonly name: string; readonly priority: number }[]
  readonly rows?: readonly { readonly cells: readonly unknown[]; readonly object?: ApiObject }[]
}

export interface WatchEvent {
  readonly type: string
  readonly object: ApiObject
}

export interface EventLog {
  readonly code: number
  readonly events: readonly WatchEvent[]
  /** Lines that were no JSON. */
  readonly garbage: readonly string[]
  /** How it ended; undefined while it goes on. */
  readonly ended: 'closed' | 'broken' | undefined
  /** Resolves when there is something to be seen of it. Rejects after ten seconds. */
  until(condition: (log: EventLog) => boolean): Promise<void>
  close(): void
}

/** Every request has a connection of its own: some are broken on purpose. */
function open(target: Target, method: string, path: string, headers: Readonly<Record<string, string>>): ClientRequest {
  const url = new URL(path, target.url)
  const sent = { ...headers, ...(target.token === undefined ? {} : { authorization: `Bearer ${target.token}` }) }
  if (url.protocol === 'http:') return httpRequest(url, { method, headers: sent, agent: false })
  const { certificate: pair } = target
  const shown = pair === undefined ? {} : { cert: pair.certificate, key: pair.key }
  return httpsRequest(url, {
    agent: false,
    method,
    headers: sent,
    ...(target.ca === undefined ? { rejectUnauthorized: false } : { ca: target.ca }),
    ...shown,
  })
}

export function call(
  target: Target,
  method: string,
  path: string,
  body?: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const text = typeof body === 'object' ? JSON.stringify(body) : (body ?? '')
  const length = { 'content-length': String(Buffer.byteLength(text)) }
  const all = body === undefined ? headers : { 'content-type': type, ...length, ...headers }
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>()
  const request = open(target, method, path, all)
  request.on('error', reject)
  request.on('response', (response) => {
    const pieces: Buffer[] = []
    response.on('data', (piece: Buffer) => pieces.push(piece))
    response.on('error', reject)
    response.on('end', () => {
      const received = Buffer.concat(pieces).toString()
      resolve({ code: response.statusCode ?? 0, headers: response.headers, text: received, body: asJson(received) })
    })
  })
  request.end(text)
  return promise
}

function asJson(text: string): ApiObject {
  try {
    return JSON.parse(text) as ApiObject
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

/** Starts a watch; resolves when its head is there. */
export async function watch(
  target: Target,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventLog> {
  const log = {
    code: 0,
    events: [] as WatchEvent[],
    garbage: [] as string[],
    ended: undefined as EventLog['ended'],
    async until(condition: (log: EventLog) => boolean) {
      for (const start = Date.now(); !condition(log); await new Promise((resolve) => setTimeout(resolve, 5))) {
        if (Date.now() - start > 10_000) throw new Error(`waited in vain; there is ${JSON.stringify(log)}`)
      }
    },
    close: () => request.destroy(),
  }
  const request = open(target, 'GET', path, headers)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
    request.end()
  })
  log.code = response.statusCode ?? 0
  let rest = ''
  response.on('data', (piece: Buffer) => {
    const lines = (rest + piece.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = asJson(line) as Partial<WatchEvent>
      if (event.type === undefined) log.garbage.push(line)
      else log.events.push(event as WatchEvent)
    }
  })
  response.on('end', () => {
    if (rest !== '') log.garbage.push(rest)
    log.ended ??= 'closed'
  })
  response.on('error', () => {
    log.ended ??= 'broken'
  })
  return log
}

/** The current context of a kubeconfig with data or tokens in it. */
export function targetOf(file: string): Target {
  interface Named<T> {
    readonly name: string
    readonly context?: T
    readonly cluster?: T
    readonly user?: T
  }
  const config = parseYaml(readFileSync(file, 'utf8')) as Readonly<Record<string, Named<Record<string, string>>[]>> & {
    readonly 'current-context': string
  }
  const context = config.contexts?.find(({ name }) => name === config['current-context'])?.context
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster
  const user = config.users?.find(({ name }) => name === context?.user)?.user
  const ca = cluster?.['certificate-authority-data']
  return {
    url: cluster?.server ?? '',
    ...(ca === undefined ? {} : { ca: Buffer.from(ca, 'base64').toString() }),
    ...(user?.token === undefined ? {} : { token: user.token }),
  }
}
