// Keeps what was asked for lately, up to a weight: no order is kept and nothing written when it is found again.

/**
 * Values by the hash of what they are asked for by. There are two generations: what comes goes into the young one, and when
 * that is full, it becomes the old one, which is forgotten. What is asked for in the old one comes back into the young one.
 * So at least so much is kept as one generation holds, and at most twice that and what is heavier than all that by itself.
 *
 * Of what has one hash only one value is kept, and whoever gets it sees whether it is the right one: by a text made for the
 * occasion a Map finds nothing before V8 has looked for its like among all texts there are, which takes as long as the rest
 * of a look-up.
 */
export class Recent<V> {
  readonly #capacity: number
  readonly #weigh: (value: V) => number
  #young = new Map<number, V>()
  #old = new Map<number, V>()
  #weight = 0

  /** The weight of a generation, and of a value. */
  constructor(capacity: number, weigh: (value: V) => number) {
    this.#capacity = capacity
    this.#weigh = weigh
  }

  // hot
  get(hash: number): V | undefined {
    return this.#young.get(hash) ?? this.#bringBack(hash)
  }

  set(hash: number, value: V): void {
    this.delete(hash)
    const weight = this.#weigh(value)
    if (this.#weight > 0 && this.#weight + weight > this.#capacity) {
      this.#old = this.#young
      this.#young = new Map()
      this.#weight = 0
    }
    this.#young.set(hash, value)
    this.#weight += weight
  }

  delete(hash: number): void {
    const value = this.#young.get(hash)
    if (value !== undefined) {
      this.#weight -= this.#weigh(value)
      this.#young.delete(hash)
    }
    this.#old.delete(hash)
  }

  #bringBack(hash: number): V | undefined {
    const value = this.#old.get(hash)
    if (value !== undefined) this.set(hash, value)
    return value
  }
}
