// Numbers found by the hash of a text, any number of them by one hash, in a few octets each: 16 to 24 with all that
// belongs to it, where an entry of a Map takes 60 and more beside its key.

/** Names an entry until it is removed. */
export type Slot = number

/** Three numbers an entry: its hash, its value, the next entry of its chain (or of the unused ones). Slots count from 1. */
const stride = 3
const none = 0

/** Of the texts of this process: nobody outside can know which ones collide. */
const seed = (Math.random() * 0x1_0000_0000) >>> 0

/** Goes on with a hash from other texts; of nothing it is this. */
export const emptyHash = seed ^ 0x811c9dc5

/** FNV-1a of the characters. Of a text in two parts it is that of the whole. */
// hot
export function hashText(text: string, hash = emptyHash): number {
  let value = hash
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value
}

/** The same of characters that are octets, from one to before another. */
// hot
export function hashOctets(octets: Uint8Array, from: number, to: number, hash = emptyHash): number {
  let value = hash
  for (let i = from; i < to; i++) value = Math.imul(value ^ (octets[i] as number), 0x01000193)
  return value
}

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
  return hashOctets(octets, at + 1, next, Math.imul(namespace ^ slash, 0x01000193))
}

const slash = 0x2f

export class HashTable {
  /** First slots of chains, by the last bits of a mixed hash. */
  #heads = new Uint32Array(16)
  #entries = new Uint32Array(stride * 17)
  #size = 0
  /** Slots that have been used, whether they still are or not. */
  #used = 0
  #unused: Slot = none

  get size(): number {
    return this.#size
  }

  /** 0 where there is none. */
  // hot
  first(hash: number): Slot {
    return this.#from(this.#heads[this.#headOf(hash)] as number, hash >>> 0)
  }

  /** The next one with the same hash; 0 where there is none. */
  next(slot: Slot): Slot {
    const at = slot * stride
    return this.#from(this.#entries[at + 2] as number, this.#entries[at] as number)
  }

  /** From 1 to 2^32 - 1. */
  value(slot: Slot): number {
    return this.#entries[slot * stride + 1] as number
  }

  setValue(slot: Slot, value: number): void {
    this.#entries[slot * stride + 1] = value
  }

  add(hash: number, value: number): Slot {
    if (this.#unused === none && this.#used + 1 === this.#entries.length / stride) this.#grow()
    const slot = this.#unused === none ? ++this.#used : this.#unused
    const at = slot * stride
    if (slot === this.#unused) this.#unused = this.#entries[at + 2] as number
    this.#entries[at] = hash
    this.#entries[at + 1] = value
    this.#link(slot)
    this.#size++
    return slot
  }

  remove(slot: Slot): void {
    const entries = this.#entries
    const at = slot * stride
    const head = this.#headOf(entries[at] as number)
    if (this.#heads[head] === slot) this.#heads[head] = entries[at + 2] as number
    else {
      let before = this.#heads[head] as number
      while (entries[before * stride + 2] !== slot) before = entries[before * stride + 2] as number
      entries[before * stride + 2] = entries[at + 2] as number
    }
    entries[at + 1] = 0
    entries[at + 2] = this.#unused
    this.#unused = slot
    this.#size--
  }

  /** Removes one entry with this hash and value, if there is one. */
  removeValue(hash: number, value: number): void {
    let slot = this.first(hash)
    while (slot !== none && this.value(slot) !== value) slot = this.next(slot)
    if (slot !== none) this.remove(slot)
  }

  /** The first from this one on, itself included; 0 where there is none. */
  slotFrom(start: Slot): Slot {
    for (let slot = start; slot <= this.#used; slot++) if (this.value(slot) !== 0) return slot
    return none
  }

  /** All of them. What is added meanwhile may be among them, and what is removed is not. */
  *slots(): Generator<Slot, void> {
    for (let slot = this.slotFrom(1); slot !== none; slot = this.slotFrom(slot + 1)) yield slot
  }

  #from(start: Slot, hash: number): Slot {
    const entries = this.#entries
    let slot = start
    while (slot !== none && entries[slot * stride] !== hash) slot = entries[slot * stride + 2] as number
    return slot
  }

  #headOf(hash: number): number {
    // What differs in the high bits alone must not end in one chain.
    const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return (mixed ^ (mixed >>> 13)) & (this.#heads.length - 1)
  }

  #link(slot: Slot): void {
    const at = slot * stride
    const head = this.#headOf(this.#entries[at] as number)
    this.#entries[at + 2] = this.#heads[head] as number
    this.#heads[head] = slot
  }

  #grow(): void {
    const capacity = Math.ceil(this.#used * 1.25) + 16
    // What is transferred is given back at once, and what is dropped only when this thread next collects.
    this.#entries = new Uint32Array(
      this.#entries.buffer.transfer(Uint32Array.BYTES_PER_ELEMENT * stride * (capacity + 1)),
    )
    if (capacity <= 2 * this.#heads.length) return
    const { length } = this.#heads
    this.#heads = new Uint32Array(this.#heads.buffer.transfer(Uint32Array.BYTES_PER_ELEMENT * length * 2)).fill(0)
    for (let slot = 1; slot <= this.#used; slot++) this.#link(slot)
  }
}
