// Why a label below a Service is the name of an endpoint, or not (Kubernetes DNS-Based Service Discovery 2.4).
import type { Endpoint } from '../cluster/endpoint-slice.ts'
import type { Service } from '../cluster/service.ts'
import { endpointLabel } from '../plugins/kubernetes/records.ts'
import { dashedAddress } from '../plugins/kubernetes/service-name.ts'
import { type ClusterView, isSelected, type PodView } from './cluster-view.ts'
import { count, type Insight, made, missing, some } from './insight.ts'
import { nearest } from './nearest.ts'
import { describe, endpointsOf, titleOf } from './service-view.ts'

/** Of LABEL.SERVICE, of a Service that has ready endpoints, or a cluster IP. */
export function endpointInsights(service: Service, label: string, view: ClusterView): Insight[] {
  const endpoints = endpointsOf(service, view)
  const named = endpoints.filter((endpoint) => labelsOf(endpoint).includes(label))
  const ready = named.filter((endpoint) => endpoint.ready)
  if (ready.length > 0) {
    return [
      made(
        'made-by-endpoints',
        `\`${label}\` is ${some(ready.map(describe))}, of ${count(endpoints.length, 'endpoint')} of ${titleOf(service)}`,
      ),
    ]
  }
  if (named.length > 0) {
    const text = `\`${label}\` of ${titleOf(service)} is ${some(named.map(describe))}, which is not ready`
    return [missing(3, 'endpoint-not-ready', text, 'see why the pod is not ready, or set publishNotReadyAddresses')]
  }
  if (label === '_tcp' || label === '_udp' || label === '_sctp') return []
  const pod = view.pods.find((candidate) => candidate.namespace === service.namespace && candidate.name === label)
  return [pod === undefined ? noEndpoint(service, label, endpoints) : podInsight(service, pod, view)]
}

/** The names it goes by: for each address its hostname, or that address with dashes. */
function labelsOf(endpoint: Endpoint): string[] {
  return endpoint.addresses.map((address) => endpointLabel(endpoint, address, { ofPods: false }))
}

function noEndpoint(service: Service, label: string, endpoints: readonly Endpoint[]): Insight {
  const labels = endpoints.flatMap(labelsOf)
  const meant = nearest(label, labels)
  const text = `${titleOf(service)} has no endpoint called \`${label}\``
  if (meant !== undefined) return missing(2.2, 'no-such-endpoint', text, `did you mean ${meant}.${service.name}?`)
  const has = labels.length > 0 ? `; it has ${some(labels)}` : ' and no endpoints'
  return missing(1.4, 'no-such-endpoint', text + has)
}

/** The label is a pod's name, but no name that the Service has for it. */
function podInsight(service: Service, pod: PodView, view: ClusterView): Insight {
  const own = endpointsOf(service, view).find((endpoint) => endpoint.podName === pod.name)
  if (own !== undefined) return ownPodInsight(service, pod, own)
  const { namespace } = service
  const others = [...new Set(pod.addresses.flatMap((address) => view.cluster.endpointsAt(address)))].filter(
    ({ slice }) => slice.namespace === namespace,
  )
  const governing = others.find(({ slice }) => slice.service === pod.subdomain) ?? others[0]
  if (governing !== undefined) {
    const { slice, endpoint } = governing
    const advice = `ask for ${labelsOf(endpoint)[0]}.${slice.service}`
    return missing(
      3,
      'wrong-service',
      `pod \`${pod.name}\` is behind Service ${namespace}/${slice.service}, not behind ${service.name}`,
      advice,
    )
  }
  if (pod.addresses.length === 0 || pod.terminating || pod.phase !== 'Running') {
    const state = pod.terminating ? 'Terminating' : pod.phase || 'without a phase'
    return missing(3, 'pod-not-running', `pod \`${pod.name}\` is ${state} and has no endpoint yet`)
  }
  const selector = view.selectors.get(`${namespace}/${service.name}`) ?? {}
  const text = isSelected(pod.labels, selector)
    ? `pod \`${pod.name}\` is selected by ${titleOf(service)}, but there is no endpoint for it`
    : `pod \`${pod.name}\` has not the labels that ${titleOf(service)} selects by`
  return missing(3, 'pod-not-selected', text, 'compare the selector with the labels of the pod')
}

function ownPodInsight(service: Service, pod: PodView, own: Endpoint): Insight {
  const label = labelsOf(own)[0] ?? dashedAddress(own.addresses[0] ?? '')
  const advice = `ask for ${label}.${service.name}`
  if (own.hostname !== '')
    return missing(
      3,
      'other-hostname',
      `pod \`${pod.name}\` has the hostname \`${own.hostname}\`, which is its name here`,
      advice,
    )
  const lacks =
    pod.hostname === ''
      ? `pod \`${pod.name}\` has no hostname`
      : pod.subdomain === ''
        ? `pod \`${pod.name}\` has a hostname but no subdomain`
        : `pod \`${pod.name}\` has the subdomain \`${pod.subdomain}\`, not \`${service.name}\``
  return missing(
    3,
    'pod-without-hostname',
    `${lacks}, so that its name here is its address`,
    `${advice}, or set hostname, and subdomain: ${service.name}`,
  )
}
