// The API on HTTP: a request to its verb, the verb's answer to the wire.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { discovery } from './discovery.ts'
import { type Kind, pods } from './kinds.ts'
import { parseYaml } from './manifests.ts'
import { protobuf } from './negotiation.ts'
import { openApiIndex, openApiV2, openApiV3 } from './openapi.ts'
import { type ApiRequest, parseTarget, parseVerb, type Verb } from './request.ts'
import { unreadable } from './schema/as-object.ts'
import { decodeProtobuf } from './schema/protobuf.ts'
import { ApiError, noSuchPath } from './status.ts'
import type { Trouble } from './trouble.ts'
import type { Answer, VerbContext } from './verbs/answer.ts'
import { listVerb } from './verbs/list.ts'
import { patch, patchLanguages } from './verbs/patch.ts'
import { podPart } from './verbs/pod-parts.ts'
import { scale } from './verbs/scale.ts'
import { type EventSink, startWatch, type Watch } from './verbs/watch.ts'
import { create, get, remove, removeCollection, update } from './verbs/write.ts'

/** Octets of the largest body that is read, as the real server's. */
const mostBody = 3 << 20
/** Octets a watch may leave unread before it is cut off. */
const mostUnread = 256 << 20

export interface ServerContext extends VerbContext {
  readonly trouble: Trouble
  readonly log: Log
}

type Handler = (request: ApiRequest, context: VerbContext) => Answer

export function createApiServer(context: ServerContext): Server {
  const verbs: Record<Exclude<Verb, 'watch'>, Handler> = {
    get,
    list: listVerb(),
    create,
    update,
    patch,
    delete: remove,
    deletecollection: removeCollection,
  }
  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      context.log.debug(`${message.method} ${message.url}: ${String(error)}`)
      response.destroy()
    })
  })
  server.on('connection', (socket) => context.trouble.connected(socket))

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(message.url ?? '/', 'http://sandbox')
      const body = await readBody(message)
      if (context.trouble.delay > 0) await sleep(context.trouble.delay)
      const target = parseTarget(url.pathname)
      if (target === undefined) {
        await respond(response, special(url.pathname, message.headers.accept ?? ''))
        return
      }
      const verb = parseVerb(message.method ?? '', target, url.searchParams, url.pathname)
      const contentType = (message.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
      const request: ApiRequest = {
        ...target,
        verb,
        query: url.searchParams,
        contentType,
        accept: message.headers.accept ?? '',
        body: parseBody(body, contentType, target.kind),
      }
      if (verb === 'watch') serveWatch(request, response)
      else await respond(response, answer(request, verb))
    } catch (error) {
      await respond(response, refusal(error))
    }
  }

  function answer(request: ApiRequest, verb: Exclude<Verb, 'watch'>): Answer {
    if (request.subresource === 'scale' && request.kind.scale) return scale(request, context)
    const part = request.kind === pods && request.subresource !== '' ? podPart(request, context) : undefined
    return part ?? verbs[verb](request, context)
  }

  function refusal(error: unknown): Answer {
    if (error instanceof ApiError) return { code: error.code, body: error.status() }
    context.log.error(`sandbox: ${error instanceof Error ? error.stack : String(error)}`)
    return { code: 500, body: new ApiError(500, 'InternalError', `Internal error occurred: ${String(error)}`).status() }
  }

  function serveWatch(request: ApiRequest, response: ServerResponse): void {
    const early: string[] = []
    let open = false
    const sink: EventSink = {
      send(type, object) {
        const line = `${JSON.stringify({ type, object })}\n`
        if (open) write(response, line)
        else early.push(line)
      },
      end: () => later(() => response.end()),
    }
    // Nothing is written before the watch has begun, so that a refusal can still have its own code.
    const watch: Watch = startWatch(request, context, sink)
    open = true
    const ended = context.trouble.watching(watch)
    response.on('close', () => {
      watch.stop()
      ended()
    })
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
    response.flushHeaders()
    for (const line of early) write(response, line)
  }

  function later(action: () => void): void {
    if (context.trouble.delay > 0) setTimeout(action, context.trouble.delay)
    else action()
  }

  function write(response: ServerResponse, line: string): void {
    later(() => {
      if (response.writableLength > mostUnread) response.destroy()
      else if (!response.writableEnded) response.write(line)
    })
  }

  return server
}

/** What is served beside objects. Throws ApiError 404. */
function special(path: string, accept: string): Answer {
  const found = discovery(path, accept)
  if (found !== undefined) return found
  if (path === '/version') return { code: 200, body: version }
  if (path === '/openapi/v2') return { code: 200, body: openApiV2() }
  if (path === '/openapi/v3') return { code: 200, body: openApiIndex() }
  if (path.startsWith('/openapi/v3/')) return { code: 200, body: openApiV3(path.slice('/openapi/v3/'.length)) }
  if (['/healthz', '/livez', '/readyz'].includes(path)) {
    return { code: 200, body: ['ok'], contentType: 'text/plain; charset=utf-8' }
  }
  throw noSuchPath()
}

/** What the sandbox says it is: a kubectl of this version finds nothing missing. */
const version = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+sandbox',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch}`,
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of message as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > mostBody) {
      const why = `Request entity too large: limit is ${mostBody}`
      throw new ApiError(413, 'RequestEntityTooLarge', why)
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** JSON, protobuf, or YAML for server-side apply; what can't be read at all is left to the verb to refuse. Throws ApiError 400. */
function parseBody(body: Buffer, contentType: string, kind: Kind): unknown {
  if (body.length === 0) return undefined
  try {
    if (contentType === protobuf) return decodeProtobuf(body)
    if (contentType === patchLanguages.apply) return parseYaml(body.toString())
    return contentType === '' || /^application\/(.*\+)?json$/.test(contentType) ? JSON.parse(body.toString()) : {}
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw unreadable(
      kind,
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : error}`,
    )
  }
}

async function respond(response: ServerResponse, answer: Answer): Promise<void> {
  if (response.destroyed) return
  const { code, body, contentType = 'application/json', warnings = [] } = answer
  const headers: Record<string, string | string[]> = {
    'content-type': contentType,
    'cache-control': 'no-cache, private',
    ...(warnings.length === 0 ? {} : { Warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`) }),
  }
  if (!(Symbol.iterator in body)) {
    const text = `${JSON.stringify(body)}\n`
    response.writeHead(code, { ...headers, 'content-length': Buffer.byteLength(text) })
    response.end(text)
    return
  }
  response.writeHead(code, headers)
  for (const piece of body) {
    if (!response.write(piece)) await drained(response)
    if (response.destroyed) return
  }
  response.end()
}

async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
