// list: all objects chosen, in pages where a limit is given, each list the state at one version.
import type { Kind } from '../kinds.ts'
import { isRecord, type KubeObject, keyOf } from '../object.ts'
import type { ApiRequest } from '../request.ts'
import { ApiError, badRequest, expired } from '../status.ts'
import { byKey, type Store } from '../store.ts'
import { type Answer, formOf, integer, type VerbContext } from './answer.ts'
import { asForm } from './form.ts'
import { checkListOptions, hasSelectors, selectionOf, tooLargeVersion, versionOf } from './selection.ts'

/** Where the next page of a list begins. */
interface Position {
  /** Of the whole list; -1 for one that goes on with what is there now. */
  readonly version: number
  /** The key before the first of the page. */
  readonly after: string
}

/** How many states lists are kept sorted for: enough for several clients that page at the same time. */
const sortedStates = 16

export function listVerb(): (request: ApiRequest, context: VerbContext) => Answer {
  const cache = new Map<string, readonly KubeObject[]>()

  /** The objects of a kind as they were at a version. Throws ApiError 410 for one that is forgotten. */
  function stateAt(store: Store, kind: Kind, namespace: string, version: number): readonly KubeObject[] {
    const since = store.changesSince(kind, version)
    if (since === undefined) throw expired('The resourceVersion for the provided list is too old.')
    // Two versions without a change of this kind between them are the same state.
    const key = `${kind.resource} ${namespace} ${since[0]?.version ?? ''} ${store.stateOf(kind)}`
    const known = cache.get(key)
    if (known !== undefined) return known
    const objects = new Map<string, KubeObject>()
    for (const object of store.list(kind, namespace === '' ? undefined : namespace)) objects.set(keyOf(object), object)
    for (const { object, previous } of [...since].reverse()) {
      if (namespace !== '' && object.metadata.namespace !== namespace) continue
      if (previous === undefined) objects.delete(keyOf(object))
      else objects.set(keyOf(object), previous)
    }
    const sorted = [...objects.values()].sort(byKey)
    cache.set(key, sorted)
    for (const old of cache.keys()) {
      if (cache.size <= sortedStates) break
      cache.delete(old)
    }
    return sorted
  }

  return (request, { registry: { store } }) => {
    checkListOptions(request)
    const { kind, namespace, query } = request
    const limit = integer(query, 'limit') ?? 0
    const position = positionOf(request, store)
    const version = position?.version ?? wantedVersion(query, store)
    const at = version < 0 ? store.version : version
    const state = stateAt(store, kind, namespace, at)
    const start = position === undefined ? 0 : firstAfter(state, position.after)
    const belongs = selectionOf(request)
    const page: KubeObject[] = []
    let index = start
    for (; index < state.length && (limit <= 0 || page.length < limit); index++) {
      const object = state[index]
      if (object !== undefined && belongs(object)) page.push(object)
    }
    const last = page.at(-1)
    const more = last !== undefined && index < state.length
    const metadata = {
      resourceVersion: String(at),
      ...(more ? { continue: printPosition({ version: at, after: keyOf(last) }) } : {}),
      ...(more && !hasSelectors(request) ? { remainingItemCount: state.length - index } : {}),
    }
    return { code: 200, body: asForm(formOf(request), request, { metadata, items: page }) }
  }
}

/** The version a list without continue is of. Throws ApiError 504 for one that is yet to come. */
function wantedVersion(query: URLSearchParams, store: Store): number {
  const wanted = versionOf(query) ?? 0
  if (wanted > store.version) throw tooLargeVersion(wanted, store.version)
  const exact = query.get('resourceVersionMatch') === 'Exact'
  return exact ? wanted : store.version
}

function positionOf({ kind, query }: ApiRequest, store: Store): Position | undefined {
  const text = query.get('continue') ?? ''
  if (text === '') return undefined
  const version = versionOf(query)
  if (version !== undefined && version !== 0) {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  const position = parsePosition(text)
  if (position.version < 0 || store.changesSince(kind, position.version) !== undefined) return position
  throw staleContinue(position)
}

function parsePosition(text: string): Position {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (isRecord(value) && typeof value.rv === 'number' && typeof value.start === 'string') {
      return { version: value.rv, after: value.start }
    }
  } catch (error) {
    throw new ApiError(400, 'BadRequest', `invalid continue token: continue key is not valid: ${String(error)}`)
  }
  throw badRequest('invalid continue token: continue key is not valid: incorrect encoded start resourceVersion')
}

function printPosition({ version, after }: Position): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: after })).toString('base64url')
}

/** The list can't be finished as it was begun; the token in the answer goes on with what is there now. */
function staleContinue(position: Position): ApiError {
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
    'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
    'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
    'deleted between the time the first chunk was returned and now may show up in the list.'
  return new ApiError(410, 'Expired', message, undefined, {
    continue: printPosition({ version: -1, after: position.after }),
  })
}

/** Where in a sorted list the keys after this one begin. */
function firstAfter(state: readonly KubeObject[], key: string): number {
  let low = 0
  for (let high = state.length; low < high; ) {
    const middle = (low + high) >> 1
    const object = state[middle]
    if (object !== undefined && keyOf(object) <= key) low = middle + 1
    else high = middle
  }
  return low
}
