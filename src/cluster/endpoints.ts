// Reads v1 Endpoints, where a server has no endpoint slices yet, as the slices that would stand for them.
import { type Complain, listOf, namespacedIdentityOf, partOf, tolerate } from './api-object.ts'
import { type Endpoint, type EndpointSlice, trimEndpoint } from './endpoint-slice.ts'
import { readPorts } from './service.ts'

/**
 * One slice for each subset: the first has the name of the Endpoints, which is its service's, the others have a number
 * after it. Whether a service publishes addresses that are not ready, the API server has seen to: they stand among those
 * that are.
 */
export function trimEndpoints(object: unknown, complain: Complain = tolerate): readonly EndpointSlice[] {
  const identity = namespacedIdentityOf(object, complain)
  if (identity === undefined) return []
  const { namespace, name } = identity
  return listOf(partOf(object).subsets).map((entry, i) => {
    const { addresses, notReadyAddresses, ports } = partOf(entry)
    const endpoints = [
      ...readSubset(addresses, { ready: true }, complain),
      ...readSubset(notReadyAddresses, { ready: false }, complain),
    ]
    return {
      namespace,
      name: i === 0 ? name : `${name}/${i}`,
      service: name,
      endpoints,
      ports: readPorts(ports, complain),
    }
  })
}

function readSubset(addresses: unknown, conditions: { readonly ready: boolean }, complain: Complain): Endpoint[] {
  const endpoints: Endpoint[] = []
  for (const entry of listOf(addresses)) {
    const { ip, hostname, targetRef } = partOf(entry)
    const endpoint = trimEndpoint({ addresses: [ip], hostname, targetRef, conditions }, complain)
    if (endpoint !== undefined) endpoints.push(endpoint)
  }
  return endpoints
}
