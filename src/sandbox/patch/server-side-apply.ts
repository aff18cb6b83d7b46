// Server-side apply: a manager says what it wants; fields it no longer says go, fields another manager applied are a conflict.
import { isRecord, type KubeObject, sameJson, withMetadata } from '../object.ts'
import { timestampAt } from '../registry.ts'
import { type Field, type ObjectType, objectType } from '../schema/schema.ts'
import { ApiError } from '../status.ts'
import { type FieldTree, hasPlace, keyStep, leaves, pathsOf, printPath, reaches, treeOf } from './field-set.ts'

type Json = Record<string, unknown>

/** An entry of metadata.managedFields. Only what was applied is tracked, not what was updated. */
interface Managed {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly time?: string
  readonly fieldsType: 'FieldsV1'
  readonly fieldsV1: FieldTree
  readonly subresource?: string
}

export interface Application {
  readonly manager: string
  /** Takes fields over from other managers instead of refusing. */
  readonly force: boolean
  /** '' for the object itself. */
  readonly subresource: string
}

/** The object after a manager applied what it wants; `live` is undefined where there is none. Throws ApiError 409. */
export function serverSideApply(
  type: ObjectType,
  live: KubeObject | undefined,
  wanted: KubeObject,
  { manager, force, subresource }: Application,
): KubeObject {
  const entries = (live?.metadata.managedFields ?? []) as readonly Managed[]
  const mine = (entry: Managed) =>
    entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === subresource
  const before = entries.find(mine)
  const set = [...leaves(type, wanted as unknown as Json)]
  const now = treeOf(set.map((leaf) => leaf.path))
  const current = new Map(
    live === undefined ? [] : [...leaves(type, live as unknown as Json)].map((leaf) => [leaf.path.join(), leaf.value]),
  )
  const contested = set.filter(({ path, value }) => path.at(-1) !== '.' && !sameJson(current.get(path.join()), value))
  const others = entries
    .filter((entry) => !mine(entry))
    .map((entry) => {
      const lost = contested.filter(({ path }) => entry.operation === 'Apply' && hasPlace(entry.fieldsV1, path))
      return { entry, lost: lost.map((leaf) => leaf.path) }
    })
  const conflicts = others.filter(({ lost }) => lost.length > 0)
  if (conflicts.length > 0 && !force) throw conflictError(conflicts)
  const kept = others.map(({ entry, lost }) => (lost.length === 0 ? entry : without(entry, lost)))

  const merged = mergeStruct(type, live as Json | undefined, wanted as unknown as Json)
  const gone = before === undefined ? [] : [...pathsOf(before.fieldsV1)].filter((path) => !reaches(now, path))
  const unowned = gone.filter((path) => !kept.some((entry) => reaches(entry.fieldsV1, path)))
  // Deepest first, so that what becomes empty can go with what was in it.
  const pruned = unowned
    .sort((a, b) => b.length - a.length)
    .reduce((object, path) => removeAt(type, object, path), merged)

  // What is wanted empty may have gone with what was in it.
  const complete = mergeStruct(type, pruned, wanted as unknown as Json)

  const unchanged = before !== undefined && sameJson(before.fieldsV1, now)
  const entry: Managed = {
    manager,
    operation: 'Apply',
    apiVersion: wanted.apiVersion,
    time: unchanged && before.time !== undefined ? before.time : timestampAt(new Date()),
    fieldsType: 'FieldsV1',
    fieldsV1: now,
    ...(subresource === '' ? {} : { subresource }),
  }
  return withMetadata(complete as unknown as KubeObject, { managedFields: [...kept, entry] })
}

function without(entry: Managed, lost: readonly (readonly string[])[]): Managed {
  const gone = new Set(lost.map((path) => path.join()))
  const rest = [...pathsOf(entry.fieldsV1)].filter((path) => !gone.has(path.join()))
  return { ...entry, fieldsV1: treeOf(rest) }
}

function conflictError(
  conflicts: readonly { readonly entry: Managed; readonly lost: readonly (readonly string[])[] }[],
): ApiError {
  const all = conflicts.flatMap(({ entry, lost }) => lost.map((path) => ({ entry, field: printPath(path) })))
  const listed = all.map(({ entry, field }) => `conflict with "${entry.manager}" using ${entry.apiVersion}: ${field}`)
  const message = `Apply failed with ${all.length} conflict${all.length === 1 ? '' : 's'}: ${listed.join(', ')}`
  const causes = all.map(({ entry, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${entry.manager}" using ${entry.apiVersion}`,
    field,
  }))
  return new ApiError(409, 'Conflict', message, { causes })
}

function mergeStruct(type: ObjectType, live: Json | undefined, wanted: Json): Json {
  const merged: Json = { ...live }
  for (const [name, value] of Object.entries(wanted)) {
    const field = type.fields.get(name)
    merged[name] = field === undefined ? value : mergeField(field, merged[name], value)
  }
  return merged
}

function mergeField(field: Field, live: unknown, wanted: unknown): unknown {
  if (field.shape === 'map') {
    return field.atomic || !isRecord(live) || !isRecord(wanted) ? wanted : { ...live, ...wanted }
  }
  if (field.shape === 'list') {
    if (!Array.isArray(live) || !Array.isArray(wanted)) return wanted
    if (field.set) return [...live, ...wanted.filter((item) => !live.includes(item))]
    return field.keys.length === 0 ? wanted : mergeItems(field, live, wanted)
  }
  if (field.scalar !== undefined || !isRecord(live) || !isRecord(wanted)) return wanted
  return mergeStruct(objectType(field.type), live, wanted)
}

function mergeItems(field: Field, live: readonly unknown[], wanted: readonly unknown[]): unknown[] {
  const merged = [...live]
  for (const item of wanted) {
    if (!isRecord(item)) continue
    const step = keyStep(field, item)
    const at = merged.findIndex((each) => isRecord(each) && keyStep(field, each) === step)
    if (at < 0) merged.push(item)
    else {
      const before = merged[at]
      merged[at] =
        field.scalar === undefined && isRecord(before) ? mergeStruct(objectType(field.type), before, item) : item
    }
  }
  return merged
}

/** The object without what is at a path of a field set. A container stays as long as something is in it. */
function removeAt(type: ObjectType, object: Json, path: readonly string[]): Json {
  const [first = '', ...rest] = path
  const name = first.slice(2)
  const field = type.fields.get(name)
  const value = object[name]
  if (field === undefined || value === undefined) return object
  const left = rest.length === 0 ? undefined : removeInside(field, value, rest)
  const { [name]: _, ...others } = object
  return left === undefined || isEmpty(left) ? others : { ...others, [name]: left }
}

const isEmpty = (value: unknown) =>
  Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0

function removeInside(field: Field, value: unknown, path: readonly string[]): unknown {
  const [step = '', ...rest] = path
  // The list or map as such goes when nothing is left in it.
  if (step === '.') return value
  if (Array.isArray(value)) {
    if (step.startsWith('v:')) return value.filter((item) => JSON.stringify(item) !== step.slice(2))
    // An item that the manager brought goes as a whole.
    const whole = rest.length === 0 || (rest.length === 1 && rest[0] === '.')
    return value.flatMap((item) => {
      if (!isRecord(item) || keyStep(field, item) !== step) return [item]
      return whole || field.scalar !== undefined ? [] : [removeAt(objectType(field.type), item, rest)]
    })
  }
  if (!isRecord(value)) return value
  if (field.shape === 'map') {
    const { [step.slice(2)]: _, ...others } = value
    return others
  }
  return removeAt(objectType(field.type), value, path)
}
