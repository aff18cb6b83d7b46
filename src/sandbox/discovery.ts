// Which kinds are served, and how: discovery, plain and aggregated.
import { apiVersionOf, type Kind, kinds } from './kinds.ts'
import { negotiate } from './negotiation.ts'
import type { Answer } from './verbs/answer.ts'

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
    ...(kind.kind === 'Pod'
      ? [{ name: 'eviction', verbs: ['create'], kind: { group: 'policy', version: 'v1', kind: 'Eviction' } }]
      : []),
    ...(kind.kind === 'Namespace' ? [{ name: 'finalize', verbs: ['update'], kind: own }] : []),
    ...(kind.scale ? [{ name: 'scale', verbs: partVerbs, kind: scale }] : []),
    ...(kind.status ? [{ name: 'status', verbs: partVerbs, kind: own }] : []),
  ]
}

const groups = () => [...new Set(kinds.map((kind) => kind.group))].filter((group) => group !== '')
const versionsOf = (group: string) => [
  ...new Set(kinds.filter((kind) => kind.group === group).map((kind) => kind.version)),
]

/** The answer for /api, /apis and the paths of groups and versions below them; undefined for other paths. */
export function discovery(path: string, accept: string): Answer | undefined {
  const [root, first, second, ...rest] = path.split('/').filter((part) => part !== '')
  if ((root !== 'api' && root !== 'apis') || rest.length > 0) return undefined
  if (first === undefined) {
    const form = negotiate(accept, ['APIGroupDiscoveryList'])
    if (form.as === 'APIGroupDiscoveryList') {
      return { code: 200, body: aggregated(root === 'api' ? [''] : groups()), contentType: form.contentType }
    }
    return {
      code: 200,
      body:
        root === 'api' ? coreVersions : { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(groupEntry) },
    }
  }
  const body =
    root === 'api' ? (second === undefined ? resources('', first) : undefined) : groupOrVersion(first, second)
  return body === undefined ? undefined : { code: 200, body }
}

const coreVersions = { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }

function groupOrVersion(group: string, version: string | undefined): Json | undefined {
  if (version !== undefined) return resources(group, version)
  return groups().includes(group) ? { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) } : undefined
}

function groupEntry(group: string): Json {
  const versions = versionsOf(group).map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions, preferredVersion: versions[0] }
}

function resources(group: string, version: string): Json | undefined {
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

function aggregated(wanted: readonly string[]): Json {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: wanted.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versionsOf(group).map((version) => ({
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
