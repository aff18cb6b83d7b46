// How long to wait before trying again: longer each time, and not in step with everybody else.

export interface BackOffLimits {
  /** Milliseconds. */
  readonly minMs: number
  readonly maxMs: number
}

/** client-go's reflector waits between these. */
export const reflectorBackOff: BackOffLimits = { minMs: 800, maxMs: 30_000 }

export class BackOff {
  readonly #limits: BackOffLimits
  #failures = 0

  constructor(limits: BackOffLimits) {
    this.#limits = limits
  }

  /** How often `next` was called since the last `reset`. */
  get failures(): number {
    return this.#failures
  }

  /**
   * Milliseconds to wait. After the first failure hardly at all, for most are over at once; then between half of a
   * ceiling and all of it, which begins at twice the minimum and doubles each time up to the maximum.
   */
  next(): number {
    const { minMs, maxMs } = this.#limits
    this.#failures++
    if (this.#failures === 1) return this.soon()
    const ceiling = Math.min(minMs * 2 ** (this.#failures - 1), maxMs)
    return ceiling / 2 + (Math.random() * ceiling) / 2
  }

  /** Milliseconds to wait where nothing went wrong, only so that not everybody comes at once. */
  soon(): number {
    return (Math.random() * this.#limits.minMs) / 4
  }

  reset(): void {
    this.#failures = 0
  }
}
