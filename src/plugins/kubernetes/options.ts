// The options of `kubernetes`: from its directive to plain data.
import type { Kind } from '../../cluster/store.ts'
import type { ClusterOptions } from '../../cluster/watch.ts'
import { CorefileError, type Directive, type ServerBlock } from '../../corefile/directive.ts'
import { once, type Properties, readArg, readArgs, readBlock, readValue } from '../../corefile/read-block.ts'
import { parseDuration, parseFloatingPoint, parseInteger } from '../../corefile/values.ts'
import { parseZones, zonesOf } from '../../corefile/zones.ts'
import { isWithin, type Name, printName, root } from '../../dns/name.ts'
import { checkSelector, SelectorError } from './label-selector.ts'
import { labelPrefix } from './metadata.ts'
import { isReverseName, isReverseTree, type Zone, zoneOf } from './zone.ts'

export type PodMode = 'disabled' | 'insecure' | 'verified'

export interface KubernetesOptions {
  /** The longest first. */
  readonly zones: readonly Zone[]
  /** The zone that reverse names lead to. */
  readonly primary: Name
  readonly cluster: ClusterOptions
  /** Only these namespaces are shown; all where there are none. Compared as written. */
  readonly namespaces: readonly string[]
  readonly pods: PodMode
  /** Endpoints without a hostname are called by their pod's name. */
  readonly endpointPodNames: boolean
  /** Seconds. */
  readonly ttl: number
  /** What isn't found in these zones is for the next plugin. */
  readonly fallthrough: readonly Name[]
  /** A service with cluster IPs but without a ready endpoint isn't there. */
  readonly ignoreEmptyService: boolean
  /** Of endpoints of which none is ready, those count that end but still serve. */
  readonly terminatingEndpoints: boolean
  /** Milliseconds. */
  readonly startupTimeout: number
  /** Milliseconds without the API server after which answers say that they are stale. */
  readonly staleAfter: number
  /** To be said when it starts. */
  readonly warnings: readonly string[]
}

/** What the properties leave behind, before it is put together. */
interface Draft {
  endpoints: readonly string[]
  tls: { readonly cert: string; readonly key: string; readonly ca: string } | undefined
  kubeconfig: { readonly file: string; readonly context: string } | undefined
  namespaces: readonly string[]
  labels: string
  namespaceLabels: string | undefined
  pods: PodMode
  endpointPodNames: boolean
  ttl: number
  noEndpoints: boolean
  fallthrough: readonly Name[]
  ignoreEmptyService: boolean
  terminatingEndpoints: boolean
  startupTimeout: number
  staleAfter: number
  snapshot: string
  multicluster: readonly Name[]
  zonal: boolean
}

export function parseOptions(directives: readonly Directive[], block: ServerBlock): KubernetesOptions {
  const directive = once(directives)
  const names = [...new Set(zonesOf(directive.args, block))]
  // The whole tree of one family passes for a zone of services too, as in CoreDNS, but never before a real one.
  const first = names.find((name) => !isReverseName(name)) ?? names.find(isReverseTree)
  if (first === undefined) throw new CorefileError(directive, 'non-reverse zone name must be used')
  const draft: Draft = {
    endpoints: [],
    tls: undefined,
    kubeconfig: undefined,
    namespaces: [],
    labels: '',
    namespaceLabels: undefined,
    pods: 'disabled',
    endpointPodNames: false,
    ttl: 5,
    noEndpoints: false,
    fallthrough: [],
    ignoreEmptyService: false,
    terminatingEndpoints: false,
    startupTimeout: 5000,
    staleAfter: 60_000,
    snapshot: '',
    multicluster: [],
    zonal: false,
  }
  readBlock(directive, propertiesOf(draft))
  if (draft.namespaces.length > 0 && draft.namespaceLabels !== undefined) {
    throw new CorefileError(directive, 'namespaces and namespace_labels cannot both be set')
  }
  const zones = zonesFrom(names, draft)
  const unserved = draft.multicluster.find((zone) => !names.includes(zone))
  if (unserved !== undefined) {
    const words = `is not authoritative for the multicluster zone ${printName(unserved)}`
    throw new CorefileError(directive, `${words} (authoritative zones: [${names.map(printName).join(' ')}])`)
  }
  if (draft.zonal && draft.noEndpoints) {
    throw new CorefileError(directive, 'zonal requires the endpoint cache; remove noendpoints')
  }
  const { namespaces, pods, endpointPodNames, ttl, fallthrough, ignoreEmptyService } = draft
  return {
    zones: zones.toSorted((a, b) => b.name.length - a.name.length),
    // Names of this cluster's own services are in no zone of several clusters.
    primary: zones.find((zone) => !zone.isReverse && !zone.isMulticluster)?.name ?? first,
    cluster: clusterOptions(draft, block),
    namespaces,
    pods,
    endpointPodNames,
    ttl,
    fallthrough,
    ignoreEmptyService,
    terminatingEndpoints: draft.terminatingEndpoints,
    startupTimeout: draft.startupTimeout,
    staleAfter: draft.staleAfter,
    warnings: warningsFor(draft),
  }
}

function propertiesOf(draft: Draft): Properties {
  return {
    endpoint: (property) => {
      draft.endpoints = readArgs(property, 1, Number.POSITIVE_INFINITY)
    },
    tls: (property) => {
      const [cert = '', key = '', ca = ''] = readArgs(property, 3)
      draft.tls = { cert, key, ca }
    },
    kubeconfig: (property) => {
      const [file = '', context = ''] = readArgs(property, 1, 2)
      draft.kubeconfig = { file, context }
    },
    apiserver_qps: (property) => checkLimit(property, parseFloatingPoint),
    apiserver_burst: (property) => checkLimit(property, parseInteger),
    apiserver_max_inflight: (property) => checkLimit(property, parseInteger),
    namespaces: (property) => {
      draft.namespaces = [...draft.namespaces, ...readArgs(property, 1, Number.POSITIVE_INFINITY)]
    },
    namespace_labels: (property) => {
      draft.namespaceLabels = readSelector(property, 'namespace_label selector')
    },
    labels: (property) => {
      draft.labels = readSelector(property, 'label selector')
    },
    pods: (property) => {
      draft.pods = readPodMode(property)
    },
    endpoint_pod_names: (property) => {
      readArgs(property, 0)
      draft.endpointPodNames = true
    },
    ttl: (property) => {
      draft.ttl = readTtl(property)
    },
    noendpoints: (property) => {
      readArgs(property, 0)
      draft.noEndpoints = true
    },
    fallthrough: ({ args }) => {
      draft.fallthrough = args.length === 0 ? [root] : parseZones(args)
    },
    ignore: (property) => {
      // Without a word it means nothing, and further words are overlooked, as in CoreDNS.
      const [what] = property.args
      if (what === undefined) return
      if (what !== 'empty_service') throw new CorefileError(property, `unable to parse ignore value: '${what}'`)
      draft.ignoreEmptyService = true
    },
    terminating_endpoints: (property) => {
      readArgs(property, 0)
      draft.terminatingEndpoints = true
    },
    startup_timeout: (property) => {
      const [text = ''] = readArgs(property, 1, Number.POSITIVE_INFINITY)
      draft.startupTimeout = readDuration(property, text)
    },
    stale_after: (property) => {
      draft.staleAfter = readDuration(property, readArg(property))
      if (draft.staleAfter < 0) throw new CorefileError(property, 'stale_after must be >= 0')
    },
    snapshot: (property) => {
      draft.snapshot = readArg(property)
    },
    multicluster: ({ args }) => {
      draft.multicluster = parseZones(args)
    },
    zonal: (property) => {
      readArgs(property, 0)
      draft.zonal = true
    },
  }
}

/** What is below a zone of several clusters is one too. */
function zonesFrom(names: readonly Name[], { multicluster, zonal }: Draft): Zone[] {
  return names.map((name) =>
    zoneOf(name, { isMulticluster: multicluster.some((zone) => isWithin(name, zone)), isZonal: zonal }),
  )
}

/** Limits for a client of many requests. There is one request per kind here, so that there is nothing to limit. */
function checkLimit(property: Directive, parse: (text: string) => number): void {
  const { name } = property
  const text = readArg(property)
  const limit = readValue(
    property,
    () => parse(text),
    (problem) => `invalid ${name} ${JSON.stringify(text)}: ${problem}`,
  )
  if (limit < 0) throw new CorefileError(property, `${name} must be >= 0`)
}

function readSelector(property: Directive, what: string): string {
  const selector = readArgs(property, 1, Number.POSITIVE_INFINITY).join(' ')
  try {
    checkSelector(selector)
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error
    throw new CorefileError(property, `unable to parse ${what} value: '${selector}': ${error.message}`, {
      cause: error,
    })
  }
  return selector
}

/** Milliseconds. */
function readDuration(property: Directive, text: string): number {
  const words = (problem: string) => `failed to parse ${property.name}: ${text}, ${problem}`
  return readValue(property, () => parseDuration(text), words)
}

function readPodMode(property: Directive): PodMode {
  const mode = readArg(property)
  if (mode === 'disabled' || mode === 'insecure' || mode === 'verified') return mode
  throw new CorefileError(property, `wrong value for pods: ${mode},  must be one of: disabled, verified, insecure`)
}

function readTtl(property: Directive): number {
  const [text = ''] = readArgs(property, 1, Number.POSITIVE_INFINITY)
  const ttl = readValue(property, () => parseInteger(text))
  if (ttl < 0 || ttl > 3600) throw new CorefileError(property, `ttl must be in range [0, 3600]: ${ttl}`)
  return ttl
}

function clusterOptions(draft: Draft, block: ServerBlock): ClusterOptions {
  const { endpoints, tls, kubeconfig, labels, namespaceLabels, namespaces, noEndpoints, pods, snapshot } = draft
  const [url] = endpoints
  const kinds: Kind[] = ['services', 'namespaces']
  if (!noEndpoints) kinds.push('endpointslices')
  if (pods === 'verified') kinds.push('pods')
  if (draft.multicluster.length > 0) kinds.push('serviceimports', 'importedslices')
  return {
    connection:
      kubeconfig !== undefined
        ? { from: 'kubeconfig', ...kubeconfig }
        : url !== undefined
          ? { from: 'endpoint', url, tls }
          : { from: 'cluster' },
    kinds,
    labelSelector: labels,
    namespaceSelector: namespaceLabels ?? '',
    namespaces,
    podLabels: pods === 'verified' && block.directives.some(asksForLabels),
    ...(snapshot === '' ? {} : { snapshot }),
  }
}

/** Whoever asks for facts about a query names them: `{/kubernetes/client-label/app}`, `metadata('kubernetes/client-label/app')`. */
function asksForLabels({ args, block }: Directive): boolean {
  return (
    args.some((arg) => arg.includes(labelPrefix)) ||
    block.some((property) => asksForLabels(property) || property.name.includes(labelPrefix))
  )
}

function warningsFor({ endpoints: [first, second] }: Draft): string[] {
  if (first === undefined || second === undefined) return []
  return [`Multiple endpoints have been deprecated, only the first specified endpoint '${first}' is used`]
}
