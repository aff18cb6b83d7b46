// Gives records their places in shared memory, and takes them back. One thread owns it; no other writes.
//
// A chunk is cut into pages, a page into places of one size: what is freed is as good for the next record of about that
// size, and a page that is wholly free for any. So whatever comes and goes, memory stays near the most that was ever held.
import {
  type Chunk,
  chunkOctets,
  offsetOf,
  type RecordAddress,
  RecordMemory,
  unitBits,
  unitOctets,
} from './record-memory.ts'

const pageBits = 10
const pageOctets = unitOctets << pageBits
const pagesOfChunk = 1 << (unitBits - pageBits)

/** Up to this many octets, places are as long as their records but for the rest of a unit. */
const fineOctets = 512

/** A chunk with only one record in it has a multiple of so many octets, as what the system gives. */
const roundedTo = 4096

interface Page {
  /** Of its first unit. */
  readonly start: RecordAddress
  /** Of each place. */
  readonly octets: number
  /** Places that have never been used begin with this one. */
  fresh: number
  readonly freed: RecordAddress[]
  /** How many places are in use. */
  used: number
}

export class Arena {
  readonly memory = new RecordMemory()
  /** By the number of the page: its address without the bits of its units. */
  readonly #pages = new Map<number, Page>()
  /** By the length of their places, the pages that have a free one. */
  readonly #open = new Map<number, Set<Page>>()
  /** Numbers of pages that are wholly free. */
  readonly #free = new Set<number>()
  /** Chunks there aren't. */
  readonly #numbers: number[] = []
  #octets = 0

  /** Of all chunks there are. */
  get octets(): number {
    return this.#octets
  }

  /** Keeps a copy of the octets. */
  add(octets: Uint8Array): RecordAddress {
    const address = this.#place(octets.length)
    this.memory.bufferOf(address).set(octets, offsetOf(address))
    return address
  }

  /** Octets that the record takes: its own, and a few more. */
  lengthAt(address: RecordAddress): number {
    return this.#pages.get(address >>> pageBits)?.octets ?? this.memory.bufferOf(address).length
  }

  /** Nobody will read the record any more. */
  free(address: RecordAddress): void {
    const number = address >>> pageBits
    const page = this.#pages.get(number)
    if (page === undefined) {
      this.#drop(address >>> unitBits)
      return
    }
    page.used--
    page.freed.push(address)
    const open = this.#open.get(page.octets)
    if (page.used > 0) {
      open?.add(page)
      return
    }
    open?.delete(page)
    this.#pages.delete(number)
    this.#free.add(number)
    this.#dropUnused(address >>> unitBits)
  }

  #place(length: number): RecordAddress {
    if (length > pageOctets) return (this.#addChunk(Math.ceil(length / roundedTo) * roundedTo) << unitBits) >>> 0
    const octets = placeOctets(length)
    let open = this.#open.get(octets)
    if (open === undefined) {
      open = new Set()
      this.#open.set(octets, open)
    }
    const [page = this.#addPage(octets)] = open
    open.add(page)
    page.used++
    if (page.used === Math.floor(pageOctets / octets)) open.delete(page)
    return page.freed.pop() ?? page.start + (page.fresh++ * octets) / unitOctets
  }

  #addPage(octets: number): Page {
    if (this.#free.size === 0) {
      const first = this.#addChunk(chunkOctets) * pagesOfChunk
      for (let number = first; number < first + pagesOfChunk; number++) this.#free.add(number)
    }
    const [number = 0] = this.#free
    this.#free.delete(number)
    const page: Page = { start: (number << pageBits) >>> 0, octets, fresh: 0, freed: [], used: 0 }
    this.#pages.set(number, page)
    return page
  }

  /** Returns its number. */
  #addChunk(octets: number): number {
    const number = this.#numbers.pop() ?? Math.max(1, this.memory.chunks.length)
    this.memory.setChunk(number, new SharedArrayBuffer(octets))
    this.#octets += octets
    return number
  }

  /** Gives a chunk back in which nothing is in use any more, unless it has the only free pages. */
  #dropUnused(chunk: number): void {
    const first = chunk * pagesOfChunk
    if (this.#free.size === pagesOfChunk) return
    for (let number = first; number < first + pagesOfChunk; number++) if (!this.#free.has(number)) return
    for (let number = first; number < first + pagesOfChunk; number++) this.#free.delete(number)
    this.#drop(chunk)
  }

  #drop(number: number): void {
    const chunk: Chunk = this.memory.chunks[number]
    if (chunk === undefined) throw new RangeError(`there is no chunk ${number}`)
    this.#octets -= chunk.byteLength
    this.memory.setChunk(number, undefined)
    this.#numbers.push(number)
  }
}

/** So many octets that a page is made use of: above the fine ones, as many as go into it a whole number of times. */
function placeOctets(length: number): number {
  if (length <= fineOctets) return Math.max(1, Math.ceil(length / unitOctets)) * unitOctets
  const places = Math.floor(pageOctets / (Math.ceil(length / unitOctets) * unitOctets))
  return Math.floor(pageOctets / places / unitOctets) * unitOctets
}
