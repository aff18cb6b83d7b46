// Starts a reflector for each kind, and others in its place where the server doesn't let itself be asked like that.
import type { Log } from '../log.ts'
import type { ApiError } from './api-request.ts'
import { showFollower } from './cluster-metrics.ts'
import { Contacts } from './contact.ts'
import { type Credentials, openCredentials } from './credentials.ts'
import { trimEndpoints } from './endpoints.ts'
import type { Freshness } from './freshness.ts'
import { KindIntake, type Read } from './kind-intake.ts'
import { kinds } from './kinds.ts'
import type { Mirror } from './mirror.ts'
import { Reflector, type ReflectorTiming, type Resource } from './reflector.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'
import type { Kind } from './store.ts'
import { Turns } from './turns.ts'
import type { ClusterOptions } from './watch.ts'

export interface FollowContext {
  readonly mirror: Mirror
  readonly freshness: Freshness
  readonly log: Log
  readonly signal: AbortSignal
  readonly timing: ReflectorTiming | undefined
}

interface Following extends FollowContext {
  readonly options: ClusterOptions
  readonly contacts: Contacts
  readonly turns: Turns
  readonly keeper: SnapshotKeeper | undefined
  readonly credentials: Credentials
  readonly complain: (problem: string) => void
}

/** A resource of the API, and what is made of its objects. */
interface Source<K extends Kind> {
  readonly kind: K
  /** As in the path. */
  readonly plural: string
  readonly singular: string
  readonly group: string
  readonly read: Read<K>
}

function sourceOf<K extends Kind>(kind: K): Source<K> {
  const { singular, plural, group, trim } = kinds[kind]
  const read: Read<K> = (object, complain) => {
    const trimmed = trim(object, complain)
    return trimmed === undefined ? [] : [trimmed]
  }
  return { kind, plural, singular, group, read }
}

/** In place of endpoint slices where the server doesn't know of them: before Kubernetes 1.21. */
const endpoints: Source<'endpointslices'> = {
  kind: 'endpointslices',
  plural: 'endpoints',
  singular: 'Endpoints',
  group: '/api/v1',
  read: trimEndpoints,
}

/** How long Endpoints are followed before slices are asked for again, milliseconds: servers are upgraded. */
const endpointsMs = 600_000

/** Resolves once everything is under way; rejects with ConnectionError where it can never be. */
export async function follow(options: ClusterOptions, context: FollowContext): Promise<void> {
  const credentials = await openCredentials(options.connection)
  const { mirror, freshness, log, signal } = context
  const contacts = new Contacts(freshness, log, signal)
  const keeper = openSnapshot(options, contacts, context)
  const following: Following = {
    ...context,
    options,
    contacts,
    turns: new Turns(),
    keeper,
    credentials,
    complain: onceEach(log),
  }
  const stateOf = (kind: Kind) => ({ objects: mirror.count(kind), ...contacts.stateOf(kind) })
  showFollower(() => new Map(options.kinds.map((kind) => [kind, stateOf(kind)])), signal)
  for (const kind of options.kinds) followKind(kind, following)
}

/** How long the API server may take to list everything before a snapshot is used, milliseconds. */
const patienceMs = 5000

function openSnapshot(
  options: ClusterOptions,
  contacts: Contacts,
  { mirror, log, signal }: FollowContext,
): SnapshotKeeper | undefined {
  const { snapshot: file, ...watched } = options
  if (file === undefined || signal.aborted) return undefined
  const { kinds } = options
  const restored = (kind: Kind, ageMs: number): void => contacts.restored(kind, ageMs)
  const keeper = new SnapshotKeeper({ file, source: JSON.stringify(watched), kinds, mirror, restored, log, signal })
  const timer = setTimeout(() => {
    for (const kind of kinds) keeper.unreachable(kind)
  }, patienceMs)
  signal.addEventListener('abort', () => clearTimeout(timer))
  return keeper
}

async function followKind(kind: Kind, following: Following): Promise<void> {
  const { log, options } = following
  const namespaces = [...new Set(options.namespaces ?? [])]
  const refusal = await followIn('', kind, following, () => setListed(kind, following))
  if (refusal === undefined) return
  log.warning(`${kind} of the whole cluster are forbidden, watching those of ${namespaces.join(', ')} alone`)
  followNamespaces(kind, namespaces, following)
}

/** Follows a kind in each of the namespaces by itself, so that Roles there suffice. */
function followNamespaces(kind: Kind, namespaces: readonly string[], following: Following): void {
  const { mirror } = following
  for (const key of mirror.keys(kind)) {
    // What may have been known before, and will change unseen from now on.
    if (!namespaces.includes(kind === 'namespaces' ? key : key.slice(0, key.indexOf('/')))) mirror.remove(kind, key)
  }
  if (kind === 'namespaces') {
    for (const name of namespaces) mirror.apply(kind, name, { name })
    setListed(kind, following)
    return
  }
  const unlisted = new Set(namespaces)
  for (const namespace of namespaces) {
    followIn(namespace, kind, following, () => {
      unlisted.delete(namespace)
      if (unlisted.size === 0) setListed(kind, following)
    })
  }
}

function setListed(kind: Kind, { mirror, contacts, keeper }: Following): void {
  mirror.setSynced(kind)
  contacts.listed(kind)
  keeper?.listed(kind)
}

/** Resolves once the signal is aborted, or to the refusal to list the whole cluster, which is a namespace of ''. */
async function followIn(
  namespace: string,
  kind: Kind,
  following: Following,
  listed: () => void,
): Promise<ApiError | undefined> {
  const { log, signal, options } = following
  const isForbidden = ({ code }: ApiError): boolean =>
    code === 403 && namespace === '' && (options.namespaces ?? []).length > 0
  if (kind !== 'endpointslices') {
    return await reflect(sourceOf(kind), namespace, following, listed, isForbidden)
  }
  for (let warned = false; !signal.aborted; warned = true) {
    const isFinal = (refusal: ApiError): boolean => refusal.code === 404 || isForbidden(refusal)
    const refusal = await reflect(sourceOf(kind), namespace, following, listed, isFinal)
    if (refusal?.code !== 404) return refusal
    if (!warned) log.warning('the API server has no endpoint slices, watching Endpoints')
    const until = AbortSignal.any([signal, AbortSignal.timeout(endpointsMs)])
    const other = await reflect(endpoints, namespace, { ...following, signal: until }, listed, isForbidden)
    if (other !== undefined) return other
  }
  return undefined
}

async function reflect<K extends Kind>(
  source: Source<K>,
  namespace: string,
  following: Following,
  listed: () => void,
  isFinal: (refusal: ApiError) => boolean,
): Promise<ApiError | undefined> {
  const { mirror, contacts, turns, log, signal, timing, credentials, complain, keeper } = following
  const { kind, singular, read } = source
  const failed = (): void => keeper?.unreachable(kind)
  const intake = new KindIntake({ kind, mirror, namespace, singular, read, complain, listed })
  const resource = resourceOf(source, namespace, following.options)
  const contact = contacts.open(kind, resource.name)
  try {
    return await new Reflector({
      resource,
      credentials,
      intake,
      contact,
      turns,
      log,
      signal,
      isFinal,
      failed,
      timing,
    }).run()
  } finally {
    contact.close()
  }
}

function resourceOf<K extends Kind>(
  { kind, plural, group }: Source<K>,
  namespace: string,
  options: ClusterOptions,
): Resource {
  return {
    name: namespace === '' ? plural : `${plural} of ${namespace}`,
    path: namespace === '' ? `${group}/${plural}` : `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`,
    labelSelector: selectorOf(kind, options),
    fieldSelector: kinds[kind].fieldSelector,
    skipped: kind === 'pods' && options.podLabels === false ? [...kinds.pods.skipped, labels] : kinds[kind].skipped,
  }
}

const labels = '"labels":{'

function selectorOf(kind: Kind, { labelSelector, namespaceSelector }: ClusterOptions): string {
  if (kind === 'namespaces') return namespaceSelector
  // Nobody labels what controllers import.
  if (kind === 'serviceimports') return ''
  return [labelSelector, kinds[kind].labelSelector].filter((selector) => selector !== '').join(',')
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
