// What the API serves beside objects: discovery, schemas, version, health, and the sandbox's own calls.
import { discovery } from './discovery.ts'
import { openApiIndex, openApiV2, openApiV3 } from './openapi.ts'
import { noSuchPath } from './status.ts'
import type { Store } from './store.ts'
import type { Trouble } from './trouble.ts'
import { troubleCall } from './trouble-call.ts'
import type { Answer } from './verbs/answer.ts'

/** Throws ApiError 404 for what is none of these. */
export function servePath(
  { method, url, accept }: { readonly method: string; readonly url: URL; readonly accept: string },
  { trouble, store }: { readonly trouble: Trouble; readonly store: Store },
): Answer {
  const path = url.pathname
  const called = troubleCall(method, url, trouble)
  if (called !== undefined) return called
  const found = discovery(path, accept, store.kinds)
  if (found !== undefined) return found
  if (path === '/version') return { code: 200, body: version }
  // kubectl asks for it only about kinds that v3 doesn't have, such as List: a document that has nothing of them either.
  if (path === '/openapi/v2' && accept.startsWith(protobufDocument)) {
    return { code: 200, body: [], contentType: protobufDocument.replace('@', '.') }
  }
  if (path === '/openapi/v2') return { code: 200, body: openApiV2(store.kinds) }
  if (path === '/openapi/v3') return { code: 200, body: openApiIndex(store.kinds) }
  if (path.startsWith('/openapi/v3/'))
    return { code: 200, body: openApiV3(path.slice('/openapi/v3/'.length), store.kinds) }
  if (path === '/sandbox/status') return { code: 200, body: statusOf(trouble, store) }
  if (['/healthz', '/livez', '/readyz'].includes(path)) {
    return { code: 200, body: ['ok'], contentType: 'text/plain; charset=utf-8' }
  }
  throw noSuchPath()
}

/** As it is asked for; an answer can't have the @ (RFC 2045 5.1). */
const protobufDocument = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

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

function statusOf(trouble: Trouble, store: Store): object {
  return {
    resourceVersion: String(store.version),
    connections: trouble.connections,
    watches: trouble.watches,
    objects: Object.fromEntries(store.kinds.map((kind) => [kind.resource, store.count(kind)])),
  }
}
