// The API on HTTP and TLS: a request to its verb, the verb's answer to the wire.
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { type Access, authorize } from './access.ts'
import { parseBody, readBody, respond } from './body.ts'
import type { Certificate } from './certificate.ts'
import { pods } from './kinds.ts'
import { servePath } from './paths.ts'
import { type ApiRequest, parseTarget, parseVerb, type Verb } from './request.ts'
import { ApiError } from './status.ts'
import type { Trouble } from './trouble.ts'
import type { Answer, VerbContext } from './verbs/answer.ts'
import { listVerb } from './verbs/list.ts'
import { patch } from './verbs/patch.ts'
import { podPart } from './verbs/pod-parts.ts'
import { scale } from './verbs/scale.ts'
import { create, get, remove, removeCollection, update } from './verbs/write.ts'
import { serveWatch } from './watch-stream.ts'

export interface ServerContext extends VerbContext {
  readonly trouble: Trouble
  readonly access: Access
  readonly log: Log
}

type Handler = (request: ApiRequest, context: VerbContext) => Answer

/** Answers requests of both listeners. */
export function requestListener(context: ServerContext): (message: IncomingMessage, response: ServerResponse) => void {
  const { trouble, access, log } = context
  const verbs: Record<Exclude<Verb, 'watch'>, Handler> = {
    get,
    list: listVerb(),
    create,
    update,
    patch,
    delete: remove,
    deletecollection: removeCollection,
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', socket } = message
    const accept = message.headers.accept ?? ''
    try {
      const url = new URL(`http://sandbox${message.url?.startsWith('/') ? message.url : '/'}`)
      const body = await readBody(message)
      if (trouble.delay > 0) await sleep(trouble.delay)
      if (trouble.isSilent(socket)) return
      const user = access.authenticate(message)
      const target = parseTarget(url.pathname, context.registry.store.kinds)
      if (target === undefined) {
        authorize(user, { path: url.pathname, method })
        const { store } = context.registry
        await respond(response, servePath({ method, url, accept }, { trouble, store }))
        return
      }
      const verb = parseVerb(method, target, url.searchParams, url.pathname)
      authorize(user, { verb, target })
      const refusal = trouble.refusalFor({ kind: target.kind, verb })
      if (refusal !== undefined) throw refusal
      const contentType = (message.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
      const parsed = parseBody(body, contentType, target.kind)
      const request: ApiRequest = { ...target, verb, query: url.searchParams, contentType, accept, body: parsed }
      if (verb === 'watch') serveWatch(request, { response, socket }, context)
      else await respond(response, answerTo(request, verb), trouble.faultFor(request))
    } catch (error) {
      await respond(response, refusalOf(error))
    }
  }

  function answerTo(request: ApiRequest, verb: Exclude<Verb, 'watch'>): Answer {
    if (request.subresource === 'scale' && request.kind.scale) return scale(request, context)
    const part = request.kind === pods && request.subresource !== '' ? podPart(request, context) : undefined
    return part ?? verbs[verb](request, context)
  }

  function refusalOf(error: unknown): Answer {
    if (error instanceof ApiError) return { code: error.code, body: error.status() }
    log.error(`sandbox: ${error instanceof Error ? error.stack : String(error)}`)
    return { code: 500, body: new ApiError(500, 'InternalError', `Internal error occurred: ${String(error)}`).status() }
  }

  return (message, response) => {
    serve(message, response).catch((error: unknown) => {
      // The client went away in the middle of its request or its answer.
      log.debug(`sandbox: ${message.method} ${message.url}: ${String(error)}`)
      response.destroy()
    })
  }
}

/** Plain HTTP. */
export function createPlainServer(context: ServerContext): Server {
  const server = createHttpServer(requestListener(context))
  server.on('connection', (socket) => context.trouble.connected(socket))
  return server
}

/** TLS; clients may show a certificate of the authority. */
export function createTlsServer(context: ServerContext, certificate: Certificate, ca: string): Server {
  const options = {
    cert: certificate.certificate,
    key: certificate.key,
    ca,
    requestCert: true,
    rejectUnauthorized: false,
  }
  const server = createHttpsServer(options, requestListener(context))
  server.on('secureConnection', (socket) => context.trouble.connected(socket))
  return server
}
