// The cluster as it is at one moment, read once through its API: what DNS is made from, and what else explains it.
import { listOf, partOf, textOf } from '../cluster/api-object.ts'
import { ApiError } from '../cluster/api-request.ts'
import { clusterOf } from '../cluster/cluster-of.ts'
import { type Connection, openCredentials } from '../cluster/credentials.ts'
import { clusterKinds, kinds } from '../cluster/kinds.ts'
import { listPages } from '../cluster/list-page.ts'
import type { Service } from '../cluster/service.ts'
import type { Cluster, Kind } from '../cluster/store.ts'
import type { DnsPolicy, PodDnsConfig } from '../resolver/kubelet.ts'

/** A pod in whatever state, with what decides its name and its resolver. */
export interface PodView {
  readonly namespace: string
  readonly name: string
  readonly phase: string
  /** Its condition Ready is True. */
  readonly ready: boolean
  readonly terminating: boolean
  readonly addresses: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly hostname: string
  readonly subdomain: string
  readonly hostNetwork: boolean
  readonly dnsPolicy: DnsPolicy
  readonly dnsConfig: PodDnsConfig | undefined
}

export interface ClusterView {
  readonly cluster: Cluster
  readonly namespaces: readonly string[]
  /** By namespace and name. */
  readonly services: readonly Service[]
  readonly pods: readonly PodView[]
  /** Of services, by `NAMESPACE/NAME`, those that have one. */
  readonly selectors: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** Of services that say publishNotReadyAddresses, `NAMESPACE/NAME`. */
  readonly publishing: ReadonlySet<string>
  /** What couldn't be read, and why. */
  readonly unread: readonly { readonly kind: Kind; readonly why: string }[]
}

/** Milliseconds without a sign of life after which the API server is given up, and those that all of it may take. */
const silenceMs = 10_000
const deadlineMs = 60_000

/**
 * Lists everything once. A kind that may not be listed (401, 403, 404) is left out and said to be. Rejects with
 * ConnectionError, or with the error of the connection.
 */
export async function readCluster(connection: Connection): Promise<ClusterView> {
  const credentials = await openCredentials(connection)
  const access = await credentials.access()
  const signal = AbortSignal.timeout(deadlineMs)
  const objects: unknown[] = []
  const unread: { kind: Kind; why: string }[] = []
  for (const kind of clusterKinds) {
    const { singular, group } = kinds[kind]
    const request = (query: Readonly<Record<string, string>>) => ({
      path: `${group}/${kind}?${new URLSearchParams(query)}`,
      signal,
      silenceMs,
    })
    try {
      // Objects of a list don't say what they are.
      await listPages(access, request, 500, (object) => objects.push({ ...partOf(object), kind: singular }))
    } catch (error) {
      if (!(error instanceof ApiError) || ![401, 403, 404].includes(error.code)) throw error
      unread.push({ kind, why: error.message })
    }
  }
  return viewOf(objects, unread)
}

/** Of API objects as JSON, each with its kind. */
export function viewOf(objects: readonly unknown[], unread: ClusterView['unread'] = []): ClusterView {
  const cluster = clusterOf(objects)
  const of = (kind: string) => objects.filter((object) => partOf(object).kind === kind).map(partOf)
  const named = of('Service').map((service) => ({ key: keyOf(service), spec: partOf(service.spec) }))
  return {
    cluster,
    namespaces: of('Namespace').map((namespace) => textOf(partOf(namespace.metadata).name)),
    services: [...cluster.services()],
    pods: of('Pod').map(podView),
    selectors: new Map(
      named
        .filter(({ spec }) => Object.keys(partOf(spec.selector)).length > 0)
        .map(({ key, spec }) => [key, labelsOf(spec.selector)]),
    ),
    publishing: new Set(named.filter(({ spec }) => spec.publishNotReadyAddresses === true).map(({ key }) => key)),
    unread,
  }
}

function keyOf(object: Readonly<Record<string, unknown>>): string {
  const { namespace, name } = partOf(object.metadata)
  return `${textOf(namespace)}/${textOf(name)}`
}

function podView(pod: Readonly<Record<string, unknown>>): PodView {
  const metadata = partOf(pod.metadata)
  const spec = partOf(pod.spec)
  const status = partOf(pod.status)
  const ready = listOf(status.conditions)
    .map(partOf)
    .find(({ type }) => type === 'Ready')
  const addresses = listOf(status.podIPs).map((entry) => textOf(partOf(entry).ip))
  return {
    namespace: textOf(metadata.namespace),
    name: textOf(metadata.name),
    phase: textOf(status.phase),
    ready: ready?.status === 'True',
    terminating: textOf(metadata.deletionTimestamp) !== '',
    addresses: addresses.length > 0 ? addresses : [textOf(status.podIP)].filter((address) => address !== ''),
    labels: labelsOf(metadata.labels),
    hostname: textOf(spec.hostname),
    subdomain: textOf(spec.subdomain),
    hostNetwork: spec.hostNetwork === true,
    dnsPolicy: (textOf(spec.dnsPolicy) || 'ClusterFirst') as DnsPolicy,
    dnsConfig:
      spec.dnsConfig === undefined || spec.dnsConfig === null ? undefined : dnsConfigOf(partOf(spec.dnsConfig)),
  }
}

function dnsConfigOf({ nameservers, searches, options }: Readonly<Record<string, unknown>>): PodDnsConfig {
  return {
    nameservers: listOf(nameservers).map(textOf),
    searches: listOf(searches).map(textOf),
    options: listOf(options).map((option) => ({
      name: textOf(partOf(option).name),
      value: textOf(partOf(option).value),
    })),
  }
}

function labelsOf(value: unknown): Record<string, string> {
  const texts = Object.entries(partOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(texts)
}

export function readsPods({ unread }: ClusterView): boolean {
  return !unread.some(({ kind }) => kind === 'pods')
}

/** Do the labels have all of the selector? */
export function isSelected(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}
