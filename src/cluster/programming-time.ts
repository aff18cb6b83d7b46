// How long it took from a change of endpoints until they were known here (Kubernetes SLO "DNS programming latency").
import { type Complain, partOf } from './api-object.ts'
import { countProgramming } from './cluster-metrics.ts'
import type { EndpointSlice } from './endpoint-slice.ts'
import type { Mirror } from './mirror.ts'

/** When what brought the present endpoints about happened, as the controller that wrote them says. */
const annotation = 'endpoints.kubernetes.io/last-change-trigger-time'

/** Counts an EndpointSlice or Endpoints that has just come, where it says when it was changed and its service is known. */
export function measureProgramming(
  mirror: Mirror,
  object: unknown,
  slice: EndpointSlice | undefined,
  complain: Complain,
): void {
  const stamp = partOf(partOf(partOf(object).metadata).annotations)[annotation]
  if (stamp === undefined || slice === undefined) return
  // Of an RFC 3339 time with up to nine digits after the point; the controller's clock is another one than ours.
  const changed = typeof stamp === 'string' ? Date.parse(stamp) : Number.NaN
  if (Number.isNaN(changed)) {
    complain(`its annotation ${annotation} is no time: ${JSON.stringify(stamp)}`)
    return
  }
  const service = mirror.get('services', `${slice.namespace}/${slice.service}`)
  if (service !== undefined) countProgramming(service, Date.now() - changed)
}
