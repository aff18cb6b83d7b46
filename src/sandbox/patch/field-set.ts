// Sets of fields as server-side apply keeps them (FieldsV1): a tree whose steps are `f:NAME`, `k:{KEYS}` and `v:VALUE`.
import { isRecord } from '../object.ts'
import { type Field, type ObjectType, objectType } from '../schema/schema.ts'

/** `.` in a tree says that the thing itself is in the set, not only what is in it. */
export interface FieldTree {
  readonly [step: string]: FieldTree
}

/** A place that is set as a whole. */
export interface Leaf {
  readonly path: readonly string[]
  readonly value: unknown
}

/** What identifies objects is nobody's field. */
const identity = ['apiVersion', 'kind']
const identityMetadata = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
]

/** Every place an object sets, and every list item, map and set value as such (path ending in `.`). */
export function* leaves(type: ObjectType, object: Readonly<Record<string, unknown>>): Generator<Leaf> {
  for (const [name, value] of Object.entries(object)) {
    const field = type.fields.get(name)
    if (field === undefined || identity.includes(name)) continue
    if (name === 'metadata' && field.type === 'ObjectMeta' && isRecord(value)) {
      const entries = Object.entries(value).filter(([each]) => !identityMetadata.includes(each))
      for (const leaf of leaves(objectType('ObjectMeta'), Object.fromEntries(entries))) {
        yield { path: ['f:metadata', ...leaf.path], value: leaf.value }
      }
    } else yield* fieldLeaves(field, [`f:${name}`], value)
  }
}

function* fieldLeaves(field: Field, path: readonly string[], value: unknown): Generator<Leaf> {
  if (field.shape === 'map' && !field.atomic && isRecord(value)) {
    yield { path: [...path, '.'], value }
    for (const [key, item] of Object.entries(value)) yield { path: [...path, `f:${key}`], value: item }
  } else if (field.shape === 'list' && field.keys.length > 0 && Array.isArray(value)) {
    yield { path: [...path, '.'], value }
    for (const item of value) {
      if (!isRecord(item)) continue
      const at = [...path, keyStep(field, item)]
      yield { path: [...at, '.'], value: item }
      const inner = field.scalar === undefined ? leaves(objectType(field.type), item) : []
      for (const leaf of inner) yield { path: [...at, ...leaf.path], value: leaf.value }
    }
  } else if (field.shape === 'list' && field.set && Array.isArray(value)) {
    yield { path: [...path, '.'], value }
    for (const item of value) yield { path: [...path, `v:${JSON.stringify(item)}`], value: item }
  } else if (field.shape === 'one' && field.scalar === undefined && isRecord(value)) {
    // An empty struct is set as a whole.
    if (Object.keys(value).length === 0) yield { path, value }
    for (const leaf of leaves(objectType(field.type), value)) yield { path: [...path, ...leaf.path], value: leaf.value }
  } else yield { path, value }
}

/** The step to an item of a list whose items are told apart by keys. */
export function keyStep(field: Field, item: Readonly<Record<string, unknown>>): string {
  const inner = field.scalar === undefined ? objectType(field.type) : undefined
  const keys = [...field.keys].sort().flatMap((key) => {
    const value = item[key] ?? inner?.fields.get(key)?.fallback
    return value === undefined ? [] : [[key, value] as const]
  })
  return `k:${JSON.stringify(Object.fromEntries(keys))}`
}

/** The tree of some paths. */
export function treeOf(paths: Iterable<readonly string[]>): FieldTree {
  const root: Record<string, FieldTree> = {}
  for (const path of paths) {
    let at: Record<string, FieldTree> = root
    for (const step of path) {
      const next = at[step] ?? {}
      at[step] = next
      at = next as Record<string, FieldTree>
    }
  }
  return root
}

function nodeAt(tree: FieldTree, path: readonly string[]): FieldTree | undefined {
  let at: FieldTree | undefined = tree
  for (const step of path) at = at?.[step]
  return at
}

/** Is the place itself in the set, not only something in it? */
export function hasPlace(tree: FieldTree, path: readonly string[]): boolean {
  const node = nodeAt(tree, path)
  return node !== undefined && (Object.keys(node).length === 0 || '.' in node)
}

/** Is the place, or something in it, in the set? */
export function reaches(tree: FieldTree, path: readonly string[]): boolean {
  return nodeAt(tree, path) !== undefined
}

/** The paths of a tree's leaves. */
export function* pathsOf(tree: FieldTree, prefix: readonly string[] = []): Generator<readonly string[]> {
  for (const [step, inner] of Object.entries(tree)) {
    if (Object.keys(inner).length === 0) yield [...prefix, step]
    else yield* pathsOf(inner, [...prefix, step])
  }
}

/** A path as messages show it: `.spec.ports[port=80,protocol="TCP"].targetPort`. */
export function printPath(path: readonly string[]): string {
  return path
    .filter((step) => step !== '.')
    .map((step) => {
      const rest = step.slice(2)
      if (step.startsWith('f:')) return `.${rest}`
      if (step.startsWith('v:')) return `[=${rest}]`
      const keys = JSON.parse(rest) as Record<string, unknown>
      return `[${Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`)}]`
    })
    .join('')
}
