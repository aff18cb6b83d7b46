// Kubernetes objects as the sandbox holds them: plain JSON that never changes once stored.

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** As in meta/v1; times are RFC 3339 in UTC. */
export interface ObjectMeta {
  readonly name: string
  readonly generateName?: string
  /** '' or absent for kinds without a namespace. */
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly finalizers?: readonly string[]
  readonly managedFields?: readonly unknown[]
}

export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec?: object
  readonly status?: object
}

/** `NAMESPACE/NAME`, or `/NAME` for kinds without a namespace: the key of an object within its kind. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

/** The two halves of a key. */
export function splitKey(key: string): [namespace: string, name: string] {
  const slash = key.indexOf('/')
  return [key.slice(0, slash), key.slice(slash + 1)]
}

/** A copy of the object with some of its metadata replaced; a field given as undefined is gone. */
export function withMetadata<T extends KubeObject>(
  object: T,
  changes: { readonly [field in keyof ObjectMeta]?: ObjectMeta[field] | undefined },
): T {
  const metadata: Record<string, unknown> = { ...object.metadata }
  for (const [field, value] of Object.entries(changes)) {
    if (value === undefined) delete metadata[field]
    else metadata[field] = value
  }
  return { ...object, metadata: metadata as unknown as ObjectMeta }
}

/** The owner that made the object and looks after it, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)
}

/** The reference by which `owner` controls what it makes. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** Is this a JSON object, not null and not an array? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Are two JSON values the same, whatever the order of their fields? */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  }
  if (!isRecord(a) || !isRecord(b)) return false
  const fields = Object.keys(a).filter((field) => a[field] !== undefined)
  if (fields.length !== Object.keys(b).filter((field) => b[field] !== undefined).length) return false
  return fields.every((field) => sameJson(a[field], b[field]))
}

/** The value with the fields of every object in the order of their names. */
export function sortedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedJson)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([field, inner]) => [field, sortedJson(inner)]))
}
