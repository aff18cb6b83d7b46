// Names out of one message (RFC 1035 4.1.4), with compression pointers followed as far as is safe.
//
// Safe is: a pointer leads to before the name it stands in, and each further one to before the last; at most 126 of them,
// more than any name has labels to save; never into the header. So no loop is possible, and a name costs at most 255
// octets and 126 hops however it was made. All names of a message together may cost `worstPerOctet` times its length,
// which is more than the longest names can where each record has one pointer in its owner and one in its rdata.
import { Rcode } from './codes.ts'
import { maxLabel, maxName, type Name } from './name.ts'
import { WireError } from './wire-error.ts'

/** Octets of names read and pointers followed, at most, for each octet of the message. */
export const worstPerOctet = 40
const maxHops = 126
const header = 12

export class NameReader {
  readonly #message: Buffer
  /** Where the name read last ends in the message. */
  end = 0
  /** Octets of names read and pointers followed so far. */
  work = 0
  // Owners in a reply mostly point to one and the same place.
  #pointedTo = -1
  #pointedName = '' as Name

  constructor(message: Buffer) {
    this.#message = message
  }

  /** The name at `at`, in the case in which it stands there. Throws WireError (FORMERR). */
  read(at: number): Name {
    const message = this.#message
    const first = message[at] as number
    if (first < 0xc0) return this.#walk(at)
    const target = ((first & 0x3f) << 8) | (message[at + 1] as number)
    if (target === this.#pointedTo && at + 2 <= message.length) {
      this.end = at + 2
      return this.#pointedName
    }
    const name = this.#walk(at)
    this.#pointedTo = target
    this.#pointedName = name
    return name
  }

  #walk(start: number): Name {
    const message = this.#message
    let name = ''
    let run = start
    let at = start
    let before = start
    let hops = 0
    for (;;) {
      const length = message[at]
      if (length === undefined) throw this.#malformed('name beyond the end of the message')
      if (length === 0) {
        at++
        name += message.toString('latin1', run, at)
        break
      }
      if (length <= maxLabel) {
        at += 1 + length
        // The root label is still to come, so 255 octets are one too many already.
        if (name.length + at - run >= maxName) throw this.#malformed('name longer than 255 octets')
        continue
      }
      if (length < 0xc0) throw this.#malformed('label of unknown kind')
      const low = message[at + 1]
      if (low === undefined) throw this.#malformed('name beyond the end of the message')
      const target = ((length & 0x3f) << 8) | low
      if (target >= before || target < header) throw this.#malformed('compression pointer not backwards')
      if (at > run) name += message.toString('latin1', run, at)
      if (hops++ === 0) this.end = at + 2
      if (hops > maxHops) throw this.#malformed('too many compression pointers')
      before = target
      run = target
      at = target
    }
    if (hops === 0) this.end = at
    this.work += name.length + hops
    if (this.work > worstPerOctet * message.length) throw this.#malformed('names far longer than their message')
    return name as Name
  }

  #malformed(problem: string): WireError {
    return new WireError(Rcode.FORMERR, this.#message.readUInt16BE(0), problem)
  }
}
