// Who serves the zones: the services that lead to this server or, outside of the cluster, its own addresses.

import { Type } from '../../dns/codes.ts'
import type { Name } from '../../dns/name.ts'
import { addressType, encodeAddress } from '../../dns/rdata.ts'
import { type Rrset, rrset } from '../../dns/rrset.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import { endpointLabel } from './records.ts'
import { below, serviceName } from './service-name.ts'

export interface NameServer {
  readonly name: Name
  readonly addresses: readonly string[]
}

/**
 * Of every service that has one of our addresses among its ready endpoints: the service with its cluster IPs or, headless,
 * its endpoints, those that stand beside ours. Without any: `ns.dns.ZONE` with our addresses. Namespaces hidden by options
 * count too, as in CoreDNS.
 */
export function nameServers(exposed: ExposedCluster, zone: Name): readonly NameServer[] {
  const found = new Map<Name, Set<string>>()
  const add = (name: Name | undefined, addresses: readonly string[]) => {
    if (name !== undefined) found.set(name, new Set([...(found.get(name) ?? []), ...addresses]))
  }
  for (const local of exposed.localAddresses) {
    for (const { slice } of exposed.endpointsAt(local)) {
      const service = exposed.cluster.service(slice.namespace, slice.service)
      const base = serviceName(slice.namespace, slice.service, zone)
      if (service === undefined || base === undefined) continue
      if (service.clusterIPs.length > 0) add(base, service.clusterIPs)
      if (!service.headless) continue
      for (const endpoint of slice.endpoints) {
        if (!endpoint.ready) continue
        for (const address of endpoint.addresses) {
          add(below(endpointLabel(endpoint, address, { ofPods: exposed.options.endpointPodNames }), base), [address])
        }
      }
    }
  }
  if (found.size === 0 && exposed.localAddresses.length > 0) add(defaultNameServer(zone), exposed.localAddresses)
  return [...found].map(([name, addresses]) => ({ name, addresses: [...addresses] }))
}

/** `ns.dns.ZONE`: who the SOA record says serves the zone. */
export function defaultNameServer(zone: Name): Name {
  return `\x02ns\x03dns${zone}` as Name
}

/** The addresses of name servers as records. */
export function addressRrsets(servers: readonly NameServer[], ttl: number): Rrset[] {
  return servers.flatMap(({ name, addresses }) =>
    [Type.A, Type.AAAA].flatMap((type) => {
      const rdatas = addresses.filter((address) => addressType(address) === type).map(encodeAddress)
      return rdatas.length === 0 ? [] : [rrset(name, type, ttl, rdatas)]
    }),
  )
}
