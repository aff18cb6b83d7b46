// What services hold that exists once per cluster: cluster IPs and node ports.
import { AddressPool, type Cidr, canonicalAddress } from '../address-pool.ts'
import { services } from '../kinds.ts'
import { familyOf } from '../names.ts'
import type { IpFamily, Service, ServiceSpec } from '../resources.ts'
import { ApiError, cause, invalid } from '../status.ts'

const nodePorts = { first: 30000, last: 32767 }

export const isExternalName = (spec: ServiceSpec) => spec.type === 'ExternalName'
export const isHeadless = (spec: ServiceSpec) => spec.clusterIP === 'None'
export const hasSelector = (spec: ServiceSpec) => Object.keys(spec.selector ?? {}).length > 0
export const hasNodePorts = (spec: ServiceSpec) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

/** Who holds which cluster IP and node port is known here and nowhere else. */
export class ServiceHoldings {
  readonly #ranges: readonly Cidr[]
  readonly #addresses: AddressPool
  readonly #nodePorts = new Set<string>()
  #nextNodePort = nodePorts.first

  constructor(ranges: readonly Cidr[]) {
    this.#ranges = ranges
    this.#addresses = new AddressPool(ranges, 256n) // the first addresses are left to those who ask for them
  }

  acquire(service: Service, old?: Service): { object: Service; undo(): void } {
    const taken: (() => void)[] = []
    const undo = () => {
      for (const giveBack of taken) giveBack()
    }
    try {
      const withAddresses = this.#acquireAddresses(service, old, taken)
      const object = this.#acquireNodePorts(withAddresses, old, taken)
      if (old !== undefined) this.#releaseDropped(old, object)
      return { object, undo }
    } catch (error) {
      undo()
      throw error
    }
  }

  release(service: Service): void {
    for (const address of heldAddresses(service)) this.#addresses.release(address)
    for (const port of heldNodePorts(service)) this.#nodePorts.delete(port)
  }

  #releaseDropped(old: Service, object: Service): void {
    const addresses = heldAddresses(object)
    const ports = heldNodePorts(object)
    for (const address of heldAddresses(old)) if (!addresses.includes(address)) this.#addresses.release(address)
    for (const port of heldNodePorts(old)) if (!ports.includes(port)) this.#nodePorts.delete(port)
  }

  #acquireAddresses(service: Service, old: Service | undefined, taken: (() => void)[]): Service {
    const { spec } = service
    if (isExternalName(spec)) {
      const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy, ...rest } = spec
      return { ...service, spec: rest }
    }
    const families = this.#families(service)
    const policy = spec.ipFamilyPolicy ?? (families.length > 1 ? 'RequireDualStack' : 'SingleStack')
    if (isHeadless(spec)) {
      return { ...service, spec: { ...spec, clusterIPs: ['None'], ipFamilies: families, ipFamilyPolicy: policy } }
    }
    const held = old === undefined ? [] : heldAddresses(old)
    const given = (spec.clusterIPs ?? []).map(canonicalAddress)
    const clusterIPs = families.map((family) => {
      const wanted = given.find((address) => familyOf(address) === family)
      if (wanted !== undefined && held.includes(wanted)) return wanted
      const address =
        wanted ??
        this.#addresses.take(
          family,
          this.#ranges.find((range) => range.family === family),
        )
      if (address === undefined) throw new ApiError(500, 'InternalError', `no ${family} cluster IP is left`)
      if (wanted !== undefined) this.#claim(service, wanted)
      taken.push(() => this.#addresses.release(address))
      return address
    })
    const [clusterIP = ''] = clusterIPs
    return { ...service, spec: { ...spec, clusterIP, clusterIPs, ipFamilies: families, ipFamilyPolicy: policy } }
  }

  #claim(service: Service, address: string): void {
    const refuse = (why: string) => {
      const fault = cause.invalid('spec.clusterIPs', [address], `failed to allocate IP ${address}: ${why}`)
      throw invalid(services, service.metadata.name, [fault])
    }
    if (!this.#addresses.inside(address)) {
      const valid = this.#ranges.map((range) => range.text).join(', ')
      refuse(`the provided IP (${address}) is not in the valid range. The range of valid IPs is ${valid}`)
    }
    if (!this.#addresses.claim(address)) refuse('provided IP is already allocated')
  }

  /** The families the service gets, its own wish first, then the cluster's order. */
  #families(service: Service): IpFamily[] {
    const { spec } = service
    const offered = [...new Set(this.#ranges.map((range) => range.family))]
    const given = (spec.clusterIPs ?? []).flatMap((address) => familyOf(address) ?? [])
    const wished = [...new Set([...(spec.ipFamilies ?? []), ...given])]
    const selectorless = isHeadless(spec) && !hasSelector(spec)
    if (selectorless && wished.length === 0 && spec.ipFamilyPolicy === undefined) return ['IPv4', 'IPv6']
    const missing = wished.find((family) => !offered.includes(family) && !selectorless)
    if (missing !== undefined) {
      const why = 'not configured on this cluster'
      throw invalid(services, service.metadata.name, [cause.invalid('spec.ipFamilies[0]', missing, why)])
    }
    if (spec.ipFamilyPolicy === 'RequireDualStack' && offered.length < 2 && !selectorless) {
      const why = 'this cluster is not configured for dual-stack services'
      throw invalid(services, service.metadata.name, [cause.invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, why)])
    }
    // A dual-stack service that is to have one family keeps its first.
    if (spec.ipFamilyPolicy === 'SingleStack' && wished.length > 1) return wished.slice(0, 1)
    const dual = spec.ipFamilyPolicy === 'PreferDualStack' || spec.ipFamilyPolicy === 'RequireDualStack'
    const order = [...new Set([...wished, ...offered])]
    return dual ? order : wished.length > 1 ? wished : order.slice(0, 1)
  }

  #acquireNodePorts(service: Service, old: Service | undefined, taken: (() => void)[]): Service {
    const { spec } = service
    if (!hasNodePorts(spec) && !spec.ports?.some((port) => port.nodePort)) return service
    const held = old === undefined ? [] : heldNodePorts(old)
    const ports = (spec.ports ?? []).map((port, index) => {
      const protocol = port.protocol ?? 'TCP'
      const nodePort = port.nodePort || this.#freeNodePort(protocol)
      const key = `${protocol}/${nodePort}`
      const refuse = (why: string) => {
        throw invalid(services, service.metadata.name, [cause.invalid(`spec.ports[${index}].nodePort`, nodePort, why)])
      }
      if (nodePort < nodePorts.first || nodePort > nodePorts.last) {
        refuse(
          `provided port is not in the valid range. The range of valid ports is ${nodePorts.first}-${nodePorts.last}`,
        )
      }
      if (!held.includes(key)) {
        if (this.#nodePorts.has(key)) refuse('provided port is already allocated')
        this.#nodePorts.add(key)
        taken.push(() => this.#nodePorts.delete(key))
      }
      return { ...port, nodePort }
    })
    return { ...service, spec: { ...spec, ports } }
  }

  #freeNodePort(protocol: string): number {
    const count = nodePorts.last - nodePorts.first + 1
    for (let tried = 0; tried < count; tried++) {
      const port = this.#nextNodePort
      this.#nextNodePort = port === nodePorts.last ? nodePorts.first : port + 1
      if (!this.#nodePorts.has(`${protocol}/${port}`)) return port
    }
    throw new ApiError(500, 'InternalError', 'no node port is left')
  }
}

function heldAddresses({ spec }: Service): string[] {
  return isExternalName(spec) || isHeadless(spec) ? [] : [...(spec.clusterIPs ?? [])]
}

function heldNodePorts({ spec }: Service): string[] {
  return (spec.ports ?? []).flatMap((port) => (port.nodePort ? [`${port.protocol ?? 'TCP'}/${port.nodePort}`] : []))
}
