// The search path of the pod that asks, as kubelet writes it, for the plugin that walks it in the pod's stead.
import { readFileSync } from 'node:fs'
import { isWithin, labelsOf, lowerName, type Name, NameError, parseName, prepend, root } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import type { Log } from '../../log.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import { below } from './service-name.ts'
import { findZone, type Zone } from './zone.ts'

/**
 * `NS.svc.ZONE`, `svc.ZONE`, `ZONE`, the host's own search list and at last none. Undefined for names outside of the
 * zones and for clients that are no pod we know, which is every one unless pods are verified. Pods that share their node's
 * address are told apart by the question.
 */
export function searchPathOf(
  exposed: ExposedCluster,
  { name, client }: Query,
  hostSearch: readonly Name[],
): readonly Name[] | undefined {
  const zone = findZone(exposed.options.zones, name)
  if (zone === undefined) return undefined
  let path: readonly Name[] | undefined
  for (const { namespace } of exposed.cluster.podsAt(client.address)) {
    const domains = clusterDomains(namespace, zone)
    const [own] = domains ?? []
    if (domains === undefined || own === undefined) continue
    const candidate = [...domains, ...hostSearch, root]
    if (isWithin(name, own)) return candidate
    path ??= candidate
  }
  return path
}

/**
 * As searchPathOf for `NAME.NS.svc.ZONE`, where the namespace is there, and NAME has at least two labels the last of which
 * is no service of it: a client that means an endpoint of a service, or its port, is not walked for. Out of the cluster goes
 * only what may be a name of the Internet.
 */
export function searchPathInQuestion(
  exposed: ExposedCluster,
  { name }: Query,
  hostSearch: readonly Name[],
): readonly Name[] | undefined {
  const { zones } = exposed.options
  const zone = findZone(zones, name)
  if (zone === undefined || zone.isReverse) return undefined
  const labels = labelsOf(name.slice(0, name.length - zone.name.length) as Name)
  const [namespace = '', service] = labels.slice(-2)
  const stem = labels.slice(0, -2)
  if (service !== 'svc' || stem.length < 2 || !exposed.hasNamespace(namespace)) return undefined
  if (exposed.cluster.service(namespace, stem.at(-1) ?? '') !== undefined) return undefined
  const domains = clusterDomains(namespace, zone)
  if (domains === undefined) return undefined
  if (findZone(zones, prepend(stem, root)) !== undefined) return [...domains, root]
  return isPublic(stem) ? [...domains, ...hostSearch, root] : domains
}

/** Undefined where they would be too long. */
function clusterDomains(namespace: string, zone: Zone): readonly Name[] | undefined {
  const services = below('svc', zone.name)
  const own = services === undefined ? undefined : below(namespace, services)
  return services === undefined || own === undefined ? undefined : [own, services, zone.name]
}

/** What ends with none of the top-level domains that there are: those of RFC 6761, 6762, 7686, 9476, and `internal`. */
const special = new Set(['alt', 'arpa', 'internal', 'invalid', 'local', 'localhost', 'onion', 'svc', 'test'])

/** May it be a name of the Internet? */
function isPublic(labels: readonly string[]): boolean {
  const last = labels.at(-1) ?? ''
  return /^(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/.test(last) && !special.has(last)
}

/** The search list of the machine, or of the pod, that we run on; none where it can't be read. */
export function hostSearchList(log: Log, file: string = '/etc/resolv.conf'): readonly Name[] {
  try {
    return parseSearchList(readFileSync(file, 'utf8'))
  } catch (error) {
    log.debug(`no search list from ${file}: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

/** Of several lines `search` or `domain` the last counts (resolv.conf(5)). Words that are no names are left out. */
export function parseSearchList(text: string): readonly Name[] {
  let words: readonly string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...rest] = line.trim().split(/\s+/)
    if (keyword === 'search') words = rest
    if (keyword === 'domain') words = rest.slice(0, 1)
  }
  return words.flatMap((word) => {
    try {
      return [lowerName(parseName(word))]
    } catch (error) {
      if (error instanceof NameError) return []
      throw error
    }
  })
}
