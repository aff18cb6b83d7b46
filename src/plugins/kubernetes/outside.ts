// What clients outside of the cluster can have of it: services with addresses there, and endpoints for those who reach them.
import type { Service } from '../../cluster/service.ts'
import { type Name, NameError, parseName } from '../../dns/name.ts'
import type { Outside, OutsideService } from '../../plugin.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import { entryOf } from './records.ts'
import { serviceRequest } from './request.ts'
import { markStale } from './stale.ts'
import { zoneOf } from './zone.ts'

/** Stands for all that services and their endpoints decide. */
const anyService = serviceRequest('', '')

export function outsideOf(exposed: ExposedCluster): Outside {
  const ownZone = zoneOf(exposed.options.primary)
  const { cluster } = exposed
  // A service never changes, so that what is made of one lives as long as it does.
  const known = new WeakMap<Service, OutsideService>()
  const seen = (service: Service): OutsideService => {
    let outside = known.get(service)
    if (outside === undefined) {
      outside = readService(exposed, service)
      known.set(service, outside)
    }
    return outside
  }
  const isShown = ({ namespace }: Service) => exposed.hasNamespace(namespace)
  return {
    isWhole: () => exposed.isWhole(),
    serial: () => cluster.serial(),
    hasNamespace: (name) => exposed.hasNamespace(name),
    service(namespace, name) {
      const service = cluster.service(namespace, name)
      return service !== undefined && isShown(service) ? seen(service) : undefined
    },
    *services() {
      for (const service of cluster.services()) if (isShown(service)) yield seen(service)
    },
    servicesAt: (address) => cluster.externalServicesAt(address).filter(isShown).map(seen),
    ownAddresses: ({ headless }) => ownAddresses(exposed, { headless }),
    mark: (reply) => (exposed.isStale(anyService, ownZone) ? markStale(reply) : reply),
  }
}

function readService(exposed: ExposedCluster, service: Service): OutsideService {
  const { namespace, name, headless, ports, externalAddresses = [], externalHostnames = [] } = service
  return {
    namespace,
    name,
    isHeadless: headless,
    addresses: externalAddresses,
    entries: externalAddresses.map((address) => entryOf('', address, ports)),
    hostnames: externalHostnames.flatMap(readHostname),
    ports,
    endpoints: () => exposed.endpointsOf(service)?.all.entries ?? [],
  }
}

/** None where it is longer than a name can be. */
function readHostname(text: string): Name[] {
  try {
    return [parseName(text)]
  } catch (error) {
    if (error instanceof NameError) return []
    throw error
  }
}

/**
 * Of the services that have one of our addresses among their endpoints, the addresses outside of the cluster; of headless
 * ones, where these count, the endpoints. Our own addresses where no service leads to us.
 */
function ownAddresses(exposed: ExposedCluster, { headless }: { readonly headless: boolean }): readonly string[] {
  const found = new Set<string>()
  let isEndpoint = false
  for (const local of exposed.localAddresses) {
    for (const { slice } of exposed.endpointsAt(local)) {
      isEndpoint = true
      const service = exposed.cluster.service(slice.namespace, slice.service)
      if (service === undefined) continue
      const ofEndpoints = headless && service.headless
      const addresses = ofEndpoints
        ? slice.endpoints.filter(({ ready }) => ready).flatMap((endpoint) => endpoint.addresses)
        : (service.externalAddresses ?? [])
      for (const address of addresses) found.add(address)
    }
  }
  return isEndpoint ? [...found] : exposed.localAddresses
}
