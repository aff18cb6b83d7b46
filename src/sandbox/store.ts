// Every object of the cluster in memory, one version counter over all of them, and each kind's latest changes for watches.
import type { Kind } from './kinds.ts'
import { kinds } from './kinds.ts'
import { type KubeObject, keyOf, withMetadata } from './object.ts'

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly kind: Kind
  /** As it is now; for DELETED as it was at last, with the version of its deletion. */
  readonly object: KubeObject
  /** As it was before; undefined for ADDED. */
  readonly previous: KubeObject | undefined
  readonly version: number
}

interface Table {
  readonly byNamespace: Map<string, Map<string, KubeObject>>
  size: number
  latest: number
  history: Change[]
  /** Changes up to this version are no longer known. */
  forgotten: number
}

/** Where versions begin: well above the number of objects of a small cluster, so that a restart can go back (`rewind`). */
const firstVersion = 1000

/** Under this, which is no id, are the listeners to all kinds. */
const every = ''

export class Store {
  /** By the ids of kinds; those of custom resources stay when their kind is gone, and are taken up when it comes back. */
  readonly #tables = new Map<string, Table>()
  readonly #listeners = new Map<string, Set<(change: Change) => void>>([[every, new Set()]])
  #kinds: readonly Kind[] = []
  readonly #historyLimit: number
  #version = firstVersion
  #restarts = 0

  /** `history`: how many changes of each kind are kept for watches that come back. */
  constructor(history: number) {
    this.#historyLimit = history
    for (const kind of kinds) this.serve(kind)
  }

  /** Every kind that is served now. */
  get kinds(): readonly Kind[] {
    return this.#kinds
  }

  /** Serves one more kind. */
  serve(kind: Kind): void {
    this.#kinds = [...this.#kinds, kind]
    if (this.#tables.has(kind.id)) return
    const forgotten = this.#version
    this.#tables.set(kind.id, { byNamespace: new Map(), size: 0, latest: 0, history: [], forgotten })
    this.#listeners.set(kind.id, new Set())
  }

  /** Serves the kind with this id no longer; objects of it stay, unseen. */
  withdraw(id: string): void {
    this.#kinds = this.#kinds.filter((kind) => kind.id !== id)
  }

  /** The version of the latest change. */
  get version(): number {
    return this.#version
  }

  get<T extends KubeObject>(kind: Kind, namespace: string, name: string): T | undefined {
    return this.#table(kind).byNamespace.get(namespace)?.get(name) as T | undefined
  }

  /** The objects of a kind, in no order; all namespaces where none is given. */
  *list<T extends KubeObject>(kind: Kind, namespace?: string): Generator<T> {
    const { byNamespace } = this.#table(kind)
    if (namespace !== undefined) yield* (byNamespace.get(namespace)?.values() ?? []) as Iterable<T>
    else for (const objects of byNamespace.values()) yield* objects.values() as Iterable<T>
  }

  count(kind: Kind): number {
    return this.#table(kind).size
  }

  /** Stores an object, new or changed, under the next version, which is returned with it. */
  put<T extends KubeObject>(kind: Kind, object: T): T {
    const { namespace = '', name } = object.metadata
    const table = this.#table(kind)
    const previous = table.byNamespace.get(namespace)?.get(name)
    const version = ++this.#version
    const stored = withMetadata(object, { resourceVersion: String(version) })
    let objects = table.byNamespace.get(namespace)
    if (objects === undefined) {
      objects = new Map()
      table.byNamespace.set(namespace, objects)
    }
    objects.set(name, stored)
    if (previous === undefined) table.size++
    this.#changed({ type: previous === undefined ? 'ADDED' : 'MODIFIED', kind, object: stored, previous, version })
    return stored
  }

  remove(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    const table = this.#table(kind)
    const objects = table.byNamespace.get(namespace)
    const previous = objects?.get(name)
    if (objects === undefined || previous === undefined) return undefined
    objects.delete(name)
    if (objects.size === 0) table.byNamespace.delete(namespace)
    table.size--
    const version = ++this.#version
    const object = withMetadata(previous, { resourceVersion: String(version) })
    this.#changed({ type: 'DELETED', kind, object, previous, version })
    return object
  }

  /** The changes of a kind after a version, oldest first; undefined where some of them are forgotten. */
  changesSince(kind: Kind, version: number): readonly Change[] | undefined {
    const { history, forgotten } = this.#table(kind)
    if (version < forgotten) return undefined
    let low = 0
    for (let high = history.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((history[middle]?.version ?? 0) <= version) low = middle + 1
      else high = middle
    }
    return history.slice(low)
  }

  /** Differs between any two states of a kind. */
  stateOf(kind: Kind): string {
    return `${this.#restarts} ${this.#table(kind).latest}`
  }

  /** Calls `listener` with every change of a kind, or of all that are and will be, from now on; returns what ends that. */
  subscribe(kind: Kind | 'every', listener: (change: Change) => void): () => void {
    const listeners = this.#listeners.get(kind === 'every' ? every : kind.id)
    listeners?.add(listener)
    return () => listeners?.delete(listener)
  }

  /** Forgets the changes so far: a watch that comes back from before is told that they have expired. */
  forget(kind?: Kind): void {
    for (const [each, table] of this.#tables) {
      if (kind !== undefined && kind.id !== each) continue
      table.history = []
      table.forgotten = this.#version
    }
  }

  /** Numbers all objects anew from 1, as after a restart from an older backup: versions handed out before lie ahead. */
  rewind(): void {
    const all = [...this.#tables.values()].flatMap((table) =>
      [...table.byNamespace.values()].flatMap((objects) =>
        [...objects.values()].map((object) => ({ objects, object })),
      ),
    )
    all.sort((a, b) => Number(a.object.metadata.resourceVersion) - Number(b.object.metadata.resourceVersion))
    this.#restarts++
    this.#version = 0
    for (const { objects, object } of all) {
      const resourceVersion = String(++this.#version)
      objects.set(object.metadata.name, withMetadata(object, { resourceVersion }))
    }
    for (const table of this.#tables.values()) {
      table.history = []
      table.forgotten = 0
    }
  }

  #changed(change: Change): void {
    const table = this.#table(change.kind)
    table.latest = change.version
    table.history.push(change)
    if (table.history.length > this.#historyLimit * 2) {
      const cut = table.history.length - this.#historyLimit
      table.forgotten = table.history[cut - 1]?.version ?? this.#version
      table.history = table.history.slice(cut)
    }
    for (const listener of this.#listeners.get(change.kind.id) ?? []) listener(change)
    for (const listener of this.#listeners.get(every) ?? []) listener(change)
  }

  #table(kind: Kind): Table {
    const table = this.#tables.get(kind.id)
    if (table === undefined) throw new RangeError(`the store has no table for ${kind.resource}`)
    return table
  }
}

/** The order in which lists give objects: by namespace, then name, as etcd keeps them. */
export function byKey(a: KubeObject, b: KubeObject): number {
  const left = keyOf(a)
  const right = keyOf(b)
  return left < right ? -1 : left > right ? 1 : 0
}
