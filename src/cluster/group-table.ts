// Numbers by the hash of a text that any number of them may share, as the address of a proxy that thousands of services lead to.
import { type Entry, HashTable } from './hash-table.ts'

/** With more numbers of one hash beside each other, other hashes that lead to the same cells would take long to find. */
const most = 64

export class GroupTable {
  readonly #table = new HashTable()
  /** Of each hash that had more at some time: all its numbers, and how often each has been added. */
  readonly #crowds = new Map<number, Map<number, number>>()

  add(hash: number, value: number): void {
    const crowd = this.#crowdOf(hash)
    if (crowd !== undefined) count(crowd, value)
    else {
      this.#table.add(hash, value)
      if (this.#isCrowded(hash)) this.#moveOut(hash)
    }
  }

  /** Takes back one time that it was added. */
  remove(hash: number, value: number): void {
    const crowd = this.#crowdOf(hash)
    if (crowd === undefined) {
      this.#table.remove(hash, value)
      return
    }
    const times = crowd.get(value) ?? 0
    if (times > 1) crowd.set(value, times - 1)
    else crowd.delete(value)
    if (crowd.size === 0) this.#crowds.delete(hash >>> 0)
  }

  /** Each once. */
  values(hash: number): number[] {
    const crowd = this.#crowdOf(hash)
    if (crowd !== undefined) return [...crowd.keys()]
    const values: number[] = []
    for (let entry = this.#table.first(hash); entry !== 0; entry = this.#table.next(entry)) {
      const value = this.#table.value(entry)
      if (!values.includes(value)) values.push(value)
    }
    return values
  }

  #crowdOf(hash: number): Map<number, number> | undefined {
    return this.#crowds.size === 0 ? undefined : this.#crowds.get(hash >>> 0)
  }

  #isCrowded(hash: number): boolean {
    let entry: Entry = this.#table.first(hash)
    for (let left = most; left > 0 && entry !== 0; left--) entry = this.#table.next(entry)
    return entry !== 0
  }

  #moveOut(hash: number): void {
    const crowd = new Map<number, number>()
    for (let entry = this.#table.first(hash); entry !== 0; entry = this.#table.first(hash)) {
      const value = this.#table.value(entry)
      count(crowd, value)
      this.#table.remove(hash, value)
    }
    this.#crowds.set(hash >>> 0, crowd)
  }
}

function count(crowd: Map<number, number>, value: number): void {
  crowd.set(value, (crowd.get(value) ?? 0) + 1)
}
