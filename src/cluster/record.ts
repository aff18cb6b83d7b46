// The packed form of objects: what octets mean in a record. Every record begins with what its object is found by.
import { parseAddress, printAddress } from '../dns/address.ts'

/** What an object is found by. */
export interface RecordHead {
  /** '' for objects of no namespace. */
  readonly namespace: string
  readonly name: string
  /** The service of the same namespace that it belongs to; '' for none. */
  readonly service: string
  /** Text in canonical form; a list for each way in which an address leads to the object. */
  readonly addresses: readonly (readonly string[])[]
}

/** How objects of one kind are packed. */
export interface RecordForm<T> {
  head(object: T): RecordHead
  /** All that isn't in the head. */
  write(object: T, to: RecordWriter): void
  /** From behind the head, what `write` wrote. */
  read(head: RecordHead, from: RecordReader): T
}

/** The octets of the object's record, good until the writer is used again. Throws RangeError for an address that is none. */
export function packRecord<T>(form: RecordForm<T>, object: T, writer: RecordWriter): Uint8Array {
  const { namespace, name, service, addresses } = form.head(object)
  writer.begin()
  writer.text(namespace)
  writer.text(name)
  writer.text(service)
  writer.list(addresses, (group) => writer.list(group, (address) => writer.address(address)))
  form.write(object, writer)
  return writer.octets()
}

/** The object whose record the reader stands at. */
export function unpackRecord<T>(form: RecordForm<T>, reader: RecordReader): T {
  return form.read(readHead(reader), reader)
}

export function readHead(reader: RecordReader): RecordHead {
  const namespace = reader.text()
  const name = reader.text()
  const service = reader.text()
  return { namespace, name, service, addresses: reader.list(readAddressList) }
}

const none: readonly string[] = []
const readAddress = (reader: RecordReader): string => reader.address()
const readAddressList = (reader: RecordReader): string[] => reader.list(readAddress)

/** Writes the parts of a record one after the other, each of which says by itself where it ends. */
export class RecordWriter {
  #buffer = Buffer.allocUnsafeSlow(4096)
  #length = 0

  begin(): void {
    this.#length = 0
  }

  octets(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  octet(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
  }

  /** From 0 to 2^32 - 1; small ones are short. */
  number(value: number): void {
    this.#reserve(5)
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#length++] = rest
  }

  /** Any string: an octet per character where that is enough for all of it, two where not. */
  text(value: string): void {
    const isWide = hasWide(value)
    this.number(value.length * 2 + (isWide ? 1 : 0))
    this.#reserve(value.length * 2)
    this.#length += this.#buffer.write(value, this.#length, isWide ? 'utf16le' : 'latin1')
  }

  /** In canonical form, so that it can be read again. */
  address(text: string): void {
    const octets = parseAddress(text)
    if (octets === undefined) throw new RangeError(`${JSON.stringify(text)} is no address`)
    this.octet(octets.length)
    this.#reserve(octets.length)
    for (let i = 0; i < octets.length; i++) this.#buffer[this.#length++] = octets.charCodeAt(i)
  }

  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.number(items.length)
    for (const item of items) write(item)
  }

  #reserve(octets: number): void {
    if (this.#length + octets <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + octets))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

function hasWide(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return true
  return false
}

/** Reads what a RecordWriter wrote, from a place in shared memory on. */
export class RecordReader {
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0

  open(buffer: Buffer, at: number): this {
    this.#buffer = buffer
    this.#at = at
    return this
  }

  octet(): number {
    return this.#buffer[this.#at++] as number
  }

  number(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const octet = this.octet()
      value |= (octet & 0x7f) << shift
      if (octet < 0x80) return value >>> 0
    }
  }

  text(): string {
    const tag = this.number()
    if (tag === 0) return ''
    const isWide = (tag & 1) === 1
    const start = this.#at
    this.#at += isWide ? tag - 1 : tag >>> 1
    return this.#buffer.toString(isWide ? 'utf16le' : 'latin1', start, this.#at)
  }

  /** Whether it is this text; stands behind it if so. Of texts beyond Latin-1 it says no. */
  // hot
  isText(text: string): boolean {
    if (this.number() !== text.length * 2) return false
    const buffer = this.#buffer
    const start = this.#at
    for (let i = 0; i < text.length; i++) if (buffer[start + i] !== text.charCodeAt(i)) return false
    this.#at = start + text.length
    return true
  }

  /** As `isText`, of a text that is these octets. */
  // hot
  isOctets(octets: Uint8Array, from: number, to: number): boolean {
    if (this.number() !== (to - from) * 2) return false
    const buffer = this.#buffer
    const start = this.#at
    for (let i = from; i < to; i++) if (buffer[start + i - from] !== octets[i]) return false
    this.#at = start + to - from
    return true
  }

  // hot
  skipText(): void {
    const tag = this.number()
    this.#at += (tag & 1) === 1 ? tag - 1 : tag >>> 1
  }

  /** Of a list of addresses those of this length, as octets; undefined where there are none of any. */
  // hot
  addressOctets(octets: 4 | 16): readonly string[] | undefined {
    const left = this.number()
    if (left === 0) return undefined
    // An array that is made to grow has room for more than there ever is.
    let found: string[] | undefined
    for (let i = 0; i < left; i++) {
      const length = this.octet()
      if (length !== octets) {
        this.#at += length
        continue
      }
      const address =
        length === 4
          ? String.fromCharCode(this.octet(), this.octet(), this.octet(), this.octet())
          : this.#buffer.toString('latin1', this.#at, this.#at + length)
      if (length !== 4) this.#at += length
      if (found === undefined) found = [address]
      else found.push(address)
    }
    return found ?? none
  }

  address(): string {
    const length = this.octet()
    if (length === 4) return `${this.octet()}.${this.octet()}.${this.octet()}.${this.octet()}`
    this.#at += length
    return printAddress(this.#buffer.toString('latin1', this.#at - length, this.#at))
  }

  list<T>(read: (from: this) => T): T[] {
    // One that is made to grow has room for 17, and objects that are kept consist of lists of one.
    const items = new Array<T>(this.number())
    for (let i = 0; i < items.length; i++) items[i] = read(this)
    return items
  }
}
