// Brings the API objects of one kind from a reflector into the mirror: trims and keys them, and turns a list into what
// it changes.
import { identityOf, keyOf } from './api-object.ts'
import { kinds } from './kinds.ts'
import type { Mirror } from './mirror.ts'
import { isTerminating } from './pod.ts'
import type { Intake } from './reflector.ts'
import type { Kind } from './store.ts'

export interface KindIntakeOptions {
  readonly kind: Kind
  readonly mirror: Mirror
  /** The one the objects come from; '' for all of them. */
  readonly namespace: string
  /** Told in words of objects, or parts of them, that can't be used. */
  readonly complain: (problem: string) => void
  /** Called each time a list is complete. */
  readonly listed: () => void
}

export class KindIntake implements Intake {
  readonly #kind: Kind
  readonly #mirror: Mirror
  readonly #prefix: string
  readonly #complain: (problem: string) => void
  readonly #listed: () => void
  /** While a list comes: what was known before and has not been seen in it. */
  #unseen: Set<string> | undefined

  constructor({ kind, mirror, namespace, complain, listed }: KindIntakeOptions) {
    this.#kind = kind
    this.#mirror = mirror
    this.#prefix = namespace === '' ? '' : `${namespace}/`
    this.#complain = complain
    this.#listed = listed
  }

  begin(): void {
    this.#unseen = new Set()
    for (const key of this.#mirror.keys(this.#kind)) if (key.startsWith(this.#prefix)) this.#unseen.add(key)
  }

  put(object: unknown): void {
    const identity = identityOf(object)
    const { singular, trim } = kinds[this.#kind]
    const name = identity === undefined ? singular : `${singular} ${keyOf(identity)}`
    // A pod that is told to end stays what it was.
    const ends = this.#kind === 'pods' && isTerminating(object)
    const trimmed = ends ? undefined : trim(object, (problem) => this.#complain(`${name}: ${problem}`))
    if (identity === undefined) return
    const key = keyOf(identity)
    if (trimmed !== undefined) {
      this.#unseen?.delete(key)
      this.#mirror.apply(this.#kind, key, trimmed)
    } else if (ends && this.#mirror.has(this.#kind, key)) this.#unseen?.delete(key)
    else this.#mirror.remove(this.#kind, key)
  }

  drop(object: unknown): void {
    const identity = identityOf(object)
    if (identity === undefined) this.#complain(`a ${kinds[this.#kind].singular} was deleted that has no name`)
    else this.#mirror.remove(this.#kind, keyOf(identity))
  }

  complete(): void {
    for (const key of this.#unseen ?? []) this.#mirror.remove(this.#kind, key)
    this.#unseen = undefined
    this.#listed()
  }
}
