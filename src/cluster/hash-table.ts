// Numbers found by the hash of a text, any number of them by one hash, in a few octets each: 10 to 12 with all that belongs to
// it, where an entry of a Map takes 60 and more beside its key.
import { emptyHash, hashNumber, hashOctets, hashText } from '../hash.ts'

/** Where an entry is, until the next change. */
export type Entry = number

const none = 0
/** Parts of the cells that are taken: at most, and once there have become more of them. With more, to find nothing takes long. */
const fullest = 0.8
const emptiest = 0.67
const fewest = 16

/** That of the key (`keyOf`) of what has this name in a namespace, or in none for ''. */
// hot
export function hashName(namespace: string, name: string): number {
  return hashText(name, namespace === '' ? emptyHash : hashText('/', hashText(namespace)))
}

/** That of `hashName`, where the name is the label at `at`, and the namespace the next one. */
// hot
export function hashLabels(octets: Uint8Array, at: number): number {
  const next = at + 1 + (octets[at] as number)
  const namespace = hashOctets(octets, next + 1, next + 1 + (octets[next] as number))
  return hashOctets(octets, at + 1, next, hashNumber(slash, namespace))
}

const slash = 0x2f

/**
 * An entry is in the cell that its hash leads to, or where that is taken, in the next one that is free (linear probing; Knuth, The
 * Art of Computer Programming, 6.4, algorithms L and R): in a large cluster most of the time goes by waiting for memory, and
 * cells beside each other come at once.
 */
export class HashTable {
  /** Two numbers a cell: the hash and its value, which is 0 where there is no entry. */
  #cells = new Uint32Array(2 * fewest)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** 0 where there is none. */
  // hot
  first(hash: number): Entry {
    return this.#from(this.#homeOf(hash), hash >>> 0)
  }

  /** The next one with the same hash; 0 where there is none. */
  next(entry: Entry): Entry {
    const cell = entry - 1
    return this.#from(this.#after(cell), this.#cells[2 * cell] as number)
  }

  /** From 1 to 2^32 - 1. */
  // hot
  value(entry: Entry): number {
    return this.#cells[2 * entry - 1] as number
  }

  add(hash: number, value: number): void {
    const capacity = this.#cells.length / 2
    if (this.#size + 1 > capacity * fullest) this.#grow()
    this.#put(hash >>> 0, value)
    this.#size++
  }

  /** Removes one entry with this hash and value, if there is one. */
  remove(hash: number, value: number): void {
    let entry = this.first(hash)
    while (entry !== none && this.value(entry) !== value) entry = this.next(entry)
    if (entry === none) return
    const cells = this.#cells
    const capacity = cells.length / 2
    let hole = entry - 1
    // What follows moves up, unless it would come to be before the cell its hash leads to.
    for (let cell = this.#after(hole); cells[2 * cell + 1] !== 0; cell = this.#after(cell)) {
      const fromHome = (cell - this.#homeOf(cells[2 * cell] as number) + capacity) % capacity
      const fromHole = (cell - hole + capacity) % capacity
      if (fromHome < fromHole) continue
      cells.copyWithin(2 * hole, 2 * cell, 2 * cell + 2)
      hole = cell
    }
    cells[2 * hole + 1] = 0
    this.#size--
  }

  // hot
  #from(start: number, hash: number): Entry {
    const cells = this.#cells
    let at = 2 * start
    while (cells[at + 1] !== 0) {
      if (cells[at] === hash) return (at >>> 1) + 1
      at += 2
      if (at === cells.length) at = 0
    }
    return none
  }

  // hot
  #homeOf(hash: number): number {
    // What differs in the low bits alone must not end in one cell: it is the high bits that count.
    const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0
    return Math.floor((mixed * (this.#cells.length / 2)) / 0x1_0000_0000)
  }

  #after(cell: number): number {
    return 2 * (cell + 1) === this.#cells.length ? 0 : cell + 1
  }

  #put(hash: number, value: number): void {
    const cells = this.#cells
    let cell = this.#homeOf(hash)
    while (cells[2 * cell + 1] !== 0) cell = this.#after(cell)
    cells[2 * cell] = hash
    cells[2 * cell + 1] = value
  }

  #grow(): void {
    const before = this.#cells
    this.#cells = new Uint32Array(2 * (Math.ceil(this.#size / emptiest) + fewest))
    for (let at = 0; at < before.length; at += 2) {
      if (before[at + 1] !== 0) this.#put(before[at] as number, before[at + 1] as number)
    }
    // What is dropped is given back only when this thread next collects, and what is transferred at once.
    before.buffer.transfer(0)
  }
}
