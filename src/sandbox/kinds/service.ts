// Services: what the API fills in and what it refuses.
import { isIP } from 'node:net'
import type { Cidr } from '../address-pool.ts'
import { dns1035Label, dnsLabel, dnsSubdomain, labelFaults, portFault } from '../names.ts'
import { sameJson } from '../object.ts'
import type { Service, ServicePort, ServiceSpec } from '../resources.ts'
import { type Cause, cause } from '../status.ts'
import { hasNodePorts, isExternalName, isHeadless, ServiceHoldings } from './service-holdings.ts'
import type { Strategy } from './strategy.ts'

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const protocols = ['SCTP', 'TCP', 'UDP']

export interface ServiceRules {
  /** Where cluster IPs come from; the first of each family gives the automatic ones. */
  readonly ranges: readonly Cidr[]
  /** May names begin with a digit (KEP-5311)? Off by default in Kubernetes up to 1.35, on in later versions. */
  readonly relaxedNames: boolean
}

export function serviceStrategy({ ranges, relaxedNames }: ServiceRules): Strategy<Service> {
  const holdings = new ServiceHoldings(ranges)
  return {
    nameRule: relaxedNames ? dnsLabel : dns1035Label,
    newStatus: () => ({ loadBalancer: {} }),
    complete,
    faults,
    acquire: (service, old) => holdings.acquire(service, old),
    release: (service) => holdings.release(service),
  }
}

function complete(service: Service, old?: Service): Service {
  const given = withoutLeftovers(service.spec ?? {}, old)
  const type = given.type ?? 'ClusterIP'
  const external = type === 'NodePort' || type === 'LoadBalancer'
  const ports = given.ports?.map(({ nodePort, ...port }, index): ServicePort => {
    const before = nodePortBefore(port, index, old)
    // An update that leaves the node port out keeps the one the port had; a type without node ports drops it.
    const kept = external ? nodePort || before : nodePort === before ? undefined : nodePort
    return {
      ...port,
      protocol: port.protocol ?? 'TCP',
      targetPort: port.targetPort || port.port,
      ...(kept ? { nodePort: kept } : {}),
    }
  })
  const spec: ServiceSpec = {
    ...given,
    ...(ports === undefined ? {} : { ports }),
    type,
    sessionAffinity: given.sessionAffinity ?? 'None',
    ...(type === 'ExternalName' ? {} : { internalTrafficPolicy: given.internalTrafficPolicy ?? 'Cluster' }),
    ...(external ? { externalTrafficPolicy: given.externalTrafficPolicy ?? 'Cluster' } : {}),
    ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: given.allocateLoadBalancerNodePorts ?? true } : {}),
    ...(type === 'ExternalName' ? {} : addressing(given, old)),
  }
  return { ...service, spec }
}

/** A service that becomes an ExternalName loses the addresses it had. */
function withoutLeftovers(given: ServiceSpec, old?: Service): ServiceSpec {
  if (!isExternalName(given) || (given.clusterIP ?? '') !== (old?.spec.clusterIP ?? '')) return given
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy, ...rest } = given
  return rest
}

function nodePortBefore(port: ServicePort, index: number, old?: Service): number | undefined {
  const same = old?.spec.ports?.find((each) => each.name === port.name && each.port === port.port)
  return (same ?? old?.spec.ports?.[index])?.nodePort
}

/** An update that leaves cluster IPs and families out keeps those the service had. */
function addressing(given: ServiceSpec, old?: Service): Partial<ServiceSpec> {
  const kept = old === undefined || isExternalName(old.spec) ? undefined : old.spec
  const clusterIP = given.clusterIP || given.clusterIPs?.[0] || kept?.clusterIP
  // Who changes one of the two fields means both.
  const untouched = given.clusterIPs === undefined || sameJson(given.clusterIPs, kept?.clusterIPs)
  const clusterIPs = !untouched ? given.clusterIPs : clusterIP === kept?.clusterIP ? kept?.clusterIPs : undefined
  const ipFamilies = given.ipFamilies ?? kept?.ipFamilies
  const ipFamilyPolicy = given.ipFamilyPolicy ?? kept?.ipFamilyPolicy
  return {
    ...(clusterIP === undefined ? {} : { clusterIP, clusterIPs: clusterIPs ?? [clusterIP] }),
    ...(ipFamilies === undefined ? {} : { ipFamilies }),
    ...(ipFamilyPolicy === undefined ? {} : { ipFamilyPolicy }),
  }
}

function faults({ spec }: Service, old?: Service): Cause[] {
  const found = [...typeFaults(spec), ...portFaults(spec), ...labelFaults('spec.selector', spec.selector)]
  const held = old?.spec.clusterIP ?? ''
  const stays = old !== undefined && !isExternalName(old.spec) && !isExternalName(spec)
  if (stays && held !== '' && spec.clusterIP !== held) {
    found.push(cause.invalid('spec.clusterIPs[0]', spec.clusterIPs ?? [spec.clusterIP], 'may not change once set'))
  }
  return found
}

function typeFaults(spec: ServiceSpec): Cause[] {
  const found: Cause[] = []
  if (!types.includes(spec.type ?? '')) found.push(cause.notSupported('spec.type', spec.type, types))
  if (isExternalName(spec)) {
    const name = (spec.externalName ?? '').replace(/\.$/, '')
    const fault = dnsSubdomain(name)
    if (name === '') found.push(cause.required('spec.externalName'))
    else if (fault !== undefined) found.push(cause.invalid('spec.externalName', name, fault))
    if (spec.clusterIP) found.push(cause.forbidden('spec.clusterIPs', 'may not be set for ExternalName services'))
  } else if (isHeadless(spec) && spec.type !== 'ClusterIP') {
    found.push(cause.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`))
  } else if (spec.clusterIP !== undefined && !isHeadless(spec) && isIP(spec.clusterIP) === 0) {
    const why = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
    found.push(cause.invalid('spec.clusterIPs[0]', spec.clusterIP, why))
  }
  if (spec.clusterIP && spec.clusterIPs?.[0] !== undefined && spec.clusterIPs[0] !== spec.clusterIP) {
    found.push(cause.invalid('spec.clusterIPs', spec.clusterIPs, 'first value must match `clusterIP`'))
  }
  return found
}

function portFaults(spec: ServiceSpec): Cause[] {
  const found: Cause[] = []
  const ports = spec.ports ?? []
  if (ports.length === 0 && !isExternalName(spec) && !isHeadless(spec)) found.push(cause.required('spec.ports'))
  ports.forEach((port, index) => {
    const field = `spec.ports[${index}]`
    const nameFault = port.name === undefined || port.name === '' ? undefined : dnsLabel(port.name)
    if (!port.name && ports.length > 1) found.push(cause.required(`${field}.name`))
    if (nameFault !== undefined) found.push(cause.invalid(`${field}.name`, port.name, nameFault))
    const fault = portFault(port.port)
    if (fault !== undefined) found.push(cause.invalid(`${field}.port`, port.port, fault))
    if (typeof port.targetPort === 'number' && portFault(port.targetPort) !== undefined) {
      found.push(cause.invalid(`${field}.targetPort`, port.targetPort, portFault(port.targetPort) ?? ''))
    }
    if (!protocols.includes(port.protocol ?? '')) {
      found.push(cause.notSupported(`${field}.protocol`, port.protocol, protocols))
    }
    if (port.nodePort && !hasNodePorts(spec) && spec.type !== 'LoadBalancer') {
      found.push(cause.forbidden(`${field}.nodePort`, `may not be used when \`type\` is '${spec.type}'`))
    }
    const earlier = ports.slice(0, index)
    if (port.name && earlier.some((each) => each.name === port.name)) {
      found.push(cause.duplicate(`${field}.name`, port.name))
    }
    if (earlier.some((each) => each.port === port.port && each.protocol === port.protocol)) {
      found.push(cause.duplicate(field, { port: port.port, protocol: port.protocol }))
    }
  })
  return found
}
