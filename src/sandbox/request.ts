// What a request wants, read from its method and path.
import { type Kind, kindAt, kinds, namespaces } from './kinds.ts'
import { ApiError, noSuchPath } from './status.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

/** What a path is about. */
export interface Target {
  readonly kind: Kind
  /** '' for all namespaces and for kinds without one. */
  readonly namespace: string
  /** '' for the collection. */
  readonly name: string
  /** '' for the object itself. */
  readonly subresource: string
}

export interface ApiRequest extends Target {
  readonly verb: Verb
  readonly query: URLSearchParams
  /** The media type of the body, without parameters, in lower case; '' where there is none. */
  readonly contentType: string
  /** The body, parsed; undefined where there is none. */
  readonly body: unknown
  readonly accept: string
}

/** The target of `/api/v1/...` or `/apis/GROUP/VERSION/...`; undefined for any other path. Throws ApiError 404 for what is not served. */
export function parseTarget(path: string, among: readonly Kind[] = kinds): Target | undefined {
  const segments = path.split('/').slice(1).map(decoded)
  const core = segments[0] === 'api'
  if (!core && segments[0] !== 'apis') return undefined
  const [group = '', version = '', ...inside] = core ? ['', ...segments.slice(1)] : segments.slice(1)
  const rest = inside[0] === 'watch' ? inside.slice(1) : inside
  if (rest.length === 0 || rest[0] === '') return undefined
  const find = (resource: string) => kindAt(among, group, version, resource)
  const target = parseInside(group, rest.at(-1) === '' ? rest.slice(0, -1) : rest, find)
  if (target === undefined) throw noSuchPath()
  return target
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    throw new ApiError(400, 'BadRequest', `the path has ${JSON.stringify(segment)} in it: ${String(error)}`)
  }
}

function parseInside(
  group: string,
  rest: readonly string[],
  find: (resource: string) => Kind | undefined,
): Target | undefined {
  const [first = '', second = '', third = ''] = rest
  const ownPart = rest.length === 3 && (third === 'status' || third === 'finalize')
  if (first === 'namespaces' && rest.length > 2 && !ownPart) {
    const kind = find(third)
    if (kind === undefined || !kind.namespaced || rest.length > 5) return undefined
    return { kind, namespace: second, name: rest[3] ?? '', subresource: rest[4] ?? '' }
  }
  const kind = first === 'namespaces' && group === '' ? namespaces : find(first)
  if (kind === undefined || rest.length > 3) return undefined
  // One object of a kind with namespaces is found under its namespace only.
  if (kind.namespaced && rest.length > 1) return undefined
  return { kind, namespace: '', name: second, subresource: third }
}

/** The verb a method means here. Throws ApiError 405. */
export function parseVerb(method: string, target: Target, query: URLSearchParams, path: string): Verb {
  const collection = target.name === ''
  const watching = isTrue(query.get('watch')) || /^\/(api\/[^/]+|apis\/[^/]+\/[^/]+)\/watch\//.test(path)
  // Creating needs a namespace to create in.
  const everywhere = collection && target.kind.namespaced && target.namespace === ''
  if (method === 'GET' || method === 'HEAD') return watching ? 'watch' : collection ? 'list' : 'get'
  if (method === 'POST' && !everywhere && (collection || target.subresource !== '')) return 'create'
  if (method === 'PUT' && !collection) return 'update'
  if (method === 'PATCH' && !collection) return 'patch'
  if (method === 'DELETE' && !everywhere && target.subresource === '') return collection ? 'deletecollection' : 'delete'
  throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}

/** A boolean parameter as the API reads it. */
export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1'
}
