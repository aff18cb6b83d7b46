// A bounded number of places for all clients, of which none can take so many that nothing is left for others (Choudhury and Hahne,
// Dynamic Queue Length Thresholds, 1998).

/** How many times as many as are free one client may have: alone it gets eight of nine. */
const share = 8

export class FairPlaces {
  readonly #limit: number
  readonly #held = new Map<string, number>()
  #total = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Is there a place for this client? It has it then until it leaves. */
  take(client: string): boolean {
    const free = this.#limit - this.#total
    const held = this.#held.get(client) ?? 0
    if (free < 1 || held >= free * share) return false
    this.#held.set(client, held + 1)
    this.#total++
    return true
  }

  /** Gives back one place of this client. */
  leave(client: string): void {
    const held = this.#held.get(client)
    if (held === undefined) throw new Error(`${client} has no place`)
    if (held === 1) this.#held.delete(client)
    else this.#held.set(client, held - 1)
    this.#total--
  }
}
