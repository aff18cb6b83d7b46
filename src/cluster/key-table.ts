// The records of one kind by their keys, which are those of `keyOf` and stand in the records alone.
import { HashTable, hashText, type Slot } from './hash-table.ts'
import type { RecordAddress, RecordMemory } from './record-memory.ts'

export class KeyTable {
  readonly #memory: RecordMemory
  readonly #table = new HashTable()

  constructor(memory: RecordMemory) {
    this.#memory = memory
  }

  get size(): number {
    return this.#table.size
  }

  /** 0 where there is none. */
  find(key: string): Slot {
    let slot = this.#table.first(hashText(key))
    while (slot !== 0 && this.keyAt(slot) !== key) slot = this.#table.next(slot)
    return slot
  }

  /** 0 where there is none. */
  addressAt(slot: Slot): RecordAddress {
    return this.#table.value(slot)
  }

  keyAt(slot: Slot): string {
    const reader = this.#memory.at(this.#table.value(slot))
    const namespace = reader.text()
    return namespace === '' ? reader.text() : `${namespace}/${reader.text()}`
  }

  /** No other may have the key. */
  add(key: string, address: RecordAddress): Slot {
    return this.#table.add(hashText(key), address)
  }

  /** Another record with the same key. */
  replace(slot: Slot, address: RecordAddress): void {
    this.#table.setValue(slot, address)
  }

  remove(slot: Slot): void {
    this.#table.remove(slot)
  }

  /** The first from this one on, itself included; 0 where there is none. */
  slotFrom(start: Slot): Slot {
    return this.#table.slotFrom(start)
  }

  slots(): Generator<Slot, void> {
    return this.#table.slots()
  }
}
