// Facts about a query for other plugins: what its name asks for, and which pod it comes from.
import type { Query } from '../../dns/query.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import { parseRequest, type Request } from './request.ts'
import { findZone, type Zone } from './zone.ts'

/** Begins what is known of the client's labels, behind `kubernetes/`. */
export const labelPrefix = 'client-label/'

/**
 * The values of CoreDNS's keys, `kubernetes/...`. Of the client's something is known where pods are verified; of the
 * name where it is in a zone, '' for parts it doesn't have.
 */
export function metadataOf(exposed: ExposedCluster, query: Query, key: string): string | undefined {
  if (!key.startsWith('kubernetes/')) return undefined
  const fact = key.slice('kubernetes/'.length)
  if (fact.startsWith('client-')) return ofClient(exposed, query, fact)
  const zone = findZone(exposed.options.zones, query.name)
  return zone === undefined ? undefined : ofRequest(parseRequest(query.name, zone), zone, fact)
}

function ofClient(exposed: ExposedCluster, { client }: Query, fact: string): string | undefined {
  const [pod] = exposed.cluster.podsAt(client.address)
  if (fact === 'client-namespace') return pod?.namespace
  if (fact === 'client-pod-name') return pod?.name
  if (!fact.startsWith(labelPrefix)) return undefined
  const label = fact.slice(labelPrefix.length)
  return pod !== undefined && Object.hasOwn(pod.labels, label) ? pod.labels[label] : undefined
}

function ofRequest(request: Request, zone: Zone, fact: string): string | undefined {
  const { kind, namespace, service, endpoint, port, protocol, cluster = '', topologyZone = '' } = request
  const isCluster = kind !== 'none' && kind !== 'reverse' && kind !== 'version' && kind !== 'nameserver'
  if (!isCluster) return fact === 'parse-error' ? 'invalid query name' : undefined
  switch (fact) {
    case 'kind':
      return namespace === '' ? '' : kind === 'pod' || kind === 'pods' ? 'pod' : 'svc'
    case 'namespace':
      return namespace
    case 'service':
      return service
    case 'endpoint':
      return endpoint
    case 'port-name':
      return port
    case 'protocol':
      return protocol
    case 'cluster':
      return zone.isMulticluster ? cluster : undefined
    case 'zone':
      return zone.isZonal ? topologyZone : undefined
    default:
      return undefined
  }
}
