// Lists come one after the other, since each makes garbage as long as it lasts; but nobody waits for long.
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds that one waits for its turn: a list may be long, or hang. */
const patienceMs = 2000

export class Turns {
  #before: Promise<unknown> = Promise.resolve()

  /** Resolves when it is one's turn, or patience is over; to what ends the turn, which may be called more than once. */
  async take(signal: AbortSignal): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const before = this.#before
    this.#before = promise
    const enough = new AbortController()
    const until = AbortSignal.any([signal, enough.signal])
    await Promise.race([before, sleep(patienceMs, undefined, { signal: until }).catch(() => {})])
    enough.abort()
    return resolve
  }
}
