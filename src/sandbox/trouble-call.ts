// Trouble by plain HTTP: `kubectl create --raw '/sandbox/trouble/expire?kind=services' -f /dev/null`.
import { kindNamed } from './kinds.ts'
import type { Verb } from './request.ts'
import { badRequest, noSuchPath } from './status.ts'
import type { Trouble, Which } from './trouble.ts'
import type { Answer } from './verbs/answer.ts'

const prefix = '/sandbox/trouble/'

/** What each call does, by its name in the path; parameters stand in the query. */
const calls: Readonly<Record<string, (query: URLSearchParams) => (trouble: Trouble) => void>> = {
  'drop-connections': () => (trouble) => trouble.dropConnections(),
  'half-open': () => (trouble) => trouble.halfOpen(),
  refuse: (query) => {
    const refusing = query.get('on') !== 'false'
    return (trouble) => trouble.refuse(refusing)
  },
  slow: (query) => {
    const milliseconds = count(query, 'milliseconds', 1000)
    return (trouble) => trouble.slow(milliseconds)
  },
  status: (query) => {
    const code = count(query, 'code', 500)
    const options = query.has('retryAfter')
      ? { ...which(query), retryAfter: count(query, 'retryAfter', 1) }
      : which(query)
    return (trouble) => trouble.status(code, options)
  },
  truncated: (query) => {
    const chosen = which(query)
    return (trouble) => trouble.truncated(chosen)
  },
  malformed: (query) => {
    const chosen = which(query)
    return (trouble) => trouble.malformed(chosen)
  },
  expire: (query) => {
    const { kind } = which(query)
    return (trouble) => trouble.expire(kind)
  },
  bookmark: () => (trouble) => trouble.bookmark(),
  'bookmarks-only': (query) => {
    const milliseconds = count(query, 'milliseconds', 1000)
    return (trouble) => trouble.bookmarksOnly(milliseconds)
  },
  restart: (query) => {
    const older = query.get('older') === 'true'
    return (trouble) => trouble.restart({ older })
  },
  end: () => (trouble) => trouble.end(),
}

/** The answer to a call, which takes effect once it is out; undefined for a path that is none. Throws ApiError 400, 404. */
export function troubleCall(method: string, url: URL, trouble: Trouble): Answer | undefined {
  if (!url.pathname.startsWith(prefix)) return undefined
  const call = calls[url.pathname.slice(prefix.length)]
  if (call === undefined || method !== 'POST') throw noSuchPath()
  const act = call(url.searchParams)
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }
  return { code: 200, body, after: () => act(trouble) }
}

function which(query: URLSearchParams): Which {
  const kind = query.get('kind')
  const verb = query.get('verb')
  try {
    if (kind !== null) kindNamed(kind)
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error))
  }
  return {
    times: count(query, 'times', 1),
    ...(kind === null ? {} : { kind }),
    ...(verb === null ? {} : { verb: verb as Verb }),
  }
}

function count(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name) ?? String(fallback)
  if (!/^\d+$/.test(text)) throw badRequest(`${name} must be a number, not "${text}"`)
  return Number(text)
}
