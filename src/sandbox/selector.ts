// Label and field selectors: as text in requests, as LabelSelector in objects.
import type { KubeObject } from './object.ts'
import { isRecord } from './object.ts'
import type { LabelSelector } from './resources.ts'
import { badRequest } from './status.ts'

type Labels = Readonly<Record<string, string>>
/** Does an object with these labels belong? */
export type LabelTest = (labels: Labels) => boolean

/** Reads `app=web,tier!=db,env in (a,b),!old`. Throws ApiError 400. */
export function parseLabelSelector(text: string): LabelTest {
  const tests = splitRequirements(text).map(parseRequirement)
  return (labels) => tests.every((test) => test(labels))
}

/** The requirements between commas; commas inside parentheses belong to a set. */
function splitRequirements(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function parseRequirement(text: string): LabelTest {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text)
  if (set) {
    const key = set[1] ?? ''
    const values = (set[3] ?? '').split(',').map((value) => value.trim())
    return set[2] === 'in'
      ? (labels) => labels[key] !== undefined && values.includes(labels[key])
      : (labels) => labels[key] === undefined || !values.includes(labels[key])
  }
  const order = /^([^\s=!<>]+)\s*([<>])\s*(-?\d+)$/.exec(text)
  if (order) {
    const key = order[1] ?? ''
    const limit = Number(order[3])
    return (labels) =>
      labels[key] !== undefined && (order[2] === '<' ? Number(labels[key]) < limit : Number(labels[key]) > limit)
  }
  const equality = /^([^\s=!<>(),]+)\s*(==|=|!=)\s*([^\s=!<>(),]*)$/.exec(text)
  if (equality) {
    const [, key = '', operator, value = ''] = equality
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value
  }
  const existence = /^(!?)\s*([^\s=!<>(),]+)$/.exec(text)
  if (!existence) throw badRequest(`unable to parse requirement: couldn't parse the selector string "${text}"`)
  const key = existence[2] ?? ''
  return existence[1] === '!' ? (labels) => labels[key] === undefined : (labels) => labels[key] !== undefined
}

/** The test a LabelSelector stands for; an empty one takes everything, an absent one nothing. */
export function labelSelectorTest(selector: LabelSelector | undefined): LabelTest {
  if (selector === undefined) return () => false
  const wanted = Object.entries(selector.matchLabels ?? {})
  const expressions = selector.matchExpressions ?? []
  return (labels) =>
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values = [] }) => {
      const value = labels[key]
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      return operator === 'Exists' ? value !== undefined : value === undefined
    })
}

/** A LabelSelector as `status.selector` of a Scale writes it. */
export function printLabelSelector(selector: LabelSelector): string {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const sets = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
  })
  return [...equal, ...sets].join(',')
}

/** Do all of these labels stand on the object? */
export function hasLabels(wanted: Labels, labels: Labels | undefined): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false
  return true
}

/** Reads `metadata.name=web,status.phase!=Running`; `fields` are those the kind can be chosen by. Throws ApiError 400. */
export function parseFieldSelector(text: string, fields: readonly string[]): (object: KubeObject) => boolean {
  const tests = text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const match = /^\s*([^=!]+?)(==|!=|=)(.*)$/.exec(part)
      if (!match) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`)
      const [, field = '', operator, value = ''] = match
      if (!fields.includes(field)) throw badRequest(`field label not supported: ${field}`)
      const path = field.split('.')
      return (object: KubeObject) => (fieldText(object, path) === value) === (operator !== '!=')
    })
  return (object) => tests.every((test) => test(object))
}

/** The value at a path as a field selector compares it: '' where there is none. */
function fieldText(object: KubeObject, path: readonly string[]): string {
  let value: unknown = object
  for (const field of path) value = isRecord(value) ? value[field] : undefined
  return value === undefined || value === null ? '' : String(value)
}
