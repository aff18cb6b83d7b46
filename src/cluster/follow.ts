// Starts a reflector for each kind, and others in its place where the server doesn't let itself be asked like that.
import type { Log } from '../log.ts'
import { type Credentials, openCredentials } from './credentials.ts'
import { KindIntake } from './kind-intake.ts'
import { kinds } from './kinds.ts'
import type { Mirror } from './mirror.ts'
import { Reflector, type ReflectorTiming, type Resource } from './reflector.ts'
import type { Kind } from './store.ts'
import type { ClusterOptions } from './watch.ts'

export interface FollowContext {
  readonly mirror: Mirror
  readonly log: Log
  readonly signal: AbortSignal
  readonly timing: ReflectorTiming | undefined
}

interface Following extends FollowContext {
  readonly options: ClusterOptions
  readonly credentials: Credentials
  readonly complain: (problem: string) => void
}

/** Resolves once everything is under way; rejects with ConnectionError where it can never be. */
export async function follow(options: ClusterOptions, context: FollowContext): Promise<void> {
  const credentials = await openCredentials(options.connection)
  const following: Following = { ...context, options, credentials, complain: onceEach(context.log) }
  for (const kind of options.kinds) followKind(kind, following)
}

async function followKind(kind: Kind, following: Following): Promise<void> {
  const { mirror, log, options, credentials, complain, signal, timing } = following
  const namespaces = options.namespaces ?? []
  const intake = new KindIntake({ kind, mirror, namespace: '', complain, listed: () => mirror.setSynced(kind) })
  const resource = resourceOf(kind, '', options)
  const isFinal = ({ code }: { readonly code: number }): boolean => code === 403 && namespaces.length > 0
  const refusal = await new Reflector({ resource, credentials, intake, log, signal, isFinal, timing }).run()
  if (refusal === undefined) return
  log.warning(`${kind} of the whole cluster are forbidden, watching those of ${namespaces.join(', ')} alone`)
  followNamespaces(kind, namespaces, following)
}

/** Follows a kind in each of the namespaces by itself, so that Roles there suffice. */
function followNamespaces(kind: Kind, namespaces: readonly string[], following: Following): void {
  const { mirror, log, options, credentials, complain, signal, timing } = following
  for (const key of mirror.keys(kind)) {
    // What may have been known before, and will change unseen from now on.
    if (!namespaces.includes(kind === 'namespaces' ? key : key.slice(0, key.indexOf('/')))) mirror.remove(kind, key)
  }
  if (kind === 'namespaces') {
    for (const name of namespaces) mirror.apply(kind, name, { name })
    mirror.setSynced(kind)
    return
  }
  const unlisted = new Set(namespaces)
  for (const namespace of namespaces) {
    const listed = (): void => {
      unlisted.delete(namespace)
      if (unlisted.size === 0) mirror.setSynced(kind)
    }
    const intake = new KindIntake({ kind, mirror, namespace, complain, listed })
    const resource = resourceOf(kind, namespace, options)
    new Reflector({ resource, credentials, intake, log, signal, timing }).run()
  }
}

/** A namespace of '' is the whole cluster. */
function resourceOf(kind: Kind, namespace: string, options: ClusterOptions): Resource {
  const { group, fieldSelector } = kinds[kind]
  return {
    name: namespace === '' ? kind : `${kind} of ${namespace}`,
    path: namespace === '' ? `${group}/${kind}` : `${group}/namespaces/${encodeURIComponent(namespace)}/${kind}`,
    labelSelector: kind === 'namespaces' ? options.namespaceSelector : options.labelSelector,
    fieldSelector,
  }
}

/** How many different complaints are remembered, and so written at most. */
const maxComplaints = 1000

/** Writes each complaint once: objects come again with every list. */
function onceEach(log: Log): (problem: string) => void {
  const said = new Set<string>()
  return (problem) => {
    if (said.size >= maxComplaints || said.has(problem)) return
    said.add(problem)
    log.warning(problem)
    if (said.size === maxComplaints) log.warning('no more problems with objects of the API are written')
  }
}
