// Length-prefixed messages out of a stream (RFC 1035 4.2.2), in time linear in its octets.

/** Octets kept for a message of which only the length is known: what is announced must also be sent to cost us memory. */
const firstRoom = 1024

export class Frames {
  readonly #chunks: Buffer[] = []
  /** Octets of the first chunk already used. */
  #used = 0
  #have = 0
  /** Octets of the message being collected; undefined before its length is complete. */
  #want: number | undefined
  #message = Buffer.alloc(0)
  #filled = 0

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#have += chunk.length
  }

  /** The next whole message, or undefined where it isn't there yet. */
  shift(): Buffer | undefined {
    if (this.#want === undefined) {
      if (this.#have < 2) return undefined
      this.#want = (this.#octet() << 8) | this.#octet()
      this.#message = Buffer.allocUnsafe(Math.min(this.#want, firstRoom))
      this.#filled = 0
    }
    while (this.#filled < this.#want) {
      const chunk = this.#chunks[0]
      if (chunk === undefined) return undefined
      const count = Math.min(chunk.length - this.#used, this.#want - this.#filled)
      this.#reserve(this.#filled + count, this.#want)
      chunk.copy(this.#message, this.#filled, this.#used, this.#used + count)
      this.#filled += count
      this.#take(count)
    }
    const message = this.#message.subarray(0, this.#want)
    this.#want = undefined
    return message
  }

  /** Has a message begun that isn't complete? To be asked after `shift` gave undefined. */
  get partial(): boolean {
    return this.#want !== undefined || this.#have === 1
  }

  #octet(): number {
    const octet = (this.#chunks[0] as Buffer)[this.#used] as number
    this.#take(1)
    return octet
  }

  #take(count: number): void {
    this.#used += count
    this.#have -= count
    if (this.#used === (this.#chunks[0] as Buffer).length) {
      this.#chunks.shift()
      this.#used = 0
    }
  }

  #reserve(size: number, most: number): void {
    if (size <= this.#message.length) return
    const larger = Buffer.allocUnsafe(Math.min(most, Math.max(size, 2 * this.#message.length)))
    this.#message.copy(larger, 0, 0, this.#filled)
    this.#message = larger
  }
}
