// Bodies of requests and answers on the wire.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Kind } from './kinds.ts'
import { parseYaml } from './manifests.ts'
import { protobuf } from './negotiation.ts'
import { unreadable } from './schema/as-object.ts'
import { decodeProtobuf } from './schema/protobuf.ts'
import { ApiError } from './status.ts'
import type { Fault } from './trouble.ts'
import type { Answer } from './verbs/answer.ts'
import { patchLanguages } from './verbs/patch.ts'

/** Octets of the largest body that is read, as the real server's. */
const mostBody = 3 << 20

/** Throws ApiError 413. */
export async function readBody(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of message as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > mostBody)
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${mostBody}`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** JSON, protobuf, or YAML for server-side apply; what can't be read at all is left to the verb to refuse. Throws ApiError 400. */
export function parseBody(body: Buffer, contentType: string, kind: Kind): unknown {
  if (body.length === 0) return undefined
  try {
    if (contentType === protobuf) return decodeProtobuf(body)
    if (contentType === patchLanguages.apply) return parseYaml(body.toString())
    return contentType === '' || /^application\/(.*\+)?json$/.test(contentType) ? JSON.parse(body.toString()) : {}
  } catch (error) {
    if (error instanceof ApiError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw unreadable(kind, `couldn't get version/kind; json parse error: ${why}`)
  }
}

/** Resolves when the answer is written, or its connection is gone. */
export async function respond(response: ServerResponse, answer: Answer, fault?: Fault): Promise<void> {
  if (response.destroyed) return
  const { code, body, contentType = 'application/json', warnings = [] } = answer
  const { retryAfterSeconds } = (body as { details?: { retryAfterSeconds?: number } }).details ?? {}
  const headers: Record<string, string | string[]> = {
    'Content-Type': contentType,
    'Cache-Control': 'no-cache, private',
    ...(warnings.length === 0 ? {} : { Warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`) }),
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  }
  if (answer.after !== undefined) response.once('finish', () => setImmediate(() => answer.after?.()))
  const pieces = Symbol.iterator in body ? body : [`${JSON.stringify(body)}\n`]
  if (fault !== undefined) {
    spoil(response, [...pieces].join(''), { code, headers, fault })
    return
  }
  const [only] = Array.isArray(pieces) && pieces.length === 1 ? (pieces as string[]) : []
  if (only !== undefined) {
    response.writeHead(code, { ...headers, 'Content-Length': Buffer.byteLength(only) })
    response.end(only)
    return
  }
  response.writeHead(code, headers)
  for (const piece of pieces) {
    if (!response.write(piece)) await drained(response)
    if (response.destroyed) return
  }
  response.end()
}

function spoil(
  response: ServerResponse,
  text: string,
  {
    code,
    headers,
    fault,
  }: { readonly code: number; readonly headers: Record<string, string | string[]>; readonly fault: Fault },
): void {
  if (fault === 'malformed') {
    response.writeHead(code, headers)
    response.end(`${text.slice(0, text.length / 2)}}`)
    return
  }
  response.writeHead(code, { ...headers, 'Content-Length': Buffer.byteLength(text) })
  response.write(text.slice(0, text.length / 2), () => response.destroy())
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
