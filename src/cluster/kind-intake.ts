// Brings the API objects of one kind from a reflector into the mirror: trims and keys them, and turns a list into what
// it changes.
import { AddressSet } from './address-set.ts'
import { type Complain, identityOf, keyOf } from './api-object.ts'
import { countEvent } from './cluster-metrics.ts'
import type { EndpointSlice } from './endpoint-slice.ts'
import { kinds, type Trimmed } from './kinds.ts'
import type { Mirror } from './mirror.ts'
import { isTerminating } from './pod.ts'
import { measureProgramming } from './programming-time.ts'
import type { Intake } from './reflector.ts'
import type { Kind } from './store.ts'

/** Reads an API object as what the mirror keeps: one trimmed object as a rule, none where it is of no use. */
export type Read<K extends Kind> = (object: unknown, complain: Complain) => readonly Trimmed[K][]

export interface KindIntakeOptions<K extends Kind> {
  readonly kind: K
  readonly mirror: Mirror
  /** The one the objects come from; '' for all of them. */
  readonly namespace: string
  /** What an object is called in complaints: `Service`. */
  readonly singular: string
  readonly read: Read<K>
  /** Told in words of objects, or parts of them, that can't be used. */
  readonly complain: Complain
  /** Called each time a list is complete. */
  readonly listed: () => void
}

export class KindIntake<K extends Kind> implements Intake {
  readonly #options: KindIntakeOptions<K>
  /** While a list comes: where the records are that were known before and have not been seen in it. */
  #unseen: AddressSet | undefined
  /** Keys of objects that are there and of no use. */
  #unused = new Set<string>()
  #count = 0

  constructor(options: KindIntakeOptions<K>) {
    this.#options = options
  }

  begin(): void {
    const { kind, mirror, namespace } = this.#options
    const prefix = namespace === '' ? '' : `${namespace}/`
    this.#unseen = new AddressSet()
    this.#unused = new Set()
    this.#count = 0
    // Texts only where they tell something: of as many pods as there may be, they take a turn of 150 ms.
    const hasKeys = prefix !== '' || kind === 'endpointslices'
    for (let slot = mirror.slotFrom(kind, 1); slot !== 0; slot = mirror.slotFrom(kind, slot + 1)) {
      const key = hasKeys ? mirror.keyAt(kind, slot) : ''
      if (!key.startsWith(prefix)) continue
      this.#unseen.add(mirror.addressAt(kind, slot))
      if (!isLaterPart(key)) this.#count++
    }
  }

  put(object: unknown): void {
    const { kind, mirror, singular, read, complain } = this.#options
    const key = this.#keyOf(object)
    if (key !== undefined && !this.#isKnown(key)) this.#count++
    if (kind === 'pods' && isTerminating(object)) {
      // Such a pod stays what it was, known or unknown.
      if (key === undefined) return
      if (mirror.has(kind, key)) this.#see(key)
      else this.#unused.add(key)
      return
    }
    const name = key === undefined ? singular : `${singular} ${key}`
    const parts = read(object, (problem) => complain(`${name}: ${problem}`))
    if (key === undefined) return
    for (const [i, part] of parts.entries()) {
      // Before its record is another one, and that one's place free for any.
      this.#see(partKey(key, i))
      mirror.apply(kind, partKey(key, i), part)
    }
    this.#remove(key, parts.length)
    // What a list brings may have been there for long.
    if (kind === 'endpointslices' && this.#unseen === undefined)
      measureProgramming(mirror, object, parts[0] as EndpointSlice | undefined, (problem) =>
        complain(`${name}: ${problem}`),
      )
    if (parts.length === 0) this.#unused.add(key)
    else this.#forget(key)
  }

  drop(object: unknown): void {
    const { singular, complain } = this.#options
    const key = this.#keyOf(object)
    if (key === undefined) {
      complain(`a ${singular} was deleted that has no name`)
      return
    }
    if (this.#isKnown(key)) this.#count--
    this.#forget(key)
    this.#remove(key, 0)
  }

  heard(type: unknown): void {
    countEvent(this.#options.kind, type)
  }

  complete(): void {
    if (this.#unseen !== undefined) this.#dropAll(this.#unseen)
    this.#unseen = undefined
    this.#options.listed()
  }

  count(): number {
    return this.#count
  }

  /** Undefined without a name. What lives in no namespace may name one all the same, which means nothing. */
  #keyOf(object: unknown): string | undefined {
    const identity = identityOf(object)
    return identity && keyOf(kinds[this.#options.kind].namespaced ? identity : { ...identity, namespace: '' })
  }

  #isKnown(key: string): boolean {
    return this.#isUnused(key) || this.#options.mirror.has(this.#options.kind, key)
  }

  // V8 keeps every string that a Set or Map is asked for in a table of its own for a while, be it empty.
  #isUnused(key: string): boolean {
    return this.#unused.size > 0 && this.#unused.has(key)
  }

  #forget(key: string): void {
    if (this.#unused.size > 0) this.#unused.delete(key)
  }

  #dropAll(unseen: AddressSet): void {
    const { kind, mirror } = this.#options
    for (let slot = mirror.slotFrom(kind, 1); slot !== 0; slot = mirror.slotFrom(kind, slot + 1)) {
      if (!unseen.has(mirror.addressAt(kind, slot))) continue
      const key = mirror.keyAt(kind, slot)
      if (!isLaterPart(key) && !this.#isUnused(key)) this.#count--
      mirror.remove(kind, key)
    }
  }

  /** Removes the parts of an object from the nth on. */
  #remove(key: string, from: number): void {
    const { kind, mirror } = this.#options
    for (let i = from; mirror.has(kind, partKey(key, i)); i++) {
      this.#see(partKey(key, i))
      mirror.remove(kind, partKey(key, i))
    }
  }

  #see(key: string): void {
    const address = this.#unseen === undefined ? undefined : this.#options.mirror.addressOf(this.#options.kind, key)
    if (address !== undefined) this.#unseen?.delete(address)
  }
}

/** The key of the nth part of what was read from one object: that of the object for the first, and as a rule only, one. */
function partKey(key: string, n: number): string {
  return n === 0 ? key : `${key}/${n}`
}

function isLaterPart(key: string): boolean {
  return key.indexOf('/') !== key.lastIndexOf('/')
}
