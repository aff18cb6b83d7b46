// A cluster of any size, and questions about it.

export interface ClusterSize {
  /** One in ten is headless. */
  readonly services: number
  /** Endpoints of each service. */
  readonly endpoints: number
  readonly namespaces: number
}

const octets = (base: number, index: number) => `${base}.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
const namespaceOf = (size: ClusterSize, index: number) => `ns-${index % size.namespaces}`
const isHeadless = (index: number) => index % 10 === 9

/** API objects: Namespaces, Services (one in ten headless) and their EndpointSlices. */
export function* objectsOf(size: ClusterSize): Generator<object> {
  for (let index = 0; index < size.namespaces; index++) {
    yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(size, index) } }
  }
  for (let index = 0; index < size.services; index++) {
    const metadata = { name: `svc-${index}`, namespace: namespaceOf(size, index) }
    const ports = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }]
    const clusterIP = isHeadless(index) ? 'None' : octets(10, index + 0x600000 + 256)
    const spec = { clusterIP, clusterIPs: [clusterIP], ports, ipFamilies: ['IPv4'], type: 'ClusterIP' }
    yield { apiVersion: 'v1', kind: 'Service', metadata, spec }
    if (size.endpoints === 0) continue
    const labels = { 'kubernetes.io/service-name': metadata.name, 'endpointslice.kubernetes.io/managed-by': 'bench' }
    yield {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${metadata.name}-a`, namespace: metadata.namespace, labels },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: Array.from({ length: size.endpoints }, (_, n) => ({
        addresses: [octets(172, 0x100000 + index * size.endpoints + n)],
        conditions: { ready: true, serving: true, terminating: false },
        ...(isHeadless(index) ? { hostname: `pod-${n}` } : {}),
      })),
    }
  }
}

/** dnsperf's lines: seven in ten A, the rest AAAA, SRV, pods by name, PTR and names that don't exist. */
export function* questionsOf(size: ClusterSize, count: number): Generator<string> {
  // A stride that shares no factor with the number of services visits all of them in an order no cache likes.
  const stride = 7919
  for (let n = 0; n < count; n++) {
    const index = (n * stride) % size.services
    const name = `svc-${index}.${namespaceOf(size, index)}.svc.cluster.local`
    const kind = n % 10
    if (kind < 5) yield `${name} A`
    else if (kind < 7) yield `${name} AAAA`
    else if (kind === 7) yield `_http._tcp.${name} SRV`
    else if (kind === 8) yield `${name}.${namespaceOf(size, index + 1)}.svc.cluster.local A`
    else if (isHeadless(index)) yield `pod-0.${name} A`
    else
      yield `${octets(10, index + 0x600000 + 256)
        .split('.')
        .reverse()
        .join('.')}.in-addr.arpa PTR`
  }
}

/** The same names as zone files, for servers that know no cluster: `cluster.local` and `in-addr.arpa`. */
export function zonesOf(size: ClusterSize): { readonly forward: string; readonly reverse: string } {
  const soa =
    '@ 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30\n@ 30 IN NS ns.dns.cluster.local.\n'
  const forward = [`$ORIGIN cluster.local.\n${soa}ns.dns 30 IN A 10.96.0.10\n`]
  const reverse = [`$ORIGIN in-addr.arpa.\n${soa}`]
  const pointer = (address: string, name: string) =>
    `${address.split('.').reverse().join('.')} 30 IN PTR ${name}.cluster.local.\n`
  for (let index = 0; index < size.services; index++) {
    const name = `svc-${index}.${namespaceOf(size, index)}.svc`
    if (!isHeadless(index)) {
      const address = octets(10, index + 0x600000 + 256)
      forward.push(`${name} 30 IN A ${address}\n_http._tcp.${name} 30 IN SRV 0 100 80 ${name}.cluster.local.\n`)
      reverse.push(pointer(address, name))
      continue
    }
    for (let n = 0; n < size.endpoints; n++) {
      const address = octets(172, 0x100000 + index * size.endpoints + n)
      forward.push(`${name} 30 IN A ${address}\npod-${n}.${name} 30 IN A ${address}\n`)
      forward.push(
        `_http._tcp.${name} 30 IN SRV 0 ${Math.floor(100 / size.endpoints)} 8080 pod-${n}.${name}.cluster.local.\n`,
      )
      reverse.push(pointer(address, `pod-${n}.${name}`))
    }
  }
  return { forward: forward.join(''), reverse: reverse.join('') }
}
