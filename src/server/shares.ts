// Things that outlive a reload: kept as long as one configuration uses them.

interface Share {
  readonly value: unknown
  readonly controller: AbortController
  readonly users: Set<object>
}

export class Shares {
  readonly #shares = new Map<string, Share>()

  /** The thing of this key; made, with a signal that ends it, where nobody has it yet. `user` holds on to it until released. */
  take<T>(user: object, key: string, make: (signal: AbortSignal) => T): T {
    let share = this.#shares.get(key)
    if (share === undefined) {
      const controller = new AbortController()
      share = { value: make(controller.signal), controller, users: new Set() }
      this.#shares.set(key, share)
    }
    share.users.add(user)
    // Shares of equal key are made by the same plugin.
    return share.value as T
  }

  /** Lets go of all that `user` took; what nobody else uses ends. */
  release(user: object): void {
    for (const [key, share] of this.#shares) {
      share.users.delete(user)
      if (share.users.size > 0) continue
      this.#shares.delete(key)
      share.controller.abort()
    }
  }
}
