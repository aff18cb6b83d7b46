// Brings the API objects of one kind from a reflector into the mirror: trims and keys them, and turns a list into what
// it changes.
import { identityOf, keyOf } from './api-object.ts'
import { kinds } from './kinds.ts'
import type { Mirror } from './mirror.ts'
import { isTerminating } from './pod.ts'
import type { Intake } from './reflector.ts'
import type { Kind } from './store.ts'

export class KindIntake implements Intake {
  readonly #kind: Kind
  readonly #mirror: Mirror
  readonly #complain: (problem: string) => void
  /** While a list comes: what was known before and has not been seen in it. */
  #unseen: Set<string> | undefined

  /** `complain` is told in words of objects, or parts of them, that can't be used. */
  constructor(kind: Kind, mirror: Mirror, complain: (problem: string) => void) {
    this.#kind = kind
    this.#mirror = mirror
    this.#complain = complain
  }

  begin(): void {
    this.#unseen = new Set(this.#mirror.keys(this.#kind))
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
    this.#mirror.setSynced(this.#kind)
  }
}
