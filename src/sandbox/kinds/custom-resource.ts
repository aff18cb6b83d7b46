// CustomResourceDefinitions, and the kinds they make: served as soon as they are stored, gone with all objects when they are deleted.
import { type Kind, kinds, makeKind } from '../kinds.ts'
import { dnsSubdomain } from '../names.ts'
import { isRecord, type KubeObject } from '../object.ts'
import type { Condition } from '../resources.ts'
import { type JsonSchema, valueFaults, withDefaults, withoutHead } from '../schema/json-schema.ts'
import { type Cause, cause } from '../status.ts'
import type { Store } from '../store.ts'
import type { Strategy } from './strategy.ts'

interface Names {
  readonly plural?: string
  readonly singular?: string
  readonly kind?: string
  readonly listKind?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

interface DefinedVersion {
  readonly name?: string
  readonly served?: boolean
  readonly storage?: boolean
  readonly schema?: { readonly openAPIV3Schema?: JsonSchema }
  readonly subresources?: { readonly status?: object }
}

export interface CustomResourceDefinition extends KubeObject {
  readonly spec: {
    readonly group?: string
    readonly names?: Names
    readonly scope?: string
    readonly versions?: readonly DefinedVersion[]
    readonly conversion?: object
  }
  readonly status?: { readonly conditions?: readonly Condition[] }
}

/** The kind a definition makes: of its versions the one that is stored. Undefined where that one is not served. */
function definedKind({ spec }: CustomResourceDefinition): Kind | undefined {
  const { group = '', names = {}, scope } = spec
  const version = spec.versions?.find(({ storage }) => storage === true)
  if (version?.served !== true) return undefined
  return makeKind({
    group,
    version: version.name ?? '',
    kind: names.kind ?? '',
    resource: names.plural ?? '',
    singular: names.singular ?? '',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    ...(scope === 'Cluster' ? { cluster: true } : {}),
    status: version.subresources?.status !== undefined,
    schema: version.schema?.openAPIV3Schema ?? {},
  })
}

/** A definition of a kind the sandbox has anyway changes nothing of it. */
const isBuiltIn = (name: string) => kinds.some(({ id }) => id === name)

export function customResourceDefinitionStrategy(store: Store): Strategy<CustomResourceDefinition> {
  const servedAs = (name: string) => store.kinds.find(({ id }) => id === name)

  /** Serves the kind of a definition, or no longer; what is built in stays. */
  function serve(name: string, kind: Kind | undefined): void {
    if (isBuiltIn(name)) return
    store.withdraw(name)
    if (kind !== undefined) store.serve(kind)
  }

  return {
    nameRule: dnsSubdomain,
    generation: true,
    newStatus: () => ({}),
    complete(definition) {
      const { spec = {} } = definition
      const names = { ...spec.names }
      const singular = names.singular ?? names.kind?.toLowerCase() ?? ''
      const listKind = names.listKind ?? `${names.kind}List`
      const conversion = spec.conversion ?? { strategy: 'None' }
      return { ...definition, spec: { ...spec, names: { ...names, singular, listKind }, conversion } }
    },
    faults: definitionFaults,
    acquire(definition, old) {
      const { name } = definition.metadata
      const before = servedAs(name)
      const kind = definedKind(definition)
      const rival = store.kinds.find(
        (each) => each.group === kind?.group && each.kind === kind.kind && each.id !== kind.id,
      )
      serve(name, rival === undefined ? kind : undefined)
      const status = statusOf(definition, rival, old)
      return { object: { ...definition, status }, undo: () => serve(name, before) }
    },
    release({ metadata: { name } }) {
      const kind = servedAs(name)
      if (kind === undefined || isBuiltIn(name)) return
      for (const object of [...store.list(kind)]) {
        store.remove(kind, object.metadata.namespace ?? '', object.metadata.name)
      }
      store.withdraw(name)
    },
  }
}

function statusOf({ spec }: CustomResourceDefinition, rival: Kind | undefined, old?: CustomResourceDefinition): object {
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string): Condition => {
    const before = old?.status?.conditions?.find((each) => each.type === type)
    const since = before?.status === status ? before.lastTransitionTime : undefined
    const lastTransitionTime = since ?? `${new Date().toISOString().slice(0, 19)}Z`
    return { type, status, reason, message, lastTransitionTime }
  }
  const taken = `"${spec.names?.kind}" is already in use`
  const conditions =
    rival === undefined
      ? [
          condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'),
          condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted'),
        ]
      : [
          condition('NamesAccepted', 'False', 'KindConflict', taken),
          condition('Established', 'False', 'NotAccepted', 'not all names are accepted'),
        ]
  const stored = (spec.versions ?? []).filter(({ storage }) => storage === true).map(({ name }) => name)
  return { acceptedNames: rival === undefined ? spec.names : {}, conditions, storedVersions: stored }
}

function definitionFaults({ metadata, spec }: CustomResourceDefinition, old?: CustomResourceDefinition): Cause[] {
  const { group = '', names = {}, scope = '', versions = [] } = spec
  const wanted = `${names.plural}.${group}`
  const required = { 'spec.group': group, 'spec.names.plural': names.plural, 'spec.names.kind': names.kind }
  return [
    ...Object.entries(required).flatMap(([field, value]) => (value ? [] : [cause.required(field)])),
    ...(metadata.name === wanted
      ? []
      : [cause.invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...(['Cluster', 'Namespaced'].includes(scope)
      ? []
      : [cause.notSupported('spec.scope', scope, ['Cluster', 'Namespaced'])]),
    ...(old === undefined || old.spec.scope === scope
      ? []
      : [cause.invalid('spec.scope', scope, 'field is immutable')]),
    ...(versions.filter(({ storage }) => storage === true).length === 1
      ? []
      : [cause.invalid('spec.versions', versions.length, 'must have exactly one version marked as storage version')]),
    ...versions.flatMap(({ name, schema }, index) => {
      const at = `spec.versions[${index}]`
      const root = schema?.openAPIV3Schema
      return [
        ...(name ? [] : [cause.required(`${at}.name`)]),
        ...(isRecord(root)
          ? schemaFaults(root, `${at}.schema.openAPIV3Schema`)
          : [cause.required(`${at}.schema.openAPIV3Schema`, 'schemas are required')]),
        ...(!isRecord(root) || root.type === 'object'
          ? []
          : [cause.invalid(`${at}.schema.openAPIV3Schema.type`, root.type, 'must be object at the root')]),
      ]
    }),
  ]
}

/** What would be in the way of whoever obeys the schema: patterns that are none, schemas that are no objects. */
function schemaFaults(schema: unknown, path: string): Cause[] {
  if (!isRecord(schema)) return [cause.invalid(path, schema, 'must be a schema')]
  const { pattern, properties = {}, items, additionalProperties, allOf = [], anyOf = [], oneOf = [], not } = schema
  const { enum: values = [], required = [] } = schema
  const lists = { allOf, anyOf, oneOf, enum: values, required }
  const wrong = Object.entries(lists).filter(([, list]) => !Array.isArray(list))
  if (wrong.length > 0) return wrong.map(([name, list]) => cause.invalid(`${path}.${name}`, list, 'must be a list'))
  if (!isRecord(properties)) return [cause.invalid(`${path}.properties`, properties, 'must be an object')]
  const inner = [
    ...Object.entries(properties).map(([name, each]) => [`properties[${name}]`, each] as const),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((name) =>
      (lists[name] as unknown[]).map((each, index) => [`${name}[${index}]`, each] as const),
    ),
    ...(items === undefined ? [] : [['items', items] as const]),
    ...(not === undefined ? [] : [['not', not] as const]),
    ...(additionalProperties === undefined || typeof additionalProperties === 'boolean'
      ? []
      : [['additionalProperties', additionalProperties] as const]),
  ]
  return [...patternFaults(pattern, path), ...inner.flatMap(([name, each]) => schemaFaults(each, `${path}.${name}`))]
}

function patternFaults(pattern: unknown, path: string): Cause[] {
  if (pattern === undefined) return []
  try {
    new RegExp(String(pattern))
    return []
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [
      cause.invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${error.message}`),
    ]
  }
}

/** The rules of a kind that a definition made. */
export function customResourceStrategy(kind: Kind, schema: JsonSchema): Strategy {
  return {
    nameRule: dnsSubdomain,
    generation: true,
    checksStatus: true,
    complete(object, old) {
      const { apiVersion, kind: _, metadata, status, ...given } = object
      // With a status of its own, a write to the object leaves that alone.
      const kept = kind.status ? old?.status : status
      const complete = withDefaults(schema, { ...given, ...(kept === undefined ? {} : { status: kept }) })
      return { apiVersion, kind: kind.kind, metadata, ...(complete as object) }
    },
    faults: ({ apiVersion: _, kind: __, metadata: ___, ...given }) => valueFaults(withoutHead(schema), given, ''),
  }
}
