// Tells changes that move a zone's serial from those that only matter to something else.
import { isDeepStrictEqual } from 'node:util'
import type { Endpoint, EndpointSlice } from './endpoint-slice.ts'
import type { Trimmed } from './kinds.ts'
import type { Pod } from './pod.ts'
import type { Service } from './service.ts'
import type { Kind } from './store.ts'

/**
 * Do two forms of one object give the same records? A pod's labels, whether a service has a selector, and endpoints
 * that nobody is sent to don't count. (CoreDNS overlooks changes of cluster IPs and of a service's type as well.)
 */
export function sameRecords<K extends Kind>(kind: K, before: Trimmed[K], after: Trimmed[K]): boolean
export function sameRecords(kind: Kind, before: unknown, after: unknown): boolean {
  switch (kind) {
    case 'services':
      return isDeepStrictEqual({ ...(before as Service), selects: true }, { ...(after as Service), selects: true })
    case 'endpointslices':
      return isDeepStrictEqual(answeringPart(before as EndpointSlice), answeringPart(after as EndpointSlice))
    case 'pods':
      return isDeepStrictEqual((before as Pod).addresses, (after as Pod).addresses)
    case 'namespaces':
      return true
  }
}

function answeringPart(slice: EndpointSlice): EndpointSlice {
  const answers = ({ ready, serving }: Endpoint) => ready || serving
  return { ...slice, endpoints: slice.endpoints.filter(answers) }
}
