// The search path of the pod that asks, as kubelet writes it, for the plugin that walks it in the pod's stead.
import { readFileSync } from 'node:fs'
import { lowerName, type Name, NameError, parseName, root } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import type { Log } from '../../log.ts'
import type { ExposedCluster } from './exposed-cluster.ts'
import { below } from './service-name.ts'
import { findZone } from './zone.ts'

/**
 * `NS.svc.ZONE`, `svc.ZONE`, `ZONE`, the host's own search list and at last none. Undefined for names outside of the
 * zones and for clients that are no pod we know, which is every one unless pods are verified.
 */
export function searchPathOf(
  exposed: ExposedCluster,
  { name, client }: Query,
  hostSearch: readonly Name[],
): readonly Name[] | undefined {
  const zone = findZone(exposed.options.zones, name)
  const [pod] = exposed.cluster.podsAt(client.address)
  if (zone === undefined || pod === undefined) return undefined
  const services = below('svc', zone.name)
  const own = services === undefined ? undefined : below(pod.namespace, services)
  if (services === undefined || own === undefined) return undefined
  return [own, services, zone.name, ...hostSearch, root]
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
