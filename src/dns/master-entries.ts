// A master file's entries (RFC 1035 5.1): mostly a line each, several where there are parentheses or strings around the ends of
// lines. In time linear in its length.

export interface MasterEntry {
  /** Without comments. */
  readonly text: string
  /** On which it begins, from 1. */
  readonly line: number
}

/** Characters of an entry, at most; the longest record there can be has a quarter of that. */
const maxEntry = 1 << 20

/** What is wrong with an entry's shape, and the line. */
export class MasterEntryError extends Error {
  override name = 'MasterEntryError'
  readonly line: number

  constructor(line: number, problem: string) {
    super(problem)
    this.line = line
  }
}

const newline = 0x0a
const quote = 0x22
const open = 0x28
const close = 0x29
const semicolon = 0x3b
const backslash = 0x5c

/** Those that have any text. Throws MasterEntryError when it comes to the bad one. */
export function* readEntries(text: string): Generator<MasterEntry> {
  let line = 1
  for (let at = 0; at < text.length; ) {
    const entry = readEntry(text, at, line)
    at = entry.end
    line = entry.nextLine
    if (entry.text.trim() !== '') yield { text: entry.text, line: entry.line }
  }
}

interface Read extends MasterEntry {
  readonly end: number
  readonly nextLine: number
}

// hot
function readEntry(text: string, start: number, line: number): Read {
  let kept = ''
  /** From where on the text is not yet in `kept`. */
  let from = start
  let depth = 0
  let nextLine = line
  let isString = false
  let at = start
  scan: for (; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (at - from + kept.length > maxEntry)
      throw new MasterEntryError(line, `entry of more than ${maxEntry} characters`)
    if (char > backslash) continue
    switch (char) {
      case backslash:
        at++
        if (text.charCodeAt(at) === newline) nextLine++
        break
      case quote:
        isString = !isString
        break
      case newline:
        nextLine++
        if (depth === 0 && !isString) break scan
        break
      case open:
        if (!isString) depth++
        break
      case close:
        if (!isString && --depth < 0) throw new MasterEntryError(nextLine, 'closing parenthesis without an opening one')
        break
      case semicolon:
        if (isString) break
        kept += text.slice(from, at)
        at = text.indexOf('\n', at)
        if (at < 0) at = text.length
        from = at
        // The end of the line is looked at in the next turn.
        at--
        break
      default:
    }
    if (at - from + kept.length > maxEntry)
      throw new MasterEntryError(line, `entry of more than ${maxEntry} characters`)
  }
  if (isString) throw new MasterEntryError(line, 'string without an end')
  if (depth > 0) throw new MasterEntryError(line, 'opening parenthesis without a closing one')
  kept += text.slice(from, Math.min(at, text.length))
  return { text: kept, line, end: at + 1, nextLine }
}
