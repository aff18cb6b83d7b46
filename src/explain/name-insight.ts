// Why one name has an answer or none, from what the cluster has: dispatches by what kind of name it is.
import { addressOfReverse, canonicalAddress } from '../dns/address.ts'
import { isWithin, labelsOf, lowerName, type Name, printName } from '../dns/name.ts'
import { parseRequest, type Request } from '../plugins/kubernetes/request.ts'
import { dashedAddress, undashedAddress } from '../plugins/kubernetes/service-name.ts'
import { type Zone, zoneOf } from '../plugins/kubernetes/zone.ts'
import { type ClusterView, readsPods } from './cluster-view.ts'
import { type Insight, made, missing, some } from './insight.ts'
import { noNamespace, serviceInsights } from './service-insight.ts'

/** Of a name and a type, whatever was answered. `zone` is the cluster's domain. */
export function nameInsights(name: Name, type: number, view: ClusterView, zone: Name): Insight[] {
  // Of what couldn't be read nothing can be said to be missing; pods only add to what the others say.
  if (view.unread.some(({ kind }) => kind !== 'pods')) return []
  const lower = lowerName(name)
  const reverse = zoneOf(lower)
  if (reverse.isReverse) return reverseInsights(lower, view, zone)
  if (!isWithin(lower, zone)) return outsideInsights(lower, view, zone)
  const request = parseRequest(lower, zoneOf(zone))
  switch (request.kind) {
    case 'service':
    case 'endpoint':
    case 'port':
      return serviceInsights(lower, request, type, view)
    case 'pod':
      return readsPods(view) ? podInsights(request, view) : []
    case 'pods':
    case 'namespace':
      if (view.cluster.namespace(request.namespace) === undefined)
        return [{ ...noNamespace(request.namespace, view), weight: 0.2 }]
      return [
        missing(0.5, 'no-such-type', `\`${request.namespace}\` is a namespace, and only names below it have records`),
      ]
    case 'apex':
    case 'branch':
    case 'version':
    case 'nameserver':
      return [made('made-by-schema', 'every cluster has this name')]
    default:
      return strangeInsights(lower, view, zoneOf(zone))
  }
}

function podInsights({ namespace, service: label }: Request, view: ClusterView): Insight[] {
  if (view.cluster.namespace(namespace) === undefined) return [noNamespace(namespace, view)]
  const address = canonicalAddress(undashedAddress(label) ?? '')
  if (address === undefined) {
    const pod = view.pods.find((candidate) => candidate.namespace === namespace && candidate.name === label)
    const advice = pod?.addresses[0] === undefined ? '' : `ask for ${dashedAddress(pod.addresses[0])}.${namespace}.pod`
    return [
      missing(
        2,
        'no-such-pod',
        `below \`${namespace}.pod\` there are addresses with dashes, and \`${label}\` is none`,
        advice,
      ),
    ]
  }
  const pods = view.cluster.podsAt(address).filter((pod) => pod.namespace === namespace)
  if (pods.length === 0) return [missing(2, 'no-such-pod', `no pod in \`${namespace}\` has the address ${address}`)]
  return [made('made-by-pod', `${address} is pod ${pods.map((pod) => `${pod.namespace}/${pod.name}`).join(', ')}`)]
}

function reverseInsights(name: Name, view: ClusterView, zone: Name): Insight[] {
  const address = addressOfReverse(name)
  if (address === undefined) return []
  const service = view.cluster.serviceAt(address)
  if (service !== undefined) {
    return [made('made-by-service', `${address} is the cluster IP of Service ${service.namespace}/${service.name}`)]
  }
  const endpoints = view.cluster.endpointsAt(address)
  const ready = endpoints.filter(({ endpoint }) => endpoint.ready)
  if (ready.length > 0) {
    return [
      made(
        'made-by-endpoints',
        `${address} is an endpoint of ${some(ready.map(({ slice }) => `Service ${slice.namespace}/${slice.service}`))}`,
      ),
    ]
  }
  const pod = view.cluster.podsAt(address)[0]
  if (endpoints.length > 0) {
    const services = some(endpoints.map(({ slice }) => `Service ${slice.namespace}/${slice.service}`))
    return [missing(3, 'endpoint-not-ready', `${address} is an endpoint of ${services}, but not ready`)]
  }
  if (pod !== undefined) {
    const text = `${address} is pod ${pod.namespace}/${pod.name}, which is behind no Service, and only cluster IPs and endpoints have reverse names`
    return [missing(3, 'no-reverse-name', text, 'create a headless Service that selects it')]
  }
  if (!readsPods(view)) return []
  return [missing(2, 'unknown-address', `no Service, endpoint or pod of ${printName(zone)} has the address ${address}`)]
}

/** In the cluster's domain, but of no form that a name there can have. */
function strangeInsights(name: Name, view: ClusterView, zone: Zone): Insight[] {
  const labels = labelsBefore(name, zone.name)
  const [service = '', namespace = ''] = labels.slice(-2)
  const found = view.cluster.service(namespace, service)
  if (labels.length >= 2 && found !== undefined) {
    const asked = labels.join('.')
    const text = `\`${asked}.${bare(zone.name)}\` is the old short form: between namespace and cluster domain there has to be \`svc\``
    return [missing(3.4, 'old-short-form', text, `ask for ${asked}.svc.${bare(zone.name)}`)]
  }
  return []
}

/** Not in the cluster's domain: a name of the Internet, or one of the cluster that is written wrongly. */
function outsideInsights(name: Name, view: ClusterView, zone: Name): Insight[] {
  const labels = labelsOf(name)
  const at = labels.lastIndexOf('svc')
  const [service = '', namespace = ''] = at >= 2 ? labels.slice(at - 2, at) : []
  const rest = labels.slice(at + 1).join('.')
  const known = view.cluster.service(namespace, service) !== undefined
  if (at >= 2 && rest !== '' && (known || view.cluster.namespace(namespace) !== undefined)) {
    const text = `\`${rest}\` is not this cluster's domain, which is \`${bare(zone)}\``
    return [
      missing(
        known ? 3.6 : 3.5,
        'wrong-cluster-domain',
        text,
        `ask for ${labels.slice(0, at).join('.')}.svc.${bare(zone)}.`,
      ),
    ]
  }
  if (at >= 2 && rest === '' && known) {
    const text = `${printName(name)} lacks the cluster domain`
    return [missing(3, 'incomplete-name', text, `ask for ${labels.join('.')}.${bare(zone)}.`)]
  }
  return []
}

function labelsBefore(name: Name, zone: Name): string[] {
  return labelsOf(name).slice(0, labelsOf(name).length - labelsOf(zone).length)
}

/** Without its last dot. */
export function bare(name: Name): string {
  return printName(name).replace(/\.$/, '')
}
