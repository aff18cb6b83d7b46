// The way every write takes, from requests and controllers alike: what the API fills in, its rules, conflicts, deletion.
import { randomInt, randomUUID } from 'node:crypto'
import type { Strategy } from './kinds/strategy.ts'
import { type Kind, namespaces } from './kinds.ts'
import { annotationFaults, labelFaults, nameFaults } from './names.ts'
import { type KubeObject, sameJson, withMetadata } from './object.ts'
import type { Namespace } from './resources.ts'
import {
  ApiError,
  alreadyExists,
  badRequest,
  type Cause,
  conflict,
  forbidden,
  invalid,
  modified,
  notFound,
} from './status.ts'
import type { Store } from './store.ts'

export type Propagation = 'Background' | 'Foreground' | 'Orphan'

export interface DeleteOptions {
  /** Seconds; 0 means at once; absent: what the kind has. */
  readonly gracePeriodSeconds?: number | undefined
  readonly propagation?: Propagation | undefined
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly dryRun?: boolean
}

/** Which part of an object a write is about; the rest stays as it is. */
export type Part = 'object' | 'status' | 'finalize'

const immortal = ['default', 'kube-system', 'kube-public']

/** Finalizers the garbage collector works through. */
export const finalizers = { foreground: 'foregroundDeletion', orphan: 'orphan' } as const

export class Registry {
  readonly store: Store
  readonly #strategy: (kind: Kind) => Strategy

  constructor(store: Store, strategy: (kind: Kind) => Strategy) {
    this.store = store
    this.#strategy = strategy
  }

  /** Throws ApiError 404. */
  get<T extends KubeObject>(kind: Kind, namespace: string, name: string): T {
    const object = this.store.get<T>(kind, namespace, name)
    if (object === undefined) throw notFound(kind, name)
    return object
  }

  create<T extends KubeObject>(kind: Kind, given: T, options: { readonly dryRun?: boolean } = {}): T {
    const strategy = this.#strategy(kind)
    const named = this.#asNew(kind, given, strategy)
    const { namespace = '', name } = named.metadata
    if (this.store.get(kind, namespace, name) !== undefined) throw alreadyExists(kind, name)
    this.#refuseInEndingNamespace(kind, named)
    const complete = this.#checked(kind, strategy, named)
    const { object, undo } = strategy.acquire?.(complete) ?? { object: complete, undo: () => {} }
    if (options.dryRun !== true) return this.store.put(kind, object) as T
    undo()
    return object as T
  }

  /** Replaces a part of an object; 409 where its resourceVersion is given and not the current one. */
  update<T extends KubeObject>(
    kind: Kind,
    given: T,
    options: { readonly part?: Part; readonly dryRun?: boolean } = {},
  ): T {
    const { part = 'object', dryRun = false } = options
    const strategy = this.#strategy(kind)
    const { namespace = '', name } = given.metadata
    const old = this.get(kind, namespace, name)
    refuseStale(kind, given, old)
    const merged = mergePart(given, old, part, strategy)
    const complete = part === 'object' ? this.#checked(kind, strategy, merged, old) : merged
    const faults = part === 'status' && strategy.checksStatus === true ? (strategy.faults?.(complete, old) ?? []) : []
    if (faults.length > 0) throw invalid(kind, name, faults)
    const { object, undo } = (part === 'object' ? strategy.acquire?.(complete, old) : undefined) ?? {
      object: complete,
      undo: () => {},
    }
    if (dryRun) {
      undo()
      return object as T
    }
    if (isOver(object)) {
      this.#drop(kind, object)
      return object as T
    }
    return (sameJson(object, old) ? old : this.store.put(kind, this.#countedUp(strategy, object, old))) as T
  }

  /** Changes the object that is there now by a function; for controllers. Undefined where it is gone. */
  change<T extends KubeObject>(kind: Kind, object: T, change: (current: T) => T, part: Part = 'object'): T | undefined {
    const current = this.store.get<T>(kind, object.metadata.namespace ?? '', object.metadata.name)
    return current === undefined || current.metadata.uid !== object.metadata.uid
      ? undefined
      : this.update(kind, withMetadata(change(current), { resourceVersion: undefined }), { part })
  }

  /** Deletes, or begins to; `gone` tells which. */
  remove(
    kind: Kind,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): { readonly object: KubeObject; readonly gone: boolean } {
    const old = this.get(kind, namespace, name)
    if (kind === namespaces && immortal.includes(name)) throw forbidden(kind, name, 'this namespace may not be deleted')
    refusePreconditions(kind, old, options)
    const grace = graceOf(old, options, this.#strategy(kind))
    const marked = this.#marked(kind, old, grace, options.propagation)
    if (options.dryRun === true) return { object: marked, gone: isOver(marked) }
    if (isOver(marked)) {
      const object = this.#drop(kind, marked) ?? marked
      return { object, gone: true }
    }
    return { object: sameJson(marked, old) ? old : this.store.put(kind, marked), gone: false }
  }

  #drop(kind: Kind, object: KubeObject): KubeObject | undefined {
    const { namespace = '', name } = object.metadata
    this.#strategy(kind).release?.(object)
    return this.store.remove(kind, namespace, name)
  }

  #asNew(kind: Kind, given: KubeObject, strategy: Strategy): KubeObject {
    const { metadata } = given
    if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
    const { status, ...rest } = given
    const base: KubeObject = kind.status ? { ...rest, status: strategy.newStatus?.(given) ?? {} } : given
    return withMetadata(base, {
      name: metadata.name || (metadata.generateName ? generatedName(metadata.generateName) : ''),
      namespace: kind.namespaced ? metadata.namespace : undefined,
      uid: randomUUID(),
      creationTimestamp: timestampAt(new Date()),
      generation: strategy.generation === true ? 1 : undefined,
      resourceVersion: undefined,
      deletionTimestamp: undefined,
      deletionGracePeriodSeconds: undefined,
    })
  }

  /** The object with everything filled in. Throws ApiError 422 with every fault. */
  #checked(kind: Kind, strategy: Strategy, object: KubeObject, old?: KubeObject): KubeObject {
    const complete = strategy.complete?.(object, old) ?? object
    const { metadata } = complete
    const faults: Cause[] = [
      ...nameFaults(metadata, strategy.nameRule),
      ...labelFaults('metadata.labels', metadata.labels),
      ...annotationFaults(metadata.annotations),
      ...(strategy.faults?.(complete, old) ?? []),
    ]
    if (faults.length > 0) throw invalid(kind, metadata.name, faults)
    return complete
  }

  #refuseInEndingNamespace(kind: Kind, object: KubeObject): void {
    if (!kind.namespaced) return
    const name = object.metadata.namespace ?? ''
    const namespace = this.store.get<Namespace>(namespaces, '', name)
    if (namespace === undefined) throw notFound(namespaces, name)
    if (namespace.status?.phase !== 'Terminating') return
    const why = `unable to create new content in namespace ${name} because it is being terminated`
    throw forbidden(kind, object.metadata.name, why)
  }

  #countedUp(strategy: Strategy, object: KubeObject, old: KubeObject): KubeObject {
    const { metadata: before, status: oldStatus, ...oldRest } = old
    const { metadata, status, ...rest } = object
    if (strategy.generation !== true || sameJson(rest, oldRest)) return object
    return withMetadata(object, { generation: (before.generation ?? 0) + 1 })
  }

  /** The object with the marks of a deletion that may have to wait for its grace period and its finalizers. */
  #marked(kind: Kind, old: KubeObject, grace: number, propagation: Propagation | undefined): KubeObject {
    const { metadata } = old
    const waiting = metadata.deletionTimestamp !== undefined
    const shorter = waiting && grace < (metadata.deletionGracePeriodSeconds ?? 0)
    const deletion =
      waiting && !shorter
        ? {}
        : {
            deletionTimestamp: timestampAt(new Date(Date.now() + grace * 1000)),
            deletionGracePeriodSeconds: grace,
            generation: metadata.generation === undefined ? undefined : metadata.generation + 1,
          }
    const wanted =
      propagation === 'Foreground' ? finalizers.foreground : propagation === 'Orphan' ? finalizers.orphan : ''
    const others = (metadata.finalizers ?? []).filter(
      (each) => each !== finalizers.foreground && each !== finalizers.orphan,
    )
    const waited =
      propagation === undefined ? (metadata.finalizers ?? []) : [...others, ...(wanted === '' ? [] : [wanted])]
    const marked = withMetadata(old, { ...deletion, finalizers: waited.length === 0 ? undefined : waited })
    return kind === namespaces ? { ...marked, status: { ...marked.status, phase: 'Terminating' } } : marked
  }
}

/** RFC 3339, UTC, whole seconds. */
export function timestampAt(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

/** A name as generateName makes it: five characters that form no words. */
export function generatedName(prefix: string): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789'
  return prefix.slice(0, 58) + Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')
}

function refuseStale(kind: Kind, given: KubeObject, old: KubeObject): void {
  const { resourceVersion, uid, name } = given.metadata
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(kind, name, modified)
  if (uid && uid !== old.metadata.uid) throw conflict(kind, name, uidMismatch(uid, old))
}

const uidMismatch = (uid: string, old: KubeObject) =>
  `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`

function refusePreconditions(kind: Kind, old: KubeObject, { uid, resourceVersion }: DeleteOptions): void {
  const { name } = old.metadata
  if (uid !== undefined && uid !== old.metadata.uid) throw conflict(kind, name, uidMismatch(uid, old))
  if (resourceVersion === undefined || resourceVersion === old.metadata.resourceVersion) return
  const current = `ResourceVersion in object meta: ${old.metadata.resourceVersion}`
  throw conflict(kind, name, `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ${current}`)
}

/** What is written when `part` of `given` replaces that of `old`; what the server alone sets stays. */
function mergePart(given: KubeObject, old: KubeObject, part: Part, strategy: Strategy): KubeObject {
  if (part === 'status') return given.status === undefined ? old : { ...old, status: given.status }
  if (part === 'finalize') return given.spec === undefined ? old : { ...old, spec: given.spec }
  const { metadata } = old
  const kept = withMetadata(given, {
    namespace: metadata.namespace,
    uid: metadata.uid,
    creationTimestamp: metadata.creationTimestamp,
    generation: metadata.generation,
    resourceVersion: metadata.resourceVersion,
    deletionTimestamp: metadata.deletionTimestamp,
    deletionGracePeriodSeconds: metadata.deletionGracePeriodSeconds,
    managedFields: given.metadata.managedFields ?? metadata.managedFields,
  })
  return strategy.newStatus === undefined || old.status === undefined ? kept : { ...kept, status: old.status }
}

function graceOf(old: KubeObject, options: DeleteOptions, strategy: Strategy): number {
  const usual = strategy.gracePeriod?.(old) ?? 0
  // Only a kind that ends gently takes its time; 0 from the kind means nobody is there to wait for.
  if (usual === 0) return 0
  const wanted = options.gracePeriodSeconds
  if (wanted !== undefined && wanted < 0) throw new ApiError(422, 'Invalid', 'gracePeriodSeconds must not be negative')
  return wanted ?? usual
}

/** Was it deleted, with nothing left to wait for? */
function isOver(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers: waiting = [] } = object.metadata
  const held = object.kind === 'Namespace' ? ((object as Namespace).spec?.finalizers?.length ?? 0) : 0
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && waiting.length === 0 && held === 0
}
