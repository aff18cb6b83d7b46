// The records of one kind by their keys, which are those of `keyOf` and stand in the records alone.
import { hashText } from '../hash.ts'
import { HashTable } from './hash-table.ts'
import type { RecordAddress, RecordMemory } from './record-memory.ts'
import { type Slot, withRoomFor } from './slot.ts'

const none = 0

export class KeyTable {
  readonly #memory: RecordMemory
  /** Slots by the hashes of keys. */
  readonly #slots = new HashTable()
  /** By slot; 0 where there is none. */
  #addresses = new Uint32Array(16)
  /** Slots that have been used, whether they still are or not. */
  #used = 0
  readonly #unused: Slot[] = []

  constructor(memory: RecordMemory) {
    this.#memory = memory
  }

  get size(): number {
    return this.#slots.size
  }

  /** 0 where there is none. */
  find(key: string): Slot {
    const slots = this.#slots
    for (let entry = slots.first(hashText(key)); entry !== none; entry = slots.next(entry)) {
      const slot = slots.value(entry)
      if (this.keyAt(slot) === key) return slot
    }
    return none
  }

  /** 0 where there is none. */
  addressAt(slot: Slot): RecordAddress {
    return this.#addresses[slot] ?? 0
  }

  keyAt(slot: Slot): string {
    const reader = this.#memory.at(this.addressAt(slot))
    const namespace = reader.text()
    return namespace === '' ? reader.text() : `${namespace}/${reader.text()}`
  }

  /** No other may have the key. */
  add(key: string, address: RecordAddress): Slot {
    const slot = this.#unused.pop() ?? ++this.#used
    this.#addresses = withRoomFor(slot, this.#addresses)
    this.#addresses[slot] = address
    this.#slots.add(hashText(key), slot)
    return slot
  }

  /** Another record with the same key. */
  replace(slot: Slot, address: RecordAddress): void {
    this.#addresses[slot] = address
  }

  /** Its record is still there. */
  remove(slot: Slot): void {
    this.#slots.remove(hashText(this.keyAt(slot)), slot)
    this.#addresses[slot] = 0
    this.#unused.push(slot)
  }

  /** The first from this one on, itself included; 0 where there is none. */
  slotFrom(start: Slot): Slot {
    for (let slot = start; slot <= this.#used; slot++) if (this.#addresses[slot] !== 0) return slot
    return none
  }

  /** All of them. What is added meanwhile may be among them, and what is removed is not. */
  *slots(): Generator<Slot, void> {
    for (let slot = this.slotFrom(1); slot !== none; slot = this.slotFrom(slot + 1)) yield slot
  }
}
