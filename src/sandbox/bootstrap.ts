// What every cluster has from the start: namespaces, nodes, the service of the API and that of DNS.
import { addressAt, type Cidr, contains, partOf } from './address-pool.ts'
import { deployments, endpointSlices, endpoints, namespaces, nodes, services } from './kinds.ts'
import type { KubeObject } from './object.ts'
import { type Registry, timestampAt } from './registry.ts'
import type { Condition, Deployment, EndpointSlice, Endpoints, Namespace, Node, Service } from './resources.ts'

export interface Bootstrap {
  readonly serviceRanges: readonly Cidr[]
  readonly podRanges: readonly Cidr[]
  /** Of the Service kube-dns. */
  readonly dnsAddress: string
  readonly nodes: number
  /** Where the API listens; shown as the endpoint of the Service kubernetes. */
  readonly apiPort: number
}

/** The nodes' own network; nothing listens there. */
const nodeNetwork = '172.18.0.'

export function bootstrap(registry: Registry, options: Bootstrap): void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    registry.create<Namespace>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  for (let index = 0; index < options.nodes; index++) createNode(registry, index, options.podRanges)
  createApiService(registry, options)
  createDnsService(registry, options.dnsAddress)
  createDnsDeployment(registry)
}

/** By default the tenth address of the first range, as kubeadm chooses it. */
export function defaultDnsAddress(serviceRanges: readonly Cidr[]): string {
  const [first] = serviceRanges
  return first === undefined ? '' : addressAt(first, 10n)
}

function createNode(registry: Registry, index: number, podRanges: readonly Cidr[]): void {
  const name = `node-${index}`
  // A node's part of the pods' addresses has the usual size: /24, and /64 of IPv6.
  const parts = podRanges.flatMap((range) => partOf(range, index, range.family === 'IPv4' ? 24 : 64)?.text ?? [])
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/region': 'region-1',
        'topology.kubernetes.io/zone': `zone-${'abc'[index % 3]}`,
        ...(index === 0 ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
      },
    },
    spec: parts[0] === undefined ? {} : { podCIDR: parts[0], podCIDRs: parts },
  }
  const stored = registry.create(nodes, node)
  const ready: Condition = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'the sandbox has no kubelet; its nodes are always ready',
    lastTransitionTime: timestampAt(new Date()),
  }
  registry.change(
    nodes,
    stored,
    (current) => ({
      ...current,
      status: {
        addresses: [
          { type: 'InternalIP', address: `${nodeNetwork}${index + 2}` },
          { type: 'Hostname', address: name },
        ],
        conditions: [ready],
        capacity: { cpu: '4', memory: '8Gi', pods: '110' },
        allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
        nodeInfo: {
          kubeletVersion: 'v1.32.0+sandbox',
          osImage: 'sandbox',
          kernelVersion: 'none',
          containerRuntimeVersion: 'sandbox://1',
          operatingSystem: 'linux',
          architecture: 'amd64',
        },
      },
    }),
    'status',
  )
}

/** The API writes the endpoints of its own service itself. */
function createApiService(registry: Registry, { serviceRanges, dnsAddress, apiPort }: Bootstrap): void {
  const range = serviceRanges.find((each) => contains(each, dnsAddress)) ?? serviceRanges[0]
  const metadata = { name: 'kubernetes', namespace: 'default' }
  const labels = { component: 'apiserver', provider: 'kubernetes' }
  registry.create<Service>(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, labels },
    spec: {
      ...(range === undefined ? {} : { clusterIP: addressAt(range, 1n) }),
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }],
    },
  })
  const ip = `${nodeNetwork}2`
  const ports = [{ name: 'https', port: apiPort, protocol: 'TCP' as const }]
  registry.create<Endpoints>(endpoints, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip }], ports }],
  })
  registry.create<EndpointSlice>(endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports,
  })
}

/** The cluster's DNS, as kubeadm names it. */
function createDnsService(registry: Registry, clusterIP: string): void {
  const labels = { 'k8s-app': 'kube-dns' }
  registry.create<Service>(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: {
      selector: labels,
      clusterIP,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
        { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
      ],
    },
  })
}

/** The Deployment behind kube-dns, under the name people type. What answers is outside; these pods only stand for it. */
function createDnsDeployment(registry: Registry): void {
  const labels = { 'k8s-app': 'kube-dns' }
  registry.create<Deployment>(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: 'kube-system', labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'coredns',
              image: 'clusterdns',
              ports: [
                { name: 'dns', containerPort: 53, protocol: 'UDP' },
                { name: 'dns-tcp', containerPort: 53 },
                { name: 'metrics', containerPort: 9153 },
              ],
            },
          ],
        },
      },
    },
  })
}

/** The order in which objects of manifests are created: what others live in and stand on comes first. */
export function inOrder(objects: readonly KubeObject[]): KubeObject[] {
  const rank = (object: KubeObject) =>
    ['Namespace', 'CustomResourceDefinition', 'Node', 'Service', 'Endpoints'].indexOf(object.kind) >>> 0
  return [...objects].sort((a, b) => rank(a) - rank(b))
}
