// Finds objects of a kind by something they say, without looking at all of them.
import type { Kind } from './kinds.ts'
import { type KubeObject, keyOf, splitKey } from './object.ts'
import type { Store } from './store.ts'

export class ObjectIndex<T extends KubeObject> {
  readonly #store: Store
  readonly #kind: Kind
  readonly #byTerm = new Map<string, Set<string>>()

  /** `terms`: what an object can be found by. */
  constructor(store: Store, kind: Kind, terms: (object: T) => Iterable<string>) {
    this.#store = store
    this.#kind = kind
    store.subscribe(kind, ({ type, object, previous }) => {
      const key = keyOf(object)
      if (previous !== undefined) for (const term of terms(previous as T)) this.#drop(term, key)
      if (type !== 'DELETED') for (const term of terms(object as T)) this.#add(term, key)
    })
  }

  /** In no order. */
  find(term: string): T[] {
    return [...(this.#byTerm.get(term) ?? [])].flatMap((key) => this.#store.get<T>(this.#kind, ...splitKey(key)) ?? [])
  }

  #add(term: string, key: string): void {
    const keys = this.#byTerm.get(term) ?? new Set()
    this.#byTerm.set(term, keys)
    keys.add(key)
  }

  #drop(term: string, key: string): void {
    const keys = this.#byTerm.get(term)
    keys?.delete(key)
    if (keys?.size === 0) this.#byTerm.delete(term)
  }
}
