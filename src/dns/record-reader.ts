// The questions and records of one message, read from front to back (RFC 1035 4.1.2 and 4.1.3).
import { Rcode, Type } from './codes.ts'
import { decodeOpt } from './edns.ts'
import { isWellFormed, layouts } from './layout.ts'
import type { Question } from './message.ts'
import type { Name } from './name.ts'
import { NameReader } from './name-reader.ts'
import type { Edns } from './query.ts'
import type { Rdata, Rrset } from './rrset.ts'
import { WireError } from './wire-error.ts'

/** Octets of a record between its owner and its rdata. */
const recordHeader = 10

interface GrowingRrset extends Rrset {
  readonly rdatas: Rdata[]
}

/** As toString, at half the cost: most rdata is an IPv4 address. */
function fourOctets(from: Buffer, at: number): string {
  return String.fromCharCode(from[at] as number, from[at + 1] as number, from[at + 2] as number, from[at + 3] as number)
}

/** Methods are called in the order of the message; all throw WireError (FORMERR) where it is malformed. */
export class RecordReader {
  readonly #message: Buffer
  readonly #names: NameReader
  #at: number
  /** What the OPT record says, once its section has been read. */
  edns: Edns | undefined
  /** The upper 8 bits of the rcode, from the OPT record (RFC 6891 6.1.3). */
  upperRcode = 0

  constructor(message: Buffer, start: number) {
    this.#message = message
    this.#names = new NameReader(message)
    this.#at = start
  }

  questions(count: number): Question[] {
    const questions: Question[] = []
    for (let i = 0; i < count; i++) {
      const name = this.#owner(4)
      questions.push({ name, type: this.#read16(0), class: this.#read16(2) })
      this.#at += 4
    }
    return questions
  }

  section(section: 'answer' | 'authority' | 'additional', count: number): Rrset[] {
    const rrsets: GrowingRrset[] = []
    for (let i = 0; i < count; i++) {
      const owner = this.#owner(recordHeader)
      const at = this.#at
      const end = at + recordHeader + this.#read16(8)
      if (end > this.#message.length) throw this.#malformed('message cut short')
      const type = this.#read16(0)
      if (type !== Type.OPT) this.#record(rrsets, owner, type, end)
      else if (section !== 'additional' || owner.length !== 1) throw this.#malformed('misplaced OPT record')
      else this.#opt(end)
      this.#at = end
    }
    return rrsets
  }

  /** The name at the cursor, which is put behind it; so many octets must follow. */
  #owner(following: number): Name {
    const name = this.#names.read(this.#at)
    this.#at = this.#names.end
    if (this.#at + following > this.#message.length) throw this.#malformed('message cut short')
    return name
  }

  #opt(end: number): void {
    if (this.edns !== undefined) throw this.#malformed('second OPT record')
    this.edns = decodeOpt(this.#message, this.#at, end)
    if (this.edns === undefined) throw this.#malformed('bad option in the OPT record')
    this.upperRcode = this.#message[this.#at + 4] as number
  }

  #record(rrsets: GrowingRrset[], owner: Name, type: number, end: number): void {
    const recordClass = this.#read16(2)
    const ttl = this.#message.readUInt32BE(this.#at + 4)
    const rdata = this.#rdata(type, this.#at + recordHeader, end)
    const last = rrsets.at(-1)
    if (last?.owner === owner && last.type === type && last.class === recordClass && last.ttl === ttl) {
      last.rdatas.push(rdata)
    } else rrsets.push({ owner, type, class: recordClass, ttl, rdatas: [rdata] })
  }

  #rdata(type: number, start: number, end: number): Rdata {
    const message = this.#message
    const layout = layouts.get(type)
    if (!layout?.includes('name')) {
      const rdata = end - start === 4 ? fourOctets(message, start) : message.toString('latin1', start, end)
      if (!isWellFormed(type, rdata)) throw this.#malformed('malformed rdata')
      return rdata as Rdata
    }
    let rdata = ''
    let run = start
    let at = start
    for (const part of layout) {
      if (part === 'name') {
        rdata += message.toString('latin1', run, at) + this.#names.read(at)
        at = this.#names.end
        run = at
      } else if (typeof part === 'number') at += part
      else if (part === 'string') at += 1 + (message[at] as number)
      else at = end
      if (!(at <= end)) throw this.#malformed('malformed rdata')
    }
    if (at !== end) throw this.#malformed('malformed rdata')
    return (rdata + message.toString('latin1', run, end)) as Rdata
  }

  #read16(offset: number): number {
    return this.#message.readUInt16BE(this.#at + offset)
  }

  #malformed(problem: string): WireError {
    return new WireError(Rcode.FORMERR, this.#message.readUInt16BE(0), problem)
  }
}
