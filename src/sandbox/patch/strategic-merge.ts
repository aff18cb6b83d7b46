// Strategic merge patch: a merge patch that knows which lists have items with names (Kubernetes API conventions).
import { isRecord, sameJson } from '../object.ts'
import { type Field, type ObjectType, objectType } from '../schema/schema.ts'
import { badRequest } from '../status.ts'

type Json = Record<string, unknown>

/** The target with the patch laid over it. `type` is undefined where the schema says nothing. Throws ApiError 400. */
export function strategicMerge(type: ObjectType | undefined, target: unknown, patch: unknown): Json {
  if (!isRecord(patch)) throw badRequest('a strategic merge patch must be an object')
  const base: Json = isRecord(target) ? target : {}
  const directive = patch.$patch
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge')
    throw badRequest(`unrecognized $patch: ${JSON.stringify(directive)}`)
  const merged: Json = { ...retained(base, patch.$retainKeys) }
  for (const [name, value] of Object.entries(patch)) {
    const [, instruction, about] = /^\$(deleteFromPrimitiveList|setElementOrder)\/(.*)$/.exec(name) ?? []
    if (instruction === 'deleteFromPrimitiveList' && about !== undefined) {
      merged[about] = list(merged[about]).filter((item) => !list(value).some((gone) => sameJson(gone, item)))
    }
    if (name.startsWith('$')) continue
    if (value === null) delete merged[name]
    else merged[name] = mergeField(type?.fields.get(name), merged[name], value, patch[`$setElementOrder/${name}`])
  }
  // An order alone rearranges what is there.
  for (const [name, order] of Object.entries(patch)) {
    const about = /^\$setElementOrder\/(.*)$/.exec(name)?.[1]
    const field = about === undefined ? undefined : type?.fields.get(about)
    if (about === undefined || field?.mergeKey === undefined || !Array.isArray(merged[about])) continue
    merged[about] = ordered(merged[about], list(order), field.mergeKey)
  }
  return merged
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function retained(base: Json, keys: unknown): Json {
  if (!Array.isArray(keys)) return base
  return Object.fromEntries(Object.entries(base).filter(([name]) => keys.includes(name)))
}

function mergeField(field: Field | undefined, target: unknown, value: unknown, order: unknown): unknown {
  if (Array.isArray(value)) {
    if (field?.mergeKey === undefined) return value.map((item) => (isRecord(item) ? withoutDirectives(item) : item))
    const merged = field.mergeKey === '' ? mergeScalars(list(target), value) : mergeItems(field, list(target), value)
    return order === undefined ? merged : ordered(merged, list(order), field.mergeKey)
  }
  if (!isRecord(value)) return value
  const inner = field?.scalar === undefined && field?.shape === 'one' ? objectType(field.type) : undefined
  return strategicMerge(inner, target, value)
}

function mergeScalars(target: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return [...target, ...patch.filter((value) => !target.includes(value))]
}

function mergeItems(field: Field, target: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const { mergeKey = '' } = field
  if (patch.some((item) => isRecord(item) && item.$patch === 'replace' && Object.keys(item).length === 1)) {
    return patch.filter((item) => !(isRecord(item) && item.$patch === 'replace'))
  }
  const inner = field.scalar === undefined ? objectType(field.type) : undefined
  const merged = [...target]
  for (const item of patch) {
    if (!isRecord(item)) throw badRequest(`an item of a list merged by ${mergeKey} is not an object`)
    const key = item[mergeKey]
    if (key === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`)
    const at = merged.findIndex((each) => isRecord(each) && each[mergeKey] === key)
    if (item.$patch === 'delete') {
      if (at >= 0) merged.splice(at, 1)
    } else if (at < 0) merged.push(withoutDirectives(item))
    else merged[at] = strategicMerge(inner, merged[at], item)
  }
  return merged
}

/** The items in the order the patch asks for; those it doesn't name keep their place before the next one it does. */
function ordered(items: readonly unknown[], order: readonly unknown[], mergeKey: string): unknown[] {
  const keyOf = (item: unknown) => (isRecord(item) && mergeKey !== '' ? item[mergeKey] : item)
  const wanted = order.map(keyOf)
  const named = items.filter((item) => wanted.includes(keyOf(item)))
  named.sort((a, b) => wanted.indexOf(keyOf(a)) - wanted.indexOf(keyOf(b)))
  let next = 0
  return items.map((item) => (wanted.includes(keyOf(item)) ? named[next++] : item))
}

/** What a patch adds, without its instructions. */
function withoutDirectives(patch: Json): Json {
  const entries = Object.entries(patch).filter(([name, value]) => !name.startsWith('$') && value !== null)
  return Object.fromEntries(entries.map(([name, value]) => [name, isRecord(value) ? withoutDirectives(value) : value]))
}
