// The records of one kind as a worker finds them: by name, by the service they belong to, by address.

import { hashOctets, hashText } from '../hash.ts'
import { GroupTable } from './group-table.ts'
import { HashTable, hashLabels, hashName } from './hash-table.ts'
import { type RecordForm, type RecordHead, type RecordReader, readHead, unpackRecord } from './record.ts'
import type { RecordAddress, RecordMemory } from './record-memory.ts'
import { type Slot, withRoomFor } from './slot.ts'

/** What an object was found by and what it is found by now. */
export interface HeadChange {
  readonly before: RecordHead | undefined
  readonly after: RecordHead | undefined
}

/** Which objects are found how. */
export interface IndexedForm<T> {
  readonly form: RecordForm<T>
  /** Are they found by namespace and name? */
  readonly isNamed: boolean
}

/**
 * Who feeds it gives each object a slot, a small number, which stays that of the object for as long as it is there, so that
 * a change touches only what it changes. What is found may have but the same hash as what was looked for: who unpacks it
 * sees whether it is the right one.
 */
export class RecordIndex<T> {
  readonly #memory: RecordMemory
  readonly #form: RecordForm<T>
  readonly #isNamed: boolean
  /** The record in each slot; 0 where there is none. */
  #records = new Uint32Array(16)
  #size = 0
  /** Empty where they aren't found by it. */
  readonly #byName = new HashTable()
  readonly #byService = new GroupTable()
  /** One for each list of addresses in heads. */
  readonly #byAddress: GroupTable[] = []

  constructor(memory: RecordMemory, { form, isNamed }: IndexedForm<T>) {
    this.#memory = memory
    this.#form = form
    this.#isNamed = isNamed
  }

  get size(): number {
    return this.#size
  }

  /** The slot holds this record now; 0: none. Undefined where it did before. */
  put(slot: Slot, address: RecordAddress): HeadChange | undefined {
    const known = this.#records[slot] ?? 0
    if (known === address) return undefined
    const before = known === 0 ? undefined : readHead(this.#memory.at(known))
    const after = address === 0 ? undefined : readHead(this.#memory.at(address))
    this.#records = withRoomFor(slot, this.#records)
    this.#records[slot] = address
    this.#size += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1)
    this.#reindex(slot, before, after)
    return { before, after }
  }

  /** The one that has the name; 0 where there is none. */
  // hot
  find(namespace: string, name: string): Slot {
    let entry = this.#byName.first(hashName(namespace, name))
    for (; entry !== 0; entry = this.#byName.next(entry)) {
      const slot = this.#byName.value(entry)
      if (isNamed(this.#at(slot), namespace, name)) return slot
    }
    return 0
  }

  /** The one whose name is the label at `at`, and whose namespace is the next label; 0 where there is none. */
  // hot
  findLabels(octets: Uint8Array, at: number): Slot {
    const name = at + 1
    const namespace = name + (octets[at] as number) + 1
    const end = namespace + (octets[namespace - 1] as number)
    let entry = this.#byName.first(hashLabels(octets, at))
    for (; entry !== 0; entry = this.#byName.next(entry)) {
      const slot = this.#byName.value(entry)
      const reader = this.#at(slot)
      if (reader.isOctets(octets, namespace, end) && reader.isOctets(octets, name, namespace - 1)) return slot
    }
    return 0
  }

  /** The one of no namespace whose name is the label at `at`; 0 where there is none. */
  // hot
  findLabel(octets: Uint8Array, at: number): Slot {
    const end = at + 1 + (octets[at] as number)
    let entry = this.#byName.first(hashOctets(octets, at + 1, end))
    for (; entry !== 0; entry = this.#byName.next(entry)) {
      const slot = this.#byName.value(entry)
      const reader = this.#at(slot)
      if (reader.isText('') && reader.isOctets(octets, at + 1, end)) return slot
    }
    return 0
  }

  /** Those that may have the name of this `hashName`. */
  named(hash: number): Slot[] {
    const slots: Slot[] = []
    for (let entry = this.#byName.first(hash); entry !== 0; entry = this.#byName.next(entry))
      slots.push(this.#byName.value(entry))
    return slots
  }

  /** Those of the first list of addresses that have so many octets; undefined where the list is empty. */
  // hot
  addressOctets(slot: Slot, octets: 4 | 16): readonly string[] | undefined {
    const reader = this.#at(slot)
    for (let text = 0; text < 3; text++) reader.skipText()
    return reader.number() === 0 ? undefined : reader.addressOctets(octets)
  }

  /** Those that may belong to the service of this `hashName`. */
  ofService(hash: number): Slot[] {
    return this.#byService.values(hash)
  }

  /** By the nth list of addresses of heads. */
  atAddress(list: number, address: string): Slot[] {
    return this.#byAddress[list]?.values(hashText(address)) ?? []
  }

  /** Those that hold a record. */
  *slots(): Generator<Slot, void> {
    for (let slot = 1; slot < this.#records.length; slot++) if (this.#records[slot] !== 0) yield slot
  }

  headAt(slot: Slot): RecordHead {
    return readHead(this.#at(slot))
  }

  unpack(slot: Slot): T {
    return unpackRecord(this.#form, this.#at(slot))
  }

  // hot
  #at(slot: Slot): RecordReader {
    return this.#memory.at(this.#records[slot] as number)
  }

  #reindex(slot: Slot, before: RecordHead | undefined, after: RecordHead | undefined): void {
    if (this.#isNamed) rehash(this.#byName, slot, nameOf(before), nameOf(after))
    rehash(this.#byService, slot, serviceOf(before), serviceOf(after))
    const lists = Math.max(before?.addresses.length ?? 0, after?.addresses.length ?? 0)
    for (let list = 0; list < lists; list++) {
      this.#byAddress[list] ??= new GroupTable()
      const table = this.#byAddress[list] as GroupTable
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

function reindex(table: GroupTable, slot: Slot, before: readonly string[], after: readonly string[]): void {
  const { gone, come } = compareWords(before, after)
  for (const word of gone) table.remove(hashText(word), slot)
  for (const word of come) table.add(hashText(word), slot)
}

/** Undefined: it wasn't, or isn't, to be found. */
function rehash(
  table: HashTable | GroupTable,
  slot: Slot,
  before: number | undefined,
  after: number | undefined,
): void {
  if (before === after) return
  if (before !== undefined) table.remove(before, slot)
  if (after !== undefined) table.add(after, slot)
}

function nameOf(head: RecordHead | undefined): number | undefined {
  return head === undefined ? undefined : hashName(head.namespace, head.name)
}

function serviceOf(head: RecordHead | undefined): number | undefined {
  return head === undefined || head.service === '' ? undefined : hashName(head.namespace, head.service)
}
