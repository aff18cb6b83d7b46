// What the main thread keeps of the cluster: each trimmed object as text, enough to see what changes and to tell a
// worker that comes later, and far smaller than the object.
import { kindNames, type Trimmed } from './kinds.ts'
import { sameRecords } from './same-records.ts'
import { type Kind, unixSeconds } from './store.ts'

/** Told that the object with this key has come, changed or gone; what it now is, it reads from the mirror. */
export interface MirrorListener {
  changed(kind: Kind, key: string): void
  /** The kind has been listed. */
  synced(kind: Kind): void
}

export class Mirror {
  readonly #texts: Readonly<Record<Kind, Map<string, string>>> = {
    services: new Map(),
    endpointslices: new Map(),
    namespaces: new Map(),
    pods: new Map(),
  }
  readonly #synced = new Set<Kind>()
  readonly #listeners = new Set<MirrorListener>()
  #serial = 0

  /** Takes an object up; one that is as it was wakes nobody. */
  apply<K extends Kind>(kind: K, key: string, object: Trimmed[K]): void {
    const text = JSON.stringify(object)
    const before = this.#texts[kind].get(key)
    if (text === before) return
    if (before === undefined || !sameRecords(kind, JSON.parse(before), object)) this.#move()
    this.#texts[kind].set(key, text)
    for (const listener of this.#listeners) listener.changed(kind, key)
  }

  remove(kind: Kind, key: string): void {
    if (!this.#texts[kind].delete(key)) return
    this.#move()
    for (const listener of this.#listeners) listener.changed(kind, key)
  }

  setSynced(kind: Kind): void {
    if (this.#synced.has(kind)) return
    this.#synced.add(kind)
    for (const listener of this.#listeners) listener.synced(kind)
  }

  synced(kind: Kind): boolean {
    return this.#synced.has(kind)
  }

  /** Unix seconds of the last change that concerns DNS; 0 before the first. */
  serial(): number {
    return this.#serial
  }

  /** For what was known before this process began. */
  setSerial(seconds: number): void {
    this.#serial = seconds
  }

  has(kind: Kind, key: string): boolean {
    return this.#texts[kind].has(key)
  }

  /** The trimmed object as JSON. */
  text(kind: Kind, key: string): string | undefined {
    return this.#texts[kind].get(key)
  }

  /** The keys of a kind, also those that come while they are gone through. */
  keys(kind: Kind): MapIterator<string> {
    return this.#texts[kind].keys()
  }

  count(kind: Kind): number {
    return this.#texts[kind].size
  }

  /** The clock may be set back; a serial may not (RFC 1035 3.3.13). */
  #move(): void {
    this.#serial = Math.max(this.#serial, unixSeconds())
  }

  /** Returns what ends it. */
  listen(listener: MirrorListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Kinds that are not listed yet. */
  unsynced(): readonly Kind[] {
    return kindNames.filter((kind) => !this.#synced.has(kind))
  }
}
