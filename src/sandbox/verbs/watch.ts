// watch: what changes from a version on, one JSON object a line, until the client, its timeout or trouble ends it.
import { apiVersionOf, customResourceDefinitions } from '../kinds.ts'
import type { KubeObject } from '../object.ts'
import type { ApiRequest } from '../request.ts'
import { isTrue } from '../request.ts'
import { ApiError, expired } from '../status.ts'
import { byKey, type Change, type Store } from '../store.ts'
import { formOf, integer, type VerbContext } from './answer.ts'
import { objectAsForm } from './form.ts'
import { checkListOptions, selectionOf, sendInitialEvents, tooLargeVersion, versionOf } from './selection.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

/** Where the events of one watch go. */
export interface EventSink {
  send(type: EventType, object: object): void
  end(): void
}

/** A watch that is under way. */
export interface Watch {
  readonly request: ApiRequest
  /** A bookmark now, if the client asked for bookmarks. */
  bookmark(): void
  /** Keeps events back from now on, or lets them go; bookmarks then have the version before the first one kept back. */
  hold(holding: boolean): void
  /** Tells the client that its version has expired, and ends. */
  expire(): void
  stop(): void
}

/** Bookmarks come about this often (seconds), as the real server's watch cache sends them. */
const bookmarkInterval = 60

/** Starts a watch on a sink that is ready to be written to. Throws ApiError where it can't be started. */
export function startWatch(request: ApiRequest, { registry: { store } }: VerbContext, sink: EventSink): Watch {
  const { kind, query } = request
  const form = formOf(request)
  const belongs = selectionOf(request)
  const bookmarks = isTrue(query.get('allowWatchBookmarks'))
  let headers = true
  let holding = false
  const held: Change[] = []
  const show = (object: KubeObject) => {
    const shown = objectAsForm(form, request, object, { headers })
    headers = false
    return shown
  }

  const bookmark = (annotations?: object) => {
    const version = held[0] === undefined ? store.version : held[0].version - 1
    if (bookmarks) sink.send('BOOKMARK', bookmarkObject(request, version, annotations))
  }
  const send = (change: Change) => {
    if (holding) {
      held.push(change)
      return
    }
    const event = eventOf(change, belongs)
    if (event !== undefined) sink.send(event.type, show(event.object))
  }

  const backlog = backlogOf(request, store)
  if (backlog instanceof ApiError) {
    sink.send('ERROR', backlog.status())
    sink.end()
    return { request, bookmark, hold: () => {}, expire: () => {}, stop: () => {} }
  }
  const from = versionOf(query) ?? 0
  if (backlog === 'state') {
    const state = [...store.list(kind, request.namespace === '' ? undefined : request.namespace)].filter(belongs)
    for (const object of state.sort(byKey)) sink.send('ADDED', show(object))
    if (sendInitialEvents(query) === true) bookmark({ 'k8s.io/initial-events-end': 'true' })
  } else {
    for (const change of backlog) send(change)
  }

  // A version that is yet to come, known from before a restart, is waited for in silence, as the real server does.
  const unsubscribe = store.subscribe(kind, (change) => {
    if (change.version > from || backlog === 'state') send(change)
  })
  // A watch ends with the definition of its kind.
  const forgetKind =
    kind.schema === undefined
      ? undefined
      : store.subscribe(customResourceDefinitions, ({ type, object }) => {
          if (type === 'DELETED' && object.metadata.name === kind.id) finish()
        })
  const timer = setInterval(() => bookmark(), bookmarkInterval * 1000)
  const seconds = integer(query, 'timeoutSeconds') ?? 0
  const timeout = seconds > 0 ? setTimeout(() => finish(), seconds * 1000) : undefined

  function stop(): void {
    unsubscribe()
    forgetKind?.()
    clearInterval(timer)
    clearTimeout(timeout)
  }
  function finish(): void {
    bookmark()
    stop()
    sink.end()
  }
  return {
    request,
    bookmark: () => bookmark(),
    hold(wanted) {
      holding = wanted
      if (!holding) for (const change of held.splice(0)) send(change)
    },
    expire() {
      sink.send('ERROR', expired('The resourceVersion for the provided watch is too old.').status())
      stop()
      sink.end()
    },
    stop,
  }
}

/** What the client has to be told first: everything there is, some changes, or why it can't be told. */
function backlogOf(request: ApiRequest, store: Store): 'state' | readonly Change[] | ApiError {
  checkListOptions(request)
  const version = versionOf(request.query)
  const initial = sendInitialEvents(request.query)
  if (initial === true) {
    return version !== undefined && version > store.version ? tooLargeVersion(version, store.version) : 'state'
  }
  if (version === undefined || version === 0) return initial === false ? [] : 'state'
  return store.changesSince(request.kind, version) ?? expired(`too old resource version: ${version} (${store.version})`)
}

/** The event a change is to a client that sees only what belongs to its selection. */
function eventOf(
  { type, object, previous }: Change,
  belongs: (object: KubeObject) => boolean,
): { readonly type: EventType; readonly object: KubeObject } | undefined {
  const before = previous !== undefined && belongs(previous)
  const now = type !== 'DELETED' && belongs(object)
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object }
  if (!before) return undefined
  // What left the selection is shown as it last belonged to it, with the version of the change.
  const { resourceVersion } = object.metadata
  const last = { ...previous, metadata: { ...previous.metadata, ...(resourceVersion ? { resourceVersion } : {}) } }
  return { type: 'DELETED', object: last }
}

function bookmarkObject({ kind }: ApiRequest, version: number, annotations?: object): object {
  const metadata = {
    resourceVersion: String(version),
    creationTimestamp: null,
    ...(annotations === undefined ? {} : { annotations }),
  }
  return { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata }
}
