// Domain names (RFC 1034 3.1, RFC 1035 2.3 and 3.1).
//
// A Name is the uncompressed wire form held in a string, one character per octet:
// 'www.example.' is '\x03www\x07example\x00'. It is immutable, compares and hashes as a value, needs no escapes
// (a label may hold any octet, dots too), and is copied to and from a packet in one call.
// A Name is not lower-cased by itself: keys are made with `lowerName`.

declare const nameBrand: unique symbol

/** A domain name in wire form, one character (U+0000 to U+00FF) per octet, the root label included. */
export type Name = string & { readonly [nameBrand]: true }

/** Octets of a label and of a whole name, at most (RFC 1035 2.3.4). */
export const maxLabel = 63
export const maxName = 255

export const root = '\0' as Name

/** A name that breaks a limit or can't be read; the message is a sentence for people. */
export class NameError extends Error {
  override name = 'NameError'
}

/**
 * Reads presentation form (RFC 1035 5.1: `\.` and `\DDD` escapes); what is not ASCII becomes its octets in UTF-8. A
 * name without a trailing dot is taken as fully qualified unless an origin is given. Throws NameError for an empty
 * label, a label over 63 or a name over 255 octets.
 */
export function parseName(text: string, origin: Name = root): Name {
  if (text === '.') return root
  if (text === '') throw new NameError('empty name')
  let name = ''
  let label = ''
  let absolute = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string
    absolute = false
    if (char === '.') {
      name += frameLabel(label, text)
      label = ''
      absolute = true
    } else if (char !== '\\' && char <= '\x7f') {
      label += char
    } else {
      const read = readChar(text, i)
      if (read === undefined) throw new NameError(`bad escape in name ${JSON.stringify(text)}`)
      label += read.octets
      i = read.end - 1
    }
  }
  if (!absolute) name += frameLabel(label, text) + origin
  else name += root
  if (name.length > maxName) throw new NameError(`name ${JSON.stringify(text)} is longer than 255 octets`)
  return name as Name
}

/**
 * The octets of the character or escape at `at`, and where the next one begins (RFC 1035 5.1): `\DDD` is the octet of that
 * decimal value, `\X` is X, and what is not ASCII is its UTF-8. Undefined for a bad escape.
 */
export function readChar(text: string, at: number): { octets: string; end: number } | undefined {
  let from = at
  if (text[at] === '\\') {
    const digits = /^[0-9]{3}/.exec(text.slice(at + 1, at + 4))?.[0]
    if (digits !== undefined) {
      const octet = Number(digits)
      return octet > 255 ? undefined : { octets: String.fromCharCode(octet), end: at + 4 }
    }
    from++
  }
  const point = text.codePointAt(from)
  if (point === undefined) return undefined
  const char = String.fromCodePoint(point)
  return { octets: char <= '\x7f' ? char : Buffer.from(char, 'utf8').toString('latin1'), end: from + char.length }
}

function frameLabel(label: string, text: string): string {
  if (label === '') throw new NameError(`empty label in name ${JSON.stringify(text)}`)
  if (label.length > maxLabel) throw new NameError(`label longer than 63 octets in name ${JSON.stringify(text)}`)
  return String.fromCharCode(label.length) + label
}

/** Presentation form with a trailing dot; octets that would be misread are escaped. Inverse of parseName. */
export function printName(name: Name): string {
  if (name.length === 1) return '.'
  let text = ''
  for (const label of labelsOf(name)) text += `${printLabel(label)}.`
  return text
}

const plainLabel = /^[-_a-zA-Z0-9*/]*$/

function printLabel(label: string): string {
  if (plainLabel.test(label)) return label
  return label.replace(/[\s\S]/g, (char) => {
    if (char <= ' ' || char >= '\x7f') return `\\${String(char.charCodeAt(0)).padStart(3, '0')}`
    return '.\\"();@$'.includes(char) ? `\\${char}` : char
  })
}

/** The labels from left to right, the root label left out. Labels are octets as sent, not escaped. */
export function labelsOf(name: Name): string[] {
  const labels: string[] = []
  for (let at = 0; at < name.length - 1; ) {
    const length = name.charCodeAt(at)
    labels.push(name.slice(at + 1, at + 1 + length))
    at += 1 + length
  }
  return labels
}

export function countLabels(name: Name): number {
  let count = 0
  for (let at = 0; at < name.length - 1; at += 1 + name.charCodeAt(at)) count++
  return count
}

/** Puts labels (octets, 1 to 63 each) in front of a name. Throws NameError where a limit is broken. */
export function prepend(labels: readonly string[], to: Name): Name {
  let name = ''
  for (const label of labels) name += frameLabel(label, label)
  name += to
  if (name.length > maxName) throw new NameError('name is longer than 255 octets')
  return name as Name
}

/** The name without its first label; of the root, the root. */
export function parentOf(name: Name): Name {
  return name.length === 1 ? name : (name.slice(1 + name.charCodeAt(0)) as Name)
}

/** Is `name` the zone's apex or below it? Both lower-cased, or both in the same case. */
export function isWithin(name: Name, zone: Name): boolean {
  const start = name.length - zone.length
  if (zone.length === 1) return true
  // The zone's first length octet tells most of those that are not in it.
  if (start < 0 || name.charCodeAt(start) !== zone.charCodeAt(0) || !name.endsWith(zone)) return false
  // The same octets may stand inside a label, so the boundary has to be walked to.
  let at = 0
  while (at < start) at += 1 + name.charCodeAt(at)
  return at === start
}

const upperCase = /[A-Z]/
const beyondAscii = /[\x80-\xff]/

/** The name with A–Z lower-cased: the form to compare and to look up by (RFC 4343). Length octets stay below 'A'. */
export function lowerName(name: Name): Name {
  if (!upperCase.test(name)) return name
  if (!beyondAscii.test(name)) return name.toLowerCase() as Name
  // Only A-Z: toLowerCase on the whole would also change Latin-1 letters, which are octets here.
  return name.replace(/[A-Z]+/g, (run) => run.toLowerCase()) as Name
}
