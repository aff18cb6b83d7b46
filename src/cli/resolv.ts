// `resolv`: prints the resolv.conf that kubelet gives to a pod.
import { readFileSync } from 'node:fs'
import { canonicalAddress } from '../dns/address.ts'
import { NameError, parseName } from '../dns/name.ts'
import {
  type DnsPolicy,
  dnsPolicies,
  type PodDnsConfig,
  type PodSurroundings,
  parseHostResolvConf,
  podResolvConf,
} from '../resolver/kubelet.ts'
import { printResolvConf, type ResolvConf } from '../resolver/resolv-conf.ts'
import { explainUsage, FlagError, type Flags, parseFlags } from './flags.ts'

const table = {
  valued: ['namespace', 'policy', 'cluster-domain', 'dns', 'host-resolv-conf', 'nameservers', 'searches', 'options'],
  switches: ['host-network'],
}

const usage = `usage: resolv [flags]
  -namespace NS           the pod's namespace (default "default")
  -policy POLICY          its dnsPolicy: ${dnsPolicies.join(', ')} (default ClusterFirst)
  -host-network           it is in its node's network
  -nameservers IP,IP      its dnsConfig, lists between commas
  -searches DOMAIN,DOMAIN
  -options ndots:2,use-vc
  -dns IP,IP              kubelet's --cluster-dns (default 10.96.0.10)
  -cluster-domain DOMAIN  kubelet's --cluster-domain (default cluster.local)
  -host-resolv-conf FILE  the node's resolv.conf (default: one that is empty; "": kubelet's --resolv-conf is "")
`

/** Resolves to the exit code: 0, 1 where the node's file can't be read, 2 for flags that make no sense. */
export async function resolv(args: readonly string[]): Promise<number> {
  let pod: Omit<PodSurroundings, 'host'>
  let file: string | undefined
  try {
    const flags = parseFlags(args, table)
    if (flags.rest.length > 0) throw new FlagError(`extra command line arguments: [${flags.rest.join(' ')}]`)
    pod = podOf(flags)
    file = flags.values.get('host-resolv-conf')
  } catch (error) {
    return explainUsage(error, usage)
  }
  let host: ResolvConf | undefined
  try {
    host = file === '' ? undefined : parseHostResolvConf(file === undefined ? '' : readFileSync(file, 'utf8'))
  } catch (error) {
    process.stderr.write(`can't read the node's resolv.conf: ${(error as Error).message}\n`)
    return 1
  }
  const { conf, warnings } = podResolvConf({ ...pod, host })
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  process.stdout.write(printResolvConf(conf))
  return 0
}

function podOf({ values, switches }: Flags): Omit<PodSurroundings, 'host'> {
  const clusterDomain = values.get('cluster-domain') ?? 'cluster.local'
  if (clusterDomain !== '') readDomain(clusterDomain)
  return {
    namespace: readNamespace(values.get('namespace') ?? 'default'),
    policy: readPolicy(values.get('policy') ?? 'ClusterFirst'),
    hostNetwork: switches.has('host-network'),
    dnsConfig: dnsConfigOf(values),
    clusterDns: listOf(values.get('dns') ?? '10.96.0.10').map(readAddress),
    clusterDomain: clusterDomain.replace(/\.$/, ''),
  }
}

function dnsConfigOf(values: Flags['values']): PodDnsConfig | undefined {
  const [nameservers, searches, options] = ['nameservers', 'searches', 'options'].map((name) =>
    listOf(values.get(name) ?? ''),
  )
  if (!nameservers?.length && !searches?.length && !options?.length) return undefined
  return {
    nameservers: (nameservers ?? []).map(readAddress),
    searches: (searches ?? []).map(readDomain),
    options: (options ?? []).map((option) => {
      const [name = '', ...value] = option.split(':')
      return { name, value: value.join(':') }
    }),
  }
}

const listOf = (text: string): string[] => text.split(',').filter((word) => word !== '')

function readPolicy(text: string): DnsPolicy {
  const policy = dnsPolicies.find((name) => name.toLowerCase() === text.toLowerCase())
  if (policy === undefined) throw new FlagError(`no DNS policy ${JSON.stringify(text)}: ${dnsPolicies.join(', ')}`)
  return policy
}

/** What the API takes as the name of a namespace (RFC 1123 2.1). Throws FlagError. */
export function readNamespace(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text))
    throw new FlagError(`no namespace is called ${JSON.stringify(text)}`)
  return text
}

function readAddress(text: string): string {
  const address = canonicalAddress(text)
  if (address === undefined) throw new FlagError(`${JSON.stringify(text)} is no address`)
  return address
}

/** Throws FlagError. */
export function readDomain(text: string): string {
  try {
    parseName(text)
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    throw new FlagError(`${JSON.stringify(text)} is no domain: ${error.message}`)
  }
  return text
}
