// Whether an upstream is down. Nobody asks while all is well: an exchange that failed starts the probes, which go on until one
// is answered.

interface HealthOptions {
  /** Rejects where the upstream gave no reply at all. */
  readonly probe: () => Promise<unknown>
  /** Between a probe's failure and the next probe, ms. */
  readonly interval: number
  /** An upstream with more failed probes than this, one after the other, is down; 0: it never is, and is not probed. */
  readonly maxFails: number
  /** Called for every probe that failed. */
  readonly failed: () => void
}

/** A probe must not follow the last one at once, whatever the Corefile says, ms. */
const minInterval = 10

export class Health {
  readonly #options: HealthOptions
  #fails = 0
  #probing = false
  #ended = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: HealthOptions) {
    this.#options = options
  }

  get down(): boolean {
    return this.#options.maxFails > 0 && this.#fails > this.#options.maxFails
  }

  /** An exchange failed: finds out whether it is the upstream's fault. */
  suspect(): void {
    if (this.#probing || this.#ended || this.#options.maxFails === 0) return
    this.#probing = true
    void this.#probe()
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  async #probe(): Promise<void> {
    try {
      await this.#options.probe()
      this.#fails = 0
      this.#probing = false
    } catch {
      // Why it failed has been told for the question that failed; here it counts that it did.
      this.#fails++
      this.#options.failed()
      if (this.#ended) return
      this.#timer = setTimeout(() => void this.#probe(), Math.max(this.#options.interval, minInterval))
    }
  }
}
