// Subresources of pods: eviction works; what would need a running container is refused, with what to do instead.
import { pods } from '../kinds.ts'
import type { ApiRequest } from '../request.ts'
import { ApiError } from '../status.ts'
import type { Answer, VerbContext } from './answer.ts'
import { evict } from './eviction.ts'

const nothingRuns = 'the sandbox runs no containers'

const refusals: Readonly<Record<string, (pod: string) => string>> = {
  exec: (pod) => `${nothingRuns}: instead of "kubectl exec POD -- nslookup NAME" use "explain NAME --from ${pod}"`,
  attach: (pod) =>
    `${nothingRuns}, so there is nothing to attach to: to look a name up as this pod would, use "explain NAME --from ${pod}"`,
  log: (pod) =>
    `${nothingRuns}, so there are no logs: "kubectl describe pod ${pod.split('/')[1]}" shows what became of the pod`,
  portforward: () => `${nothingRuns}, so nothing listens on the ports of pods`,
  proxy: () => `${nothingRuns}, so nothing listens on the ports of pods`,
}

/** What a subresource of a pod answers; undefined for one that is none of these. Throws ApiError. */
export function podPart(request: ApiRequest, { registry }: VerbContext): Answer | undefined {
  const { namespace, name, subresource } = request
  const refusal = refusals[subresource]
  if (refusal !== undefined) {
    registry.get(pods, namespace, name)
    throw new ApiError(405, 'MethodNotAllowed', refusal(`${namespace}/${name}`))
  }
  if (subresource !== 'eviction' || request.verb !== 'create') return undefined
  return evict(request, registry)
}
