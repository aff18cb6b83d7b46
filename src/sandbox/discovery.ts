// Which kinds are served, and how: discovery, plain and aggregated.
import { apiVersionOf, type Kind, namespaces, pods } from './kinds.ts'
import { negotiate } from './negotiation.ts'
import type { Answer } from './verbs/answer.ts'

type Kinds = readonly Kind[]
type Json = Record<string, unknown>

const everyVerb = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const partVerbs = ['get', 'patch', 'update']

/** What is below a kind in discovery: its subresources. */
interface Subresource {
  readonly name: string
  readonly verbs: readonly string[]
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
}

function subresources(kind: Kind): Subresource[] {
  const own = { group: kind.group, version: kind.version, kind: kind.kind }
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
  return [
    ...(kind === pods
      ? [{ name: 'eviction', verbs: ['create'], kind: { group: 'policy', version: 'v1', kind: 'Eviction' } }]
      : []),
    ...(kind === namespaces ? [{ name: 'finalize', verbs: ['update'], kind: own }] : []),
    ...(kind.scale ? [{ name: 'scale', verbs: partVerbs, kind: scale }] : []),
    ...(kind.status ? [{ name: 'status', verbs: partVerbs, kind: own }] : []),
  ]
}

const groupsOf = (kinds: Kinds) => [...new Set(kinds.map((kind) => kind.group))].filter((group) => group !== '')
const versionsOf = (kinds: Kinds, group: string) => [
  ...new Set(kinds.filter((kind) => kind.group === group).map((kind) => kind.version)),
]

/** The answer for /api, /apis and the paths of groups and versions below them; undefined for other paths. */
export function discovery(path: string, accept: string, kinds: Kinds): Answer | undefined {
  const [root, first, second, ...rest] = path.split('/').filter((part) => part !== '')
  if ((root !== 'api' && root !== 'apis') || rest.length > 0) return undefined
  if (first === undefined) {
    const form = negotiate(accept, ['APIGroupDiscoveryList'])
    if (form.as === 'APIGroupDiscoveryList') {
      return {
        code: 200,
        body: aggregated(kinds, root === 'api' ? [''] : groupsOf(kinds)),
        contentType: form.contentType,
      }
    }
    const groups = groupsOf(kinds).map((group) => groupEntry(kinds, group))
    return { code: 200, body: root === 'api' ? coreVersions : { kind: 'APIGroupList', apiVersion: 'v1', groups } }
  }
  const body =
    root === 'api'
      ? second === undefined
        ? resources(kinds, '', first)
        : undefined
      : groupOrVersion(kinds, first, second)
  return body === undefined ? undefined : { code: 200, body }
}

const coreVersions = { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }

function groupOrVersion(kinds: Kinds, group: string, version: string | undefined): Json | undefined {
  if (version !== undefined) return resources(kinds, group, version)
  return groupsOf(kinds).includes(group)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(kinds, group) }
    : undefined
}

function groupEntry(kinds: Kinds, group: string): Json {
  const versions = versionsOf(kinds, group).map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions, preferredVersion: versions[0] }
}

function resources(kinds: Kinds, group: string, version: string): Json | undefined {
  const served = kinds.filter((kind) => kind.group === group && kind.version === version)
  const [first] = served
  if (first === undefined) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(first),
    resources: served.flatMap((kind) => [
      {
        name: kind.resource,
        singularName: kind.singular,
        namespaced: kind.namespaced,
        kind: kind.kind,
        verbs: everyVerb,
        ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
        ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
      },
      ...subresources(kind).map((part) => ({
        name: `${kind.resource}/${part.name}`,
        singularName: '',
        namespaced: kind.namespaced,
        ...(part.kind.group === kind.group ? {} : { group: part.kind.group, version: part.kind.version }),
        kind: part.kind.kind,
        verbs: part.verbs,
      })),
    ]),
  }
}

function aggregated(kinds: Kinds, wanted: readonly string[]): Json {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: wanted.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versionsOf(kinds, group).map((version) => ({
        version,
        freshness: 'Current',
        resources: kinds.filter((kind) => kind.group === group && kind.version === version).map(aggregatedResource),
      })),
    })),
  }
}

function aggregatedResource(kind: Kind): Json {
  const parts = subresources(kind).map((part) => ({
    subresource: part.name,
    responseKind: part.kind,
    verbs: part.verbs,
  }))
  return {
    resource: kind.resource,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: everyVerb,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(parts.length > 0 ? { subresources: parts } : {}),
  }
}
