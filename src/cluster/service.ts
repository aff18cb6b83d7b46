// What DNS needs of a v1 Service.
import { canonicalAddress } from '../dns/address.ts'
import {
  type Complain,
  isLabel,
  listOf,
  namespacedIdentityOf,
  type Part,
  partOf,
  textOf,
  tolerate,
} from './api-object.ts'
import type { RecordForm, RecordReader, RecordWriter } from './record.ts'

export interface ServicePort {
  /** '' for an unnamed port. */
  readonly name: string
  readonly port: number
  /** Lower-cased: tcp, udp, sctp. */
  readonly protocol: string
}

export interface Service {
  readonly namespace: string
  readonly name: string
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** Text in canonical form; empty for headless and ExternalName services. */
  readonly clusterIPs: readonly string[]
  /** clusterIP is None. */
  readonly headless: boolean
  /** As written, without a trailing dot; '' but for ExternalName services. */
  readonly externalName: string
  readonly ports: readonly ServicePort[]
  /** Has a selector, so that its endpoints are made by a controller. */
  readonly selects: boolean
  /** spec.externalIPs, then those of the load balancer (status.loadBalancer.ingress); text in canonical form. Left out where there are none. */
  readonly externalAddresses?: readonly string[]
  /** Of the load balancer, where it has no address; lower-cased, without a trailing dot. Left out where there are none. */
  readonly externalHostnames?: readonly string[]
  /** Stands for a service that several clusters have together; left out where it doesn't. */
  readonly imported?: true
}

/** Reads a v1 Service. Undefined where it can't be looked up by name; parts that can't be used are left out. */
export function trimService(object: unknown, complain: Complain = tolerate): Service | undefined {
  const identity = labelledIdentityOf(object, complain)
  if (identity === undefined) return undefined
  const spec = partOf(partOf(object).spec)
  const type = serviceType(spec.type)
  const listed = listOf(spec.clusterIPs).filter((address) => textOf(address) !== '')
  const clusterIPs = listed.length > 0 ? listed : [spec.clusterIP]
  const external = type === 'ExternalName'
  const headless = !external && clusterIPs[0] === 'None'
  return {
    ...identity,
    type,
    clusterIPs: external || headless ? [] : readAddresses(clusterIPs, complain),
    headless,
    externalName: external ? textOf(spec.externalName).replace(/\.$/, '') : '',
    ports: readPorts(spec.ports, complain),
    selects: Object.keys(partOf(spec.selector)).length > 0,
    ...readExternal(partOf(object), complain),
  }
}

/** As namespacedIdentityOf; undefined too, with a complaint, where the name can't be one label. */
export function labelledIdentityOf(object: unknown, complain: Complain): ReturnType<typeof namespacedIdentityOf> {
  const identity = namespacedIdentityOf(object, complain)
  if (identity === undefined || isLabel(identity.name)) return identity
  complain(`its name ${JSON.stringify(identity.name)} is no label`)
  return undefined
}

/** How a service is reached from outside of the cluster. Most are not, and those have nothing more to keep. */
function readExternal(
  { spec, status }: Part,
  complain: Complain,
): Pick<Service, 'externalAddresses' | 'externalHostnames'> {
  const ingress = listOf(partOf(partOf(status).loadBalancer).ingress).map(partOf)
  const addresses = readAddresses([...listOf(partOf(spec).externalIPs), ...ingress.map(({ ip }) => ip)], complain)
  const hostnames = ingress
    .filter(({ ip }) => textOf(ip) === '')
    .map(({ hostname }) => textOf(hostname).toLowerCase().replace(/\.$/, ''))
    .filter((hostname) => hostname !== '')
  return {
    ...(addresses.length > 0 && { externalAddresses: addresses }),
    ...(hostnames.length > 0 && { externalHostnames: [...new Set(hostnames)] }),
  }
}

function serviceType(value: unknown): Service['type'] {
  return value === 'NodePort' || value === 'LoadBalancer' || value === 'ExternalName' ? value : 'ClusterIP'
}

/** The addresses among the values, in canonical form and in order, each once; complains of the others but for empty ones. */
export function readAddresses(values: readonly unknown[], complain: Complain): string[] {
  const addresses: string[] = []
  for (const value of values) {
    if (value === undefined || value === null || value === '') continue
    const address = canonicalAddress(textOf(value))
    if (address === undefined) complain(`${JSON.stringify(value)} is no address`)
    else if (!addresses.includes(address)) addresses.push(address)
  }
  return addresses
}

/**
 * The ports of a Service or EndpointSlice. One without a number is left out: in a slice it stands for all ports, of
 * which no SRV record can be made.
 */
export function readPorts(value: unknown, complain: Complain): ServicePort[] {
  const ports: ServicePort[] = []
  for (const entry of listOf(value)) {
    const { name, port, protocol } = partOf(entry)
    if (port === undefined || port === null) continue
    if (!Number.isInteger(port) || (port as number) < 0 || (port as number) > 0xffff) {
      complain(`${JSON.stringify(port)} is no port`)
      continue
    }
    ports.push({
      name: textOf(name).toLowerCase(),
      port: port as number,
      protocol: (textOf(protocol) || 'TCP').toLowerCase(),
    })
  }
  return ports
}

const types: readonly Service['type'][] = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']
const protocols: readonly string[] = ['tcp', 'udp', 'sctp']

/** Found by its cluster IPs, then by its addresses from outside. */
export const serviceForm: RecordForm<Service> = {
  head({ namespace, name, clusterIPs, externalAddresses = [] }) {
    return { namespace, name, service: '', addresses: [clusterIPs, externalAddresses] }
  },
  write({ type, headless, selects, externalName, externalHostnames = [], ports }, to) {
    to.octet(types.indexOf(type) | (headless ? 4 : 0) | (selects ? 8 : 0))
    to.text(externalName)
    to.list(externalHostnames, (hostname) => to.text(hostname))
    writePorts(ports, to)
  },
  read({ namespace, name, addresses: [clusterIPs = [], externalAddresses = []] }, from) {
    const flags = from.octet()
    const externalName = from.text()
    const externalHostnames = from.list(readText)
    return {
      namespace,
      name,
      type: types[flags & 3] as Service['type'],
      clusterIPs,
      headless: (flags & 4) !== 0,
      externalName,
      ports: readPackedPorts(from),
      selects: (flags & 8) !== 0,
      ...(externalAddresses.length > 0 && { externalAddresses }),
      ...(externalHostnames.length > 0 && { externalHostnames }),
    }
  },
}

const readText = (from: RecordReader): string => from.text()

/** For slices too. */
export function writePorts(ports: readonly ServicePort[], to: RecordWriter): void {
  to.list(ports, ({ name, port, protocol }) => {
    to.text(name)
    to.number(port)
    // The numbers of the few there are begin at 1; of others, the text follows.
    const number = protocols.indexOf(protocol) + 1
    to.octet(number)
    if (number === 0) to.text(protocol)
  })
}

export function readPackedPorts(from: RecordReader): ServicePort[] {
  return from.list(() => {
    const name = from.text()
    const port = from.number()
    return { name, port, protocol: protocols[from.octet() - 1] ?? from.text() }
  })
}
