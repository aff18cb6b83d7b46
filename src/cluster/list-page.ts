// Lists of the API in pages, each object handed on as it arrives (API concepts, "Retrieving large results sets in chunks").
import { partOf, textOf } from './api-object.ts'
import { type ApiRequest, oneConnection, readAnswer, requestApi } from './api-request.ts'
import type { Access } from './credentials.ts'
import { ItemSplitter, JsonStreamError } from './json-stream.ts'

/** What a page says beside its objects. */
export interface ListPage {
  /** Of the state that is listed; the same on all pages. */
  readonly version: string
  /** Where the next page begins; '' for the last one. */
  readonly next: string
  /** How many objects the pages after this one have; undefined where the server doesn't count them. */
  readonly remaining: number | undefined
}

export async function listPage(
  access: Access,
  request: ApiRequest,
  take: (object: unknown) => void,
  /** Parts of objects that aren't parsed; see ItemSplitter. */
  skipped: readonly string[] = [],
): Promise<ListPage> {
  const response = await requestApi(access, request)
  const splitter = new ItemSplitter((item) => take(JSON.parse(item)), skipped)
  await readAnswer(response, (chunk) => splitter.write(chunk))
  const { resourceVersion, continue: next, remainingItemCount } = partOf(partOf(splitter.end()).metadata)
  const version = textOf(resourceVersion)
  if (version === '') throw new JsonStreamError('a list has no resource version')
  const counted = typeof remainingItemCount === 'number' ? remainingItemCount : undefined
  return { version, next: textOf(next), remaining: textOf(next) === '' ? 0 : counted }
}

/** All pages, on one connection. `request` makes the request for a query. Resolves to the version of the list. */
export async function listPages(
  access: Access,
  request: (query: Readonly<Record<string, string>>) => ApiRequest,
  /** Objects of a page; 0 for all of them in one. */
  pageSize: number,
  take: (object: unknown) => void,
  skipped: readonly string[] = [],
): Promise<string> {
  const agent = oneConnection(access)
  const limit = pageSize === 0 ? {} : { limit: String(pageSize) }
  try {
    let page = await listPage(access, { ...request(limit), agent }, take, skipped)
    while (page.next !== '')
      page = await listPage(access, { ...request({ ...limit, continue: page.next }), agent }, take, skipped)
    return page.version
  } finally {
    agent.destroy()
  }
}

/** How many objects there are at a version. */
export interface Census {
  readonly version: string
  /** Undefined where the server doesn't count: it doesn't behind selectors. */
  readonly count: number | undefined
}

/** Costs the server little: one object is listed, and the rest counted. */
export async function takeCensus(
  access: Access,
  request: (query: Readonly<Record<string, string>>) => ApiRequest,
): Promise<Census> {
  let listed = 0
  const { version, remaining } = await listPage(access, request({ limit: '1' }), () => listed++)
  return { version, count: remaining === undefined ? undefined : listed + remaining }
}

/**
 * Was the first version made before the second? Versions are decimal numbers of any length, which since Kubernetes 1.35
 * may be compared (KEP-5504); of others nothing is known.
 */
export function isOlder(version: string, than: string): boolean {
  const number = /^[1-9][0-9]*$/
  if (!number.test(version) || !number.test(than)) return false
  return version.length === than.length ? version < than : version.length < than.length
}
