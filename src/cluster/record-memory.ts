// Where records are, for every thread: chunks of shared memory. One thread writes them (arena.ts), all read.
import { RecordReader } from './record.ts'

/**
 * Which record: the number of its chunk and its place in that, in units of 16 octets. 0 is never one. It means something
 * only as long as the record isn't freed.
 */
export type RecordAddress = number

/** An address is the chunk's number above this many bits of units. */
export const unitBits = 14
export const unitOctets = 16
export const chunkOctets = unitOctets << unitBits

export type Chunk = SharedArrayBuffer | undefined

/** The chunks as one thread knows them. */
export class RecordMemory {
  readonly #chunks: Chunk[] = []
  readonly #buffers: Buffer[] = []
  // hot: one for all, since a record is read at once or not at all.
  readonly #reader = new RecordReader()

  /** By number; the first is never there. */
  get chunks(): readonly Chunk[] {
    return this.#chunks
  }

  setChunk(number: number, chunk: Chunk): void {
    while (this.#chunks.length <= number) {
      this.#chunks.push(undefined)
      this.#buffers.push(none)
    }
    this.#chunks[number] = chunk
    this.#buffers[number] = chunk === undefined ? none : Buffer.from(chunk)
  }

  /** The octets of a record are the first of these. */
  octetsAt(address: RecordAddress): Buffer {
    return this.bufferOf(address).subarray(offsetOf(address))
  }

  /** Stands at the record, until the next call. */
  at(address: RecordAddress): RecordReader {
    return this.#reader.open(this.bufferOf(address), offsetOf(address))
  }

  /** Of its chunk. */
  bufferOf(address: RecordAddress): Buffer {
    const buffer = this.#buffers[address >>> unitBits]
    if (buffer === undefined || buffer === none) throw new RangeError(`there is no chunk for record ${address}`)
    return buffer
  }
}

const none = Buffer.alloc(0)

/** In octets, from the beginning of its chunk. */
export function offsetOf(address: RecordAddress): number {
  return (address & ((1 << unitBits) - 1)) * unitOctets
}
