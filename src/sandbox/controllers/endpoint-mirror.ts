// Mirrors hand-written Endpoints of services without selector to EndpointSlices.
import { endpointSlices, endpoints, services } from '../kinds.ts'
import { familyOf } from '../names.ts'
import { controllerReference, sameJson } from '../object.ts'
import type {
  EndpointAddress,
  EndpointSlice,
  EndpointSubset,
  Endpoints,
  IpFamily,
  Service,
  SliceEndpoint,
} from '../resources.ts'
import type { Store } from '../store.ts'
import { selects } from './backend.ts'
import { type BackendIndex, serviceLabel } from './backend-index.ts'
import { managedBy } from './endpoint-slice.ts'
import { type Controller, itself } from './runner.ts'

const controllerName = 'endpointslicemirroring-controller.k8s.io'
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror'

export function endpointMirror(store: Store, index: BackendIndex): Controller {
  return {
    name: 'endpointslicemirroring',
    watches: [
      { kind: services, keys: itself },
      { kind: endpoints, keys: itself },
    ],
    reconcile({ registry }, namespace, name) {
      const source = store.get<Endpoints>(endpoints, namespace, name)
      const service = store.get<Service>(services, namespace, name)
      const wanted =
        source !== undefined &&
        service !== undefined &&
        !selects(service) &&
        source.metadata.labels?.[skipLabel] !== 'true'
          ? slicesOf(source)
          : []
      const existing = index
        .slicesOf(namespace, name)
        .filter(({ metadata }) => metadata.labels?.[managedBy] === controllerName)
      for (const slice of wanted) {
        const at = existing.findIndex(
          (each) => each.addressType === slice.addressType && sameJson(each.ports, slice.ports),
        )
        const [old] = at < 0 ? [] : existing.splice(at, 1)
        if (old === undefined) registry.create(endpointSlices, slice)
        else registry.update(endpointSlices, { ...slice, metadata: { ...slice.metadata, name: old.metadata.name } })
      }
      for (const slice of existing) registry.remove(endpointSlices, namespace, slice.metadata.name)
    },
  }
}

/** A slice per subset and family. */
function slicesOf(source: Endpoints): EndpointSlice[] {
  return (source.subsets ?? []).flatMap((subset) =>
    (['IPv4', 'IPv6'] as const).flatMap((family) => {
      const inside = [
        ...ofFamily(subset.addresses, family, { ready: true }),
        ...ofFamily(subset.notReadyAddresses, family, { ready: false }),
      ]
      return inside.length === 0 ? [] : [sliceOf(source, subset, family, inside)]
    }),
  )
}

function ofFamily(
  addresses: readonly EndpointAddress[] = [],
  family: IpFamily,
  conditions: { readonly ready: boolean },
): SliceEndpoint[] {
  return addresses
    .filter(({ ip }) => familyOf(ip) === family)
    .map(({ ip, ...rest }) => ({ addresses: [ip], conditions, ...rest }))
}

function sliceOf(
  source: Endpoints,
  subset: EndpointSubset,
  family: IpFamily,
  inside: readonly SliceEndpoint[],
): EndpointSlice {
  const { name, namespace = '', labels } = source.metadata
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '',
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [serviceLabel]: name, [managedBy]: controllerName },
      ownerReferences: [controllerReference(source)],
    },
    addressType: family,
    endpoints: inside,
    ports: subset.ports ?? [],
  }
}
