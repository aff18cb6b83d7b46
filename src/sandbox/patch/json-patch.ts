// JSON Patch (RFC 6902): a list of operations on places named by JSON pointers (RFC 6901).
import { isRecord, sameJson } from '../object.ts'
import { ApiError, badRequest } from '../status.ts'

/** The document with all operations done, or none: throws ApiError 400 for a bad patch, 422 for one that doesn't fit. */
export function jsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be an array of operations')
  // Operations change a copy in place.
  const root = { document: structuredClone(document) }
  for (const operation of patch) apply(root, operation)
  return root.document
}

function apply(root: { document: unknown }, operation: unknown): void {
  if (!isRecord(operation)) throw badRequest('an operation of a JSON patch must be an object')
  const { op, path, from, value } = operation
  if (typeof path !== 'string') throw badRequest(`operation ${JSON.stringify(op)} without a path`)
  switch (op) {
    case 'add':
      add(root, path, structuredClone(value))
      return
    case 'remove':
      remove(root, path)
      return
    case 'replace':
      replace(root, path, structuredClone(value))
      return
    case 'move':
      add(root, path, remove(root, text(from)))
      return
    case 'copy':
      add(root, path, structuredClone(find(root, text(from))))
      return
    case 'test':
      if (sameJson(find(root, path), value)) return
      throw unfit(`testing value ${path} failed`)
    default:
      throw badRequest(`unexpected kind of operation: ${JSON.stringify(op)}`)
  }
}

function text(from: unknown): string {
  if (typeof from === 'string') return from
  throw badRequest('move and copy need from')
}

const unfit = (why: string) =>
  new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`)

/** The steps of a pointer, below a document that stands in a field of its own. */
function steps(pointer: string): string[] {
  if (pointer !== '' && !pointer.startsWith('/')) throw badRequest(`${pointer} is not a JSON pointer`)
  const inner = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return ['document', ...inner]
}

/** What holds the place a pointer names, and the last step to it. */
function holder(
  root: object,
  pointer: string,
): { readonly inside: unknown[] | Record<string, unknown>; readonly last: string } {
  const path = steps(pointer)
  const last = path.pop() ?? ''
  let inside: unknown = root
  for (const step of path)
    inside = Array.isArray(inside) ? inside[index(inside, step, pointer)] : member(inside, step, pointer)
  if (Array.isArray(inside)) return { inside, last }
  if (isRecord(inside)) return { inside, last }
  throw unfit(`there is nothing at ${pointer}`)
}

function member(inside: unknown, step: string, pointer: string): unknown {
  if (isRecord(inside) && Object.hasOwn(inside, step)) return inside[step]
  throw unfit(`there is nothing at ${pointer}`)
}

function index(list: readonly unknown[], step: string, pointer: string): number {
  const number = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : -1
  if (number >= 0 && number < list.length) return number
  throw unfit(`there is nothing at ${pointer}`)
}

function find(root: object, pointer: string): unknown {
  const { inside, last } = holder(root, pointer)
  return Array.isArray(inside) ? inside[index(inside, last, pointer)] : member(inside, last, pointer)
}

function add(root: object, pointer: string, value: unknown): void {
  const { inside, last } = holder(root, pointer)
  if (!Array.isArray(inside)) inside[last] = value
  else if (last === '-' || last === String(inside.length)) inside.push(value)
  else inside.splice(index(inside, last, pointer), 0, value)
}

function remove(root: object, pointer: string): unknown {
  const value = find(root, pointer)
  const { inside, last } = holder(root, pointer)
  if (Array.isArray(inside)) inside.splice(index(inside, last, pointer), 1)
  else delete inside[last]
  return value
}

function replace(root: object, pointer: string, value: unknown): void {
  find(root, pointer)
  const { inside, last } = holder(root, pointer)
  if (Array.isArray(inside)) inside[index(inside, last, pointer)] = value
  else inside[last] = value
}
