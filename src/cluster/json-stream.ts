// Splits JSON from the API server as its octets arrive, so that no list is ever held whole: watches by line, lists by item.

/** Octets of one object, at most: etcd takes no more than 1.5 MiB, and JSON makes not much more of that. */
const maxPiece = 64 << 20

/** What came is not what the API sends, or ended too early. */
export class JsonStreamError extends Error {
  override name = 'JsonStreamError'
}

/** What is kept for the next text, at most, octets. */
const keptBuffer = 1 << 18

/** Text whose octets come in pieces. */
class Pieces {
  readonly #skipped: readonly Buffer[]
  /** One for all texts: buffers that are made and dropped all the time are freed too late. */
  #buffer = Buffer.allocUnsafeSlow(0)
  #length = 0

  constructor(skipped: readonly string[]) {
    this.#skipped = skipped.map((beginning) => Buffer.from(beginning))
  }

  /** Keeps a copy, for a part of a chunk would keep all of it from being freed. */
  add(piece: Buffer): void {
    if (piece.length === 0) return
    const length = this.#length + piece.length
    if (length > maxPiece) throw new JsonStreamError(`an object of more than ${maxPiece} octets`)
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, length))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    piece.copy(this.#buffer, this.#length)
    this.#length = length
  }

  /** Everything added and then `last`, as text; nothing is kept. */
  take(last: Buffer): string {
    if (this.#length === 0) return textWithout(last, this.#skipped).trim()
    this.add(last)
    const text = textWithout(this.#buffer.subarray(0, this.#length), this.#skipped).trim()
    this.#length = 0
    if (this.#buffer.length > keptBuffer) this.#buffer = Buffer.allocUnsafeSlow(0)
    return text
  }
}

/**
 * The text of JSON without what is in the arrays and objects that begin like this: `"managedFields":[`, as servers write
 * it. Nothing else can look like that, for a quote within a string has a backslash.
 */
function textWithout(octets: Buffer, skipped: readonly Buffer[]): string {
  let text = ''
  let start = 0
  /** For each beginning where the next of them ends. */
  const ends = skipped.map((beginning) => endOf(beginning, octets, start))
  for (;;) {
    for (const [i, beginning] of skipped.entries())
      if ((ends[i] as number) <= start) ends[i] = endOf(beginning, octets, start)
    const next = Math.min(octets.length, ...ends)
    text += octets.toString('utf8', start, next)
    if (next === octets.length) return text
    start = skipToClosing(octets, next)
  }
}

/** Where the first such beginning ends; the length where there is none. */
function endOf(beginning: Buffer, octets: Buffer, from: number): number {
  let at = octets.indexOf(beginning, from)
  while (at > 0 && octets[at - 1] === backslash) at = octets.indexOf(beginning, at + 1)
  return at < 0 ? octets.length : at + beginning.length
}

/** Where the bracket is that closes what is open. */
function skipToClosing(octets: Buffer, from: number): number {
  let depth = 1
  for (let at = from; at < octets.length; at++) {
    switch (octets[at]) {
      case quote:
        at = closingQuote(octets, at)
        break
      case openBracket:
      case openBrace:
        depth++
        break
      case closeBracket:
      case closeBrace:
        if (--depth === 0) return at
        break
    }
  }
  return octets.length
}

function closingQuote(octets: Buffer, opening: number): number {
  for (let at = opening + 1; at < octets.length; at++) {
    if (octets[at] === backslash) at++
    else if (octets[at] === quote) return at
  }
  return octets.length
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

/**
 * Calls `take` with each line that isn't empty. What follows the last newline is not whole, and is not handed on. Arrays
 * and objects that begin like one of `skipped`, as `"managedFields":[`, are handed on empty.
 */
export class LineSplitter {
  readonly #take: (line: string) => void
  readonly #line: Pieces

  constructor(take: (line: string) => void, skipped: readonly string[] = []) {
    this.#take = take
    this.#line = new Pieces(skipped)
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

/**
 * Calls `take` with the text of each element of the array `items` of the one JSON object that is written to it; `skipped`
 * as for lines.
 */
export class ItemSplitter {
  readonly #take: (item: string) => void
  readonly #item: Pieces
  /** The object around the items. */
  readonly #frame = new Pieces([])
  /** The end of that, where it says which array begins. */
  #frameTail = ''
  #depth = 0
  #inItems = false
  #inString = false
  #escaped = false

  constructor(take: (item: string) => void, skipped: readonly string[] = []) {
    this.#take = take
    this.#item = new Pieces(skipped)
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
