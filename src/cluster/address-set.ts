// A set of record addresses: a bit for each place there is, where a Set of keys would take more than the records do.
import type { RecordAddress } from './record-memory.ts'

export class AddressSet {
  #bits = new Uint8Array(1024)

  add(address: RecordAddress): void {
    const at = address >>> 3
    if (at >= this.#bits.length) {
      const bits = new Uint8Array(Math.max(at + 1, this.#bits.length * 2))
      bits.set(this.#bits)
      this.#bits = bits
    }
    this.#bits[at] = (this.#bits[at] as number) | (1 << (address & 7))
  }

  delete(address: RecordAddress): void {
    const at = address >>> 3
    if (at < this.#bits.length) this.#bits[at] = (this.#bits[at] as number) & ~(1 << (address & 7))
  }

  has(address: RecordAddress): boolean {
    return ((this.#bits[address >>> 3] ?? 0) & (1 << (address & 7))) !== 0
  }
}
