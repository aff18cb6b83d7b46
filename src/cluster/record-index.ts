// The records of one kind as a worker finds them: by key, by the service they belong to, by address.
import { keyOf } from './api-object.ts'
import { HashTable, hashLabels, hashName, hashOctets, hashText, type Slot } from './hash-table.ts'
import { KeyTable } from './key-table.ts'
import { type RecordForm, type RecordHead, type RecordReader, readHead, unpackRecord } from './record.ts'
import type { RecordAddress, RecordMemory } from './record-memory.ts'

/** What an object was found by and what it is found by now. */
export interface HeadChange {
  readonly before: RecordHead | undefined
  readonly after: RecordHead | undefined
}

/**
 * What is found may have but the same hash as what was looked for: who unpacks it sees whether it is the right one. Slots
 * stay those of an object for as long as it is there, so that a change touches only what it changes.
 */
export class RecordIndex<T> {
  readonly #memory: RecordMemory
  readonly #form: RecordForm<T>
  readonly #keys: KeyTable
  readonly #byService = new HashTable()
  /** One for each list of addresses in heads. */
  readonly #byAddress: HashTable[] = []

  constructor(memory: RecordMemory, form: RecordForm<T>) {
    this.#memory = memory
    this.#form = form
    this.#keys = new KeyTable(memory)
  }

  get size(): number {
    return this.#keys.size
  }

  /** The object has this record now. Undefined where it had before. */
  put(address: RecordAddress): HeadChange | undefined {
    const after = readHead(this.#memory.at(address))
    const key = keyOf(after)
    const slot = this.#keys.find(key)
    if (slot === 0) {
      this.#reindex(this.#keys.add(key, address), undefined, after)
      return { before: undefined, after }
    }
    if (this.#keys.addressAt(slot) === address) return undefined
    const before = this.headAt(slot)
    this.#keys.replace(slot, address)
    this.#reindex(slot, before, after)
    return { before, after }
  }

  /** Undefined where there was none. */
  remove(key: string): HeadChange | undefined {
    const slot = this.#keys.find(key)
    if (slot === 0) return undefined
    const before = this.headAt(slot)
    this.#keys.remove(slot)
    this.#reindex(slot, before, undefined)
    return { before, after: undefined }
  }

  /** The first that may have the name of this `hashName`; 0 where there is none, or no more. */
  // hot
  firstLike(hash: number): Slot {
    return this.#keys.firstLike(hash)
  }

  /** The one that has the name; 0 where there is none. */
  // hot
  find(namespace: string, name: string): Slot {
    let slot = this.#keys.firstLike(hashName(namespace, name))
    while (slot !== 0 && !isNamed(this.#memory.at(this.#keys.addressAt(slot)), namespace, name))
      slot = this.#keys.next(slot)
    return slot
  }

  /** The one whose name is the label at `at`, and whose namespace is the next label; 0 where there is none. */
  // hot
  findLabels(octets: Uint8Array, at: number): Slot {
    const name = at + 1
    const namespace = name + (octets[at] as number) + 1
    const end = namespace + (octets[namespace - 1] as number)
    let slot = this.#keys.firstLike(hashLabels(octets, at))
    for (; slot !== 0; slot = this.#keys.next(slot)) {
      const reader = this.#memory.at(this.#keys.addressAt(slot))
      if (reader.isOctets(octets, namespace, end) && reader.isOctets(octets, name, namespace - 1)) break
    }
    return slot
  }

  /** The one of no namespace whose name is the label at `at`; 0 where there is none. */
  // hot
  findLabel(octets: Uint8Array, at: number): Slot {
    const end = at + 1 + (octets[at] as number)
    let slot = this.#keys.firstLike(hashOctets(octets, at + 1, end))
    for (; slot !== 0; slot = this.#keys.next(slot)) {
      const reader = this.#memory.at(this.#keys.addressAt(slot))
      if (reader.isText('') && reader.isOctets(octets, at + 1, end)) break
    }
    return slot
  }

  /** Those of the first list of addresses that have so many octets; undefined where the list is empty. */
  // hot
  addressOctets(slot: Slot, octets: 4 | 16): readonly string[] | undefined {
    const reader = this.#memory.at(this.#keys.addressAt(slot))
    for (let text = 0; text < 3; text++) reader.skipText()
    return reader.number() === 0 ? undefined : reader.addressOctets(octets)
  }

  nextLike(slot: Slot): Slot {
    return this.#keys.next(slot)
  }

  /** Those that may belong to the service of this `hashName`. */
  ofService(hash: number): Slot[] {
    return slotsOf(this.#byService, hash)
  }

  /** By the nth list of addresses of heads. */
  atAddress(list: number, address: string): Slot[] {
    const table = this.#byAddress[list]
    return table === undefined ? [] : slotsOf(table, hashText(address))
  }

  slots(): Iterable<Slot> {
    return this.#keys.slots()
  }

  headAt(slot: Slot): RecordHead {
    return readHead(this.#memory.at(this.#keys.addressAt(slot)))
  }

  unpack(slot: Slot): T {
    return unpackRecord(this.#form, this.#memory.at(this.#keys.addressAt(slot)))
  }

  #reindex(slot: Slot, before: RecordHead | undefined, after: RecordHead | undefined): void {
    reindex(this.#byService, slot, serviceOf(before), serviceOf(after))
    const lists = Math.max(before?.addresses.length ?? 0, after?.addresses.length ?? 0)
    for (let list = 0; list < lists; list++) {
      this.#byAddress[list] ??= new HashTable()
      const table = this.#byAddress[list] as HashTable
      reindex(table, slot, before?.addresses[list] ?? [], after?.addresses[list] ?? [])
    }
  }
}

// hot
function isNamed(reader: RecordReader, namespace: string, name: string): boolean {
  return reader.isText(namespace) && reader.isText(name)
}

/** What words there are only before, and what only after; each once. */
export function compareWords(
  before: readonly string[],
  after: readonly string[],
): { gone: Iterable<string>; come: Iterable<string> } {
  // V8 keeps every string a Set is asked for in a table of its own for a while: few words are compared without one.
  if (before.length + after.length <= 16) return { gone: without(before, after), come: without(after, before) }
  const gone = new Set(before)
  const come = new Set(after)
  for (const word of gone) if (come.delete(word)) gone.delete(word)
  return { gone, come }
}

/** Each once. */
function without(words: readonly string[], others: readonly string[]): string[] {
  return words.filter((word, i) => !others.includes(word) && words.indexOf(word) === i)
}

function reindex(table: HashTable, slot: Slot, before: readonly string[], after: readonly string[]): void {
  const { gone, come } = compareWords(before, after)
  for (const word of gone) table.removeValue(hashText(word), slot)
  for (const word of come) table.add(hashText(word), slot)
}

function serviceOf(head: RecordHead | undefined): readonly string[] {
  return head === undefined || head.service === '' ? [] : [`${head.namespace}/${head.service}`]
}

/** Each once. */
function slotsOf(table: HashTable, hash: number): Slot[] {
  const slots: Slot[] = []
  for (let slot = table.first(hash); slot !== 0; slot = table.next(slot)) {
    const value = table.value(slot)
    if (!slots.includes(value)) slots.push(value)
  }
  return slots
}
