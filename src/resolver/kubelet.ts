// The resolv.conf of a pod, put together as kubelet does it (Kubernetes, "DNS for Services and Pods", Pod's DNS Policy;
// pkg/kubelet/network/dns/dns.go: GetPodDNS and what it calls).
import type { ResolvConf } from './resolv-conf.ts'

export const dnsPolicies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'] as const

export type DnsPolicy = (typeof dnsPolicies)[number]

/** A pod's `spec.dnsConfig`. */
export interface PodDnsConfig {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  /** `value` is '' for an option that has none. */
  readonly options: readonly { readonly name: string; readonly value: string }[]
}

/** What decides the file: the pod's namespace and spec, kubelet's flags, and the node. */
export interface PodSurroundings {
  readonly namespace: string
  readonly policy: DnsPolicy
  readonly hostNetwork: boolean
  readonly dnsConfig: PodDnsConfig | undefined
  /** --cluster-dns; none where it isn't set. */
  readonly clusterDns: readonly string[]
  /** --cluster-domain; '' where it isn't set. */
  readonly clusterDomain: string
  /** Of the node, as `parseHostResolvConf` reads it; undefined where --resolv-conf is ''. */
  readonly host: ResolvConf | undefined
}

export interface PodResolvConf {
  readonly conf: ResolvConf
  /** What kubelet would write events about, in words. */
  readonly warnings: readonly string[]
}

/** Limits of the API's validation (MaxDNSNameservers, MaxDNSSearchPaths, MaxDNSSearchListChars). */
const maxNameservers = 3
const maxSearchPaths = 32
const maxSearchCharacters = 2048
/** A longer search path makes glibc 2.28 abort, so kubelet leaves it out. */
const maxSearchPath = 253

const nothing: ResolvConf = { nameservers: [], search: [], options: [] }

/**
 * The node's resolv.conf as kubelet reads it, which is not quite how libc does: of several lines `search` or `options` the
 * last counts, `domain` is not known, and `example.com.` is the same as `example.com`.
 */
export function parseHostResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  let search: readonly string[] = []
  let options: readonly string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/)
    if (keyword === 'nameserver') nameservers.push(...words.slice(0, 1))
    if (keyword === 'search') search = words.map((word) => (word === '.' ? word : word.replace(/\.$/, '')))
    if (keyword === 'options') options = words
  }
  return { nameservers, search, options }
}

export function podResolvConf(pod: PodSurroundings): PodResolvConf {
  const warnings: string[] = []
  const base = baseOf(pod, warnings)
  return { conf: withinLimits(merge(base, pod.dnsConfig), warnings), warnings }
}

/** By policy alone. ClusterFirst of a pod in the host's network is Default, and so it is where kubelet knows no cluster DNS. */
function baseOf(pod: PodSurroundings, warnings: string[]): ResolvConf {
  const { policy, hostNetwork, namespace, clusterDns, clusterDomain, host } = pod
  if (policy === 'None') return nothing
  const wantsCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !hostNetwork)
  if (wantsCluster && clusterDns.length > 0) {
    const cluster =
      clusterDomain === '' ? [] : [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
    return { nameservers: clusterDns, search: unique([...cluster, ...(host?.search ?? [])]), options: ['ndots:5'] }
  }
  if (wantsCluster) warnings.push(`kubelet has no cluster DNS address, so policy ${policy} falls back to Default`)
  // Without a host's file kubelet names this machine, so that nothing is resolved.
  return host ?? { nameservers: ['127.0.0.1'], search: ['.'], options: [] }
}

/** The pod's own settings come after those of the policy; its options replace those of the same name. */
function merge(base: ResolvConf, config: PodDnsConfig | undefined): ResolvConf {
  if (config === undefined) return base
  const options = new Map(base.options.map((option) => [option.replace(/:.*/, ''), option]))
  for (const { name, value } of config.options) options.set(name, value === '' ? name : `${name}:${value}`)
  return {
    nameservers: unique([...base.nameservers, ...config.nameservers]),
    search: unique([...base.search, ...config.searches]),
    options: [...options.values()],
  }
}

function withinLimits(conf: ResolvConf, warnings: string[]): ResolvConf {
  const nameservers = conf.nameservers.slice(0, maxNameservers)
  if (nameservers.length < conf.nameservers.length) {
    warnings.push(`of ${conf.nameservers.length} nameservers the first ${maxNameservers} are used`)
  }
  let search = conf.search.slice(0, maxSearchPaths).filter((path) => path.length <= maxSearchPath)
  while (search.join(' ').length > maxSearchCharacters) search = search.slice(0, -1)
  if (search.length < conf.search.length) {
    warnings.push(
      `of ${conf.search.length} search paths ${search.length} are used: at most ${maxSearchPaths}, of ${maxSearchPath} characters, ${maxSearchCharacters} together`,
    )
  }
  return { ...conf, nameservers, search }
}

const unique = (values: readonly string[]): string[] => [...new Set(values)]
