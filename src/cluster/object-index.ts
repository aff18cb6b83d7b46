// Finds objects by something they hold, of which several may hold the same: a cluster IP, an address, a service's name.

interface Named {
  readonly namespace: string
  readonly name: string
}

/** Which comes first, by namespace, then by name, code unit by code unit: negative, 0 or positive. */
export function compareNamed(a: Named, b: Named): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}

/** Objects under the words they are found by, those of one word ordered by namespace and name. Objects are told apart by those two. */
export class ObjectIndex<T extends Named> {
  // Nearly every word leads to one object, and an array for each would cost more than the rest of the entry.
  readonly #entries = new Map<string, T | readonly T[]>()

  /** Every object under a word. The array never changes. */
  at(word: string): readonly T[] {
    const entry = this.#entries.get(word)
    if (entry === undefined) return []
    return isList<T>(entry) ? entry : [entry]
  }

  first(word: string): T | undefined {
    const entry = this.#entries.get(word)
    return entry !== undefined && isList<T>(entry) ? entry[0] : entry
  }

  /** Puts `after` in the place of `before`, each under its own words; undefined where there was or is none. */
  replace(before: T | undefined, after: T | undefined, words: (object: T) => Iterable<string>): void {
    const wordsBefore = new Set(before === undefined ? [] : words(before))
    if (after !== undefined) {
      for (const word of new Set(words(after))) {
        this.#put(word, after)
        wordsBefore.delete(word)
      }
    }
    if (before !== undefined) for (const word of wordsBefore) this.#take(word, before)
  }

  #put(word: string, object: T): void {
    const entry = this.#entries.get(word)
    if (entry === undefined) this.#entries.set(word, object)
    else if (!isList<T>(entry) && compareNamed(entry, object) === 0) this.#entries.set(word, object)
    else {
      const others = this.at(word).filter((other) => compareNamed(other, object) !== 0)
      const place = others.findIndex((other) => compareNamed(other, object) > 0)
      others.splice(place < 0 ? others.length : place, 0, object)
      this.#entries.set(word, others)
    }
  }

  #take(word: string, object: T): void {
    const others = this.at(word).filter((other) => compareNamed(other, object) !== 0)
    if (others.length > 1) this.#entries.set(word, others)
    else if (others[0] !== undefined) this.#entries.set(word, others[0])
    else this.#entries.delete(word)
  }
}

function isList<T>(entry: T | readonly T[]): entry is readonly T[] {
  return Array.isArray(entry)
}
