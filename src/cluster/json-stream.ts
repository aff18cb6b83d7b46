// Splits JSON from the API server as its octets arrive, so that no list is ever held whole: watches by line, lists by item.

/** Octets of one object, at most: etcd takes no more than 1.5 MiB, and JSON makes not much more of that. */
const maxPiece = 64 << 20

/** What came is not what the API sends, or ended too early. */
export class JsonStreamError extends Error {
  override name = 'JsonStreamError'
}

/** Text whose octets come in pieces. */
class Pieces {
  #pieces: Buffer[] = []
  #length = 0

  /** Keeps a copy, for a part of a chunk would keep all of it from being freed. */
  add(piece: Buffer): void {
    if (piece.length === 0) return
    this.#length += piece.length
    if (this.#length > maxPiece) throw new JsonStreamError(`an object of more than ${maxPiece} octets`)
    this.#pieces.push(Buffer.from(piece))
  }

  /** Everything added and then `last`, as text; nothing is kept. */
  take(last: Buffer): string {
    const text =
      this.#pieces.length === 0 ? last.toString('utf8') : Buffer.concat([...this.#pieces, last]).toString('utf8')
    this.#pieces = []
    this.#length = 0
    return text.trim()
  }
}

const newline = 0x0a
const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const nothing = Buffer.alloc(0)

/** Calls `take` with each line that isn't empty. What follows the last newline is not whole, and is not handed on. */
export class LineSplitter {
  readonly #take: (line: string) => void
  readonly #line = new Pieces()

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  write(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = this.#line.take(chunk.subarray(start, end))
      start = end + 1
      if (line !== '') this.#take(line)
    }
    this.#line.add(chunk.subarray(start))
  }
}

/** Calls `take` with the text of each element of the array `items` of the one JSON object that is written to it. */
export class ItemSplitter {
  readonly #take: (item: string) => void
  readonly #item = new Pieces()
  /** The object around the items. */
  readonly #frame = new Pieces()
  /** The end of that, where it says which array begins. */
  #frameTail = ''
  #depth = 0
  #inItems = false
  #inString = false
  #escaped = false

  constructor(take: (item: string) => void) {
    this.#take = take
  }

  write(chunk: Buffer): void {
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const octet = chunk[at] as number
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (octet === backslash) this.#escaped = true
        else if (octet === quote) this.#inString = false
        continue
      }
      switch (octet) {
        case quote:
          this.#inString = true
          break
        case openBracket:
        case openBrace:
          if (this.#depth === 1 && octet === openBracket) {
            this.#addToFrame(chunk.subarray(start, at + 1))
            start = at + 1
            this.#inItems = /"items"\s*:\s*\[$/.test(this.#frameTail)
          }
          this.#depth++
          break
        case closeBracket:
        case closeBrace:
          if (this.#depth === 2 && this.#inItems) {
            this.#endItem(chunk.subarray(start, at))
            start = at
            this.#inItems = false
          }
          this.#depth--
          break
        case comma:
          if (this.#depth === 2 && this.#inItems) {
            this.#endItem(chunk.subarray(start, at))
            start = at + 1
          }
          break
      }
    }
    if (this.#inItems) this.#item.add(chunk.subarray(start))
    else this.#addToFrame(chunk.subarray(start))
  }

  /** The object without its items. Throws where it isn't whole. */
  end(): unknown {
    const frame = this.#frame.take(nothing)
    if (this.#depth !== 0 || frame === '') throw new JsonStreamError('a list was cut short')
    return JSON.parse(frame)
  }

  #addToFrame(piece: Buffer): void {
    this.#frame.add(piece)
    this.#frameTail = (this.#frameTail + piece.toString('latin1')).slice(-64)
  }

  #endItem(piece: Buffer): void {
    const item = this.#item.take(piece)
    if (item !== '') this.#take(item)
  }
}
