// Trouble on demand, for tests of clients: what a server, its network and its restarts can do to them.
import type { Socket } from 'node:net'
import { type Kind, kindNamed } from './kinds.ts'
import type { Store } from './store.ts'
import type { Watch } from './verbs/watch.ts'

export class Trouble {
  readonly #store: Store
  readonly #sockets = new Set<Socket>()
  readonly #watches = new Set<Watch>()
  #delay = 0

  constructor(store: Store) {
    this.#store = store
  }

  /** Breaks every connection there is, as a killed server would; later ones are fine. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Forgets old versions, of one kind or all: watches are told so (410) and end, and can't be taken up from before. */
  expire(kind?: string): void {
    const chosen: Kind | undefined = kind === undefined ? undefined : kindNamed(kind)
    this.#store.forget(chosen)
    for (const watch of this.#watches) if (chosen === undefined || watch.request.kind === chosen) watch.expire()
  }

  /** Every answer, and every event of a watch, comes this many milliseconds late. 0 ends it. */
  slow(milliseconds: number): void {
    this.#delay = milliseconds
  }

  /** A bookmark on every watch that asked for bookmarks, now. */
  bookmark(): void {
    for (const watch of this.#watches) watch.bookmark()
  }

  /** Milliseconds everything is held back. */
  get delay(): number {
    return this.#delay
  }

  /** How many watches are under way. */
  get watches(): number {
    return this.#watches.size
  }

  /** Told by the server of each connection. */
  connected(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** Told by the server of each watch; returns what to call when it has ended. */
  watching(watch: Watch): () => void {
    this.#watches.add(watch)
    return () => this.#watches.delete(watch)
  }
}
