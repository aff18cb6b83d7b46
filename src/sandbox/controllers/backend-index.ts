// Who stands behind which service: found by labels, without looking at every pod or every service.
import { endpointSlices, pods, services } from '../kinds.ts'
import { ObjectIndex } from '../object-index.ts'
import type { EndpointSlice, Pod, Service } from '../resources.ts'
import { hasLabels } from '../selector.ts'
import type { Change, Store } from '../store.ts'
import { selects } from './backend.ts'

export const serviceLabel = 'kubernetes.io/service-name'

type Labels = Readonly<Record<string, string>>

const term = (namespace: string | undefined, [key, value]: readonly [string, string]) => `${namespace} ${key}=${value}`

const hasAddress = (pod: Pod | undefined) => (pod?.status?.podIPs?.length ?? 0) > 0

/** One label that everything the selector takes must have. */
function leading(selector: Labels | undefined): [string, string] | undefined {
  return Object.entries(selector ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))[0]
}

export class BackendIndex {
  readonly #pods: ObjectIndex<Pod>
  readonly #services: ObjectIndex<Service>
  readonly #slices: ObjectIndex<EndpointSlice>

  constructor(store: Store) {
    this.#pods = new ObjectIndex(store, pods, ({ metadata }) =>
      Object.entries(metadata.labels ?? {}).map((label) => term(metadata.namespace, label)),
    )
    this.#services = new ObjectIndex(store, services, (service) => {
      const label = selects(service) ? leading(service.spec.selector) : undefined
      return label === undefined ? [] : [term(service.metadata.namespace, label)]
    })
    this.#slices = new ObjectIndex(store, endpointSlices, ({ metadata }) => {
      const service = metadata.labels?.[serviceLabel]
      return service === undefined ? [] : [`${metadata.namespace}/${service}`]
    })
  }

  /** The pods a service selects, in no order. */
  podsOf({ metadata, spec }: Service): Pod[] {
    const label = leading(spec.selector)
    const candidates = label === undefined ? [] : this.#pods.find(term(metadata.namespace, label))
    return candidates.filter((pod) => hasLabels(spec.selector ?? {}, pod.metadata.labels))
  }

  /** For `watches`: the keys of the services that select a pod as it is or as it was. */
  servicesOfPod(): (change: Change) => Iterable<string> {
    return (change) => {
      const object = change.object as Pod
      const previous = change.previous as Pod | undefined
      // A pod without an address stands behind nothing.
      if (!hasAddress(object) && !hasAddress(previous)) return []
      const keys = new Set<string>()
      const { namespace } = object.metadata
      for (const labels of [object.metadata.labels, previous?.metadata.labels]) {
        for (const label of Object.entries(labels ?? {})) {
          for (const service of this.#services.find(term(namespace, label))) {
            if (hasLabels(service.spec.selector ?? {}, labels)) keys.add(`${namespace}/${service.metadata.name}`)
          }
        }
      }
      return keys
    }
  }

  /** The slices of a service, whoever made them, by name. */
  slicesOf(namespace: string, service: string): EndpointSlice[] {
    return this.#slices.find(`${namespace}/${service}`).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  }
}
