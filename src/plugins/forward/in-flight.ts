// Questions being asked just now, so that equal ones are asked once.

export class InFlight<Answer> {
  readonly #promises = new Map<string, Promise<Answer>>()

  /** The answer to the question of this key that is on its way, or that `ask` gets. Without a key, always the latter. */
  ask(key: string | undefined, ask: () => Promise<Answer>): Promise<Answer> {
    if (key === undefined) return ask()
    const known = this.#promises.get(key)
    if (known !== undefined) return known
    const promise = ask().finally(() => this.#promises.delete(key))
    this.#promises.set(key, promise)
    return promise
  }
}
