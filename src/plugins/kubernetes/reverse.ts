// The names of an address (Kubernetes DNS-Based Service Discovery 2.3.3 and 2.4.3).
import { addressOfReverse } from '../../dns/address.ts'
import type { Name } from '../../dns/name.ts'
import { encodeName } from '../../dns/rdata.ts'
import type { Rdata } from '../../dns/rrset.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import type { Found } from './lookup.ts'
import { below, serviceName } from './service-name.ts'

/** What stands at a lower-cased reverse name: the names of its address, or nothing but the names of others below it. */
export function findNames(exposed: ExposedCluster, name: Name): Found | undefined {
  const address = addressOfReverse(name)
  if (address === undefined) return exposed.cluster.hasAddressBelow(name) ? { kind: 'branch' } : undefined
  const rdatas = namesOf(exposed, address)
  return rdatas.length === 0 ? undefined : { kind: 'names', rdatas }
}

/**
 * The name of the service that has the address as its cluster IP; else that of every endpoint that has it, those with a
 * hostname first, then those of headless services, each by namespace and name. All of them lead back to the address.
 */
export function namesOf(exposed: ExposedCluster, address: string): readonly Rdata[] {
  const { primary } = exposed.options
  const service = exposed.cluster.serviceAt(address)
  if (service !== undefined && exposed.hasNamespace(service.namespace)) {
    const name = serviceName(service.namespace, service.name, primary)
    return name === undefined ? [] : [encodeName(name)]
  }
  // Some of the names would pass for all of them.
  if (!exposed.isWhole()) return []
  const ranked = exposed
    .endpointsAt(address)
    .flatMap(({ slice, label, hasHostname }) => {
      const { namespace } = slice
      const owner = exposed.cluster.service(namespace, slice.service)
      if (owner === undefined || owner.type === 'ExternalName' || !exposed.hasNamespace(namespace)) return []
      const base = serviceName(namespace, slice.service, primary)
      const name = base === undefined ? undefined : below(label, base)
      if (name === undefined) return []
      const rank = hasHostname ? 0 : owner.headless ? 1 : 2
      return { rank, key: `${namespace}\0${slice.service}\0${label}`, name }
    })
    .sort((a, b) => a.rank - b.rank || compare(a.key, b.key))
  return [...new Set(ranked.map(({ name }) => encodeName(name)))]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
