// Keeps what was asked for lately, up to a weight: no order is kept and nothing written when it is found again.

/**
 * Values by two names. There are two generations: what comes goes into the young one, and when that is full, it becomes the
 * old one, which is forgotten. What is asked for in the old one comes back into the young one. So at least so much is kept
 * as one generation holds, and at most twice that and what is heavier than all that by itself.
 */
export class Recent<V> {
  readonly #capacity: number
  readonly #weigh: (value: V) => number
  #young = new Map<string, Map<string, V>>()
  #old = new Map<string, Map<string, V>>()
  #weight = 0

  /** The weight of a generation, and of a value. */
  constructor(capacity: number, weigh: (value: V) => number) {
    this.#capacity = capacity
    this.#weigh = weigh
  }

  // hot
  get(group: string, name: string): V | undefined {
    return this.#young.get(group)?.get(name) ?? this.#bringBack(group, name)
  }

  set(group: string, name: string, value: V): void {
    this.delete(group, name)
    const weight = this.#weigh(value)
    if (this.#weight > 0 && this.#weight + weight > this.#capacity) {
      this.#old = this.#young
      this.#young = new Map()
      this.#weight = 0
    }
    const names = this.#young.get(group) ?? new Map<string, V>()
    names.set(name, value)
    this.#young.set(group, names)
    this.#weight += weight
  }

  delete(group: string, name: string): void {
    // V8 keeps every string that a Map is asked for in a table of its own for a while.
    if (this.#young.size === 0 && this.#old.size === 0) return
    const names = this.#young.get(group)
    const value = names?.get(name)
    if (names !== undefined && value !== undefined) {
      this.#weight -= this.#weigh(value)
      names.delete(name)
      if (names.size === 0) this.#young.delete(group)
    }
    this.#old.get(group)?.delete(name)
  }

  #bringBack(group: string, name: string): V | undefined {
    const value = this.#old.get(group)?.get(name)
    if (value !== undefined) this.set(group, name, value)
    return value
  }
}
