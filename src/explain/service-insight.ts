// Why a name of a Service has the records it has, or none (Kubernetes DNS-Based Service Discovery 2.3 to 2.5).
import type { Service } from '../cluster/service.ts'
import { canonicalAddress } from '../dns/address.ts'
import { printType, Type } from '../dns/codes.ts'
import { labelsOf, type Name } from '../dns/name.ts'
import type { Request } from '../plugins/kubernetes/request.ts'
import { type ClusterView, isSelected, readsPods } from './cluster-view.ts'
import { endpointInsights } from './endpoint-insight.ts'
import { count, type Insight, made, missing, note, some } from './insight.ts'
import { nearest } from './nearest.ts'
import { describe, endpointsOf, titleOf } from './service-view.ts'

/** Of a name of kind `service`, `endpoint` or `port`, asked for a type. */
export function serviceInsights(name: Name, request: Request, type: number, view: ClusterView): Insight[] {
  const { kind, namespace } = request
  if (view.cluster.namespace(namespace) === undefined) return [noNamespace(namespace, view)]
  const service = view.cluster.service(namespace, request.service)
  if (service === undefined) return [noService(name, request, view)]
  if (service.type === 'ExternalName') return externalName(service, request)
  const problem = emptiness(service, view)
  if (problem !== undefined) return [problem]
  if (kind === 'endpoint') return endpointInsights(service, request.endpoint, view)
  if (kind === 'port') return portInsights(service, request, view)
  return ownInsights(service, type, view)
}

export function noNamespace(namespace: string, view: ClusterView): Insight {
  const meant = nearest(namespace, view.namespaces)
  return missing(
    meant === undefined ? 1 : 1.5,
    'no-namespace',
    `namespace \`${namespace}\` does not exist`,
    meant === undefined ? '' : `did you mean namespace \`${meant}\`?`,
  )
}

/** Of what might have been meant, the likeliest. */
function noService(
  asked: Name,
  { kind, namespace, service: name, endpoint, port }: Request,
  view: ClusterView,
): Insight {
  const text = `there is no Service \`${name}\` in namespace \`${namespace}\``
  const subdomain = view.pods.filter((pod) => pod.namespace === namespace && pod.subdomain === name)
  if (subdomain.length > 0) {
    return missing(
      3,
      'no-governing-service',
      `${text}, though ${count(subdomain.length, 'pod')} there (${some(subdomain.map((pod) => pod.name))}) ask for names below it by their subdomain`,
      `create a headless Service \`${name}\` that selects them`,
    )
  }
  // With labels before it, the name was more likely meant as something else: NAME.NAMESPACE, or a name of the Internet.
  const base = kind === 'service' ? 2 : kind === 'port' && !labelsOf(asked)[0]?.startsWith('_') ? 0.1 : 0.9
  if (kind === 'service') {
    const pod = view.pods.find((candidate) => candidate.namespace === namespace && candidate.name === name)
    if (pod !== undefined && pod.subdomain !== '' && view.cluster.service(namespace, pod.subdomain) !== undefined) {
      const advice = `ask for ${pod.hostname || pod.name}.${pod.subdomain}`
      return missing(
        3,
        'pod-name-alone',
        `${text}: \`${name}\` is a pod, and pods have names below their Service`,
        advice,
      )
    }
    const elsewhere = view.services
      .filter((candidate) => candidate.name === name)
      .map((candidate) => candidate.namespace)
    if (elsewhere.length > 0) {
      const advice = `ask for ${name}.${elsewhere[0]}`
      return missing(
        2.6,
        'other-namespace',
        `${text}; there is one in ${some(elsewhere.map((other) => `\`${other}\``))}`,
        advice,
      )
    }
  }
  const meant = nearest(
    name,
    view.services.filter((candidate) => candidate.namespace === namespace).map((candidate) => candidate.name),
  )
  if (meant === undefined) return missing(base, 'no-service', text)
  const before = [port, endpoint].find((label) => label !== '')
  const advice = `did you mean ${before === undefined || kind === 'port' ? meant : `${before}.${meant}`}?`
  return missing(base + 1, 'no-service', text, advice)
}

function externalName(service: Service, { kind }: Request): Insight[] {
  const { externalName: target } = service
  if (kind !== 'service') {
    const text = `${titleOf(service)} is an ExternalName, and below it there are no names`
    return [
      missing(3, 'nothing-below-external-name', text, `ask for ${service.name}.${service.namespace} or ${target}`),
    ]
  }
  if (canonicalAddress(target) !== undefined) {
    const text = `${titleOf(service)} is an ExternalName for \`${target}\`, which is an address and no name, so that no CNAME can be made`
    return [
      missing(
        3,
        'external-name-is-address',
        text,
        'make it a headless Service without selector, with an EndpointSlice for that address',
      ),
    ]
  }
  return [made('made-by-external-name', `${titleOf(service)} is an ExternalName: a CNAME to ${target}`)]
}

/** A headless Service has records only through ready endpoints. Undefined where it has any, or needs none. */
function emptiness(service: Service, view: ClusterView): Insight | undefined {
  if (!service.headless) return undefined
  const endpoints = endpointsOf(service, view)
  if (endpoints.some((endpoint) => endpoint.ready)) return undefined
  if (endpoints.length > 0) {
    const text = `${titleOf(service)} exists and is headless, but 0 of ${count(endpoints.length, 'endpoint')} are ready: ${some(endpoints.map(describe))}`
    return missing(3, 'none-ready', text, 'see why the pods are not ready, or set publishNotReadyAddresses')
  }
  if (!service.selects) {
    const text = `${titleOf(service)} is headless and has no selector, so that no controller makes endpoints for it, and there is no EndpointSlice for it`
    return missing(
      3,
      'no-selector',
      text,
      `give it a selector, or create an EndpointSlice with the label kubernetes.io/service-name: ${service.name}`,
    )
  }
  const key = `${service.namespace}/${service.name}`
  const selector = view.selectors.get(key) ?? {}
  const written = Object.entries(selector)
    .map(([label, value]) => `${label}=${value}`)
    .join(',')
  const selected = view.pods.filter((pod) => pod.namespace === service.namespace && isSelected(pod.labels, selector))
  if (!readsPods(view)) {
    return missing(
      3,
      'no-endpoints',
      `${titleOf(service)} exists and is headless, but has no endpoints; it selects ${written}`,
    )
  }
  if (selected.length === 0) {
    const text = `${titleOf(service)} exists and is headless, but has no endpoints: its selector ${written} matches no pod in \`${service.namespace}\``
    return missing(3, 'no-endpoints', text, 'compare the selector with the labels of the pods')
  }
  const states = selected.map(
    (pod) => `${pod.name} is ${pod.terminating ? 'Terminating' : pod.phase || 'without a phase'}`,
  )
  const text = `${titleOf(service)} exists and is headless, but has no endpoints: of the pods it selects none has an address (${some(states)})`
  return missing(3, 'no-endpoints', text)
}

function ownInsights(service: Service, type: number, view: ClusterView): Insight[] {
  const endpoints = endpointsOf(service, view)
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  const addresses = service.headless ? ready.flatMap((endpoint) => endpoint.addresses) : service.clusterIPs
  const insights: Insight[] = []
  if (service.headless) {
    const text = `${titleOf(service)} is headless: ${ready.length} of ${count(endpoints.length, 'endpoint')} ready`
    insights.push(made('made-by-endpoints', `${text}: ${some(ready.map(describe))}`))
    const others = endpoints.filter((endpoint) => !endpoint.ready)
    if (others.length > 0)
      insights.push(note('some-not-ready', `left out until they are ready: ${some(others.map(describe))}`))
  } else {
    insights.push(made('made-by-service', `${titleOf(service)} has the cluster IP ${addresses.join(' and ')}`))
    if (ready.length === 0) {
      const text = `the name resolves, but behind ${titleOf(service)} nobody answers: ${ready.length} of ${count(endpoints.length, 'endpoint')} ready`
      insights.push(note('nothing-behind', text))
    }
  }
  return [...insights, ...typeInsights(service, type, addresses)]
}

/** Why there is no record of the type where there are addresses. */
function typeInsights(service: Service, type: number, addresses: readonly string[]): Insight[] {
  const hasFamily = (version: 4 | 6) => addresses.some((address) => address.includes(':') === (version === 6))
  if (type === Type.AAAA && !hasFamily(6)) {
    return [
      missing(
        2.5,
        'no-such-family',
        `${titleOf(service)} has IPv4 addresses only, so there is no AAAA record`,
        'ask for A, or make the Service dual-stack',
      ),
    ]
  }
  if (type === Type.A && !hasFamily(4)) {
    return [
      missing(
        2.5,
        'no-such-family',
        `${titleOf(service)} has IPv6 addresses only, so there is no A record`,
        'ask for AAAA, or make the Service dual-stack',
      ),
    ]
  }
  if (type === Type.SRV && service.ports.length === 0)
    return [missing(2.5, 'no-such-type', `${titleOf(service)} has no ports, so there is no SRV record`)]
  if (type === Type.A || type === Type.AAAA || type === Type.SRV) return []
  return [missing(2.5, 'no-such-type', `Services have A, AAAA and SRV records, none of type ${printType(type)}`)]
}

function portInsights(service: Service, { port, protocol }: Request, view: ClusterView): Insight[] {
  const slices = view.cluster.slices(service.namespace, service.name)
  const ports = service.headless ? slices.flatMap((slice) => slice.ports) : service.ports
  const found = ports.find((candidate) => candidate.name === port && candidate.protocol === protocol)
  if (found !== undefined) {
    return [
      made(
        'made-by-service',
        `port ${found.port}/${found.protocol} of ${titleOf(service)} is called \`${found.name}\``,
      ),
    ]
  }
  const named = [
    ...new Set(
      ports
        .filter((candidate) => candidate.name !== '')
        .map((candidate) => `_${candidate.name}._${candidate.protocol}`),
    ),
  ]
  if (ports.length > 0 && named.length === 0) {
    const text = `the ports of ${titleOf(service)} have no names (${some(ports.map((each) => `${each.port}/${each.protocol}`))}), and an SRV record is under a port's name`
    return [missing(3.2, 'unnamed-port', text, 'give the port a name')]
  }
  const meant = nearest(`_${port}._${protocol}`, named) ?? named[0]
  const text = `${titleOf(service)} has no port \`${port}\` over ${protocol}; it has ${some(named) || 'no ports'}`
  return [missing(3.2, 'no-such-port', text, meant === undefined ? '' : `ask for ${meant}.${service.name}`)]
}
