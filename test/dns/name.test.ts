import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  countLabels,
  isWithin,
  labelsOf,
  lowerName,
  NameError,
  parentOf,
  parseName,
  prepend,
  printName,
  readChar,
  root,
} from '../../src/dns/name.ts'
import { anyName, relatedName } from './names.ts'

const label63 = 'a'.repeat(63)
const octets255 = `${`${label63}.`.repeat(3)}${'a'.repeat(61)}.`

const read: [text: string, wire: string, printed?: string][] = [
  ['.', '\0'],
  ['www.example.', '\x03www\x07example\0'],
  ['WwW.Example.', '\x03WwW\x07Example\0'],
  ['www.example', '\x03www\x07example\0', 'www.example.'],
  ['a\\.b.c.', '\x03a.b\x01c\0'],
  ['a\\.', '\x02a.\0', 'a\\..'],
  ['\\000\\255.', '\x02\0\xff\0'],
  ['\\097.', '\x01a\0', 'a.'],
  ['\\1a.', '\x021a\0', '1a.'],
  ['a\\\\b.', '\x03a\\b\0'],
  ['_http._tcp.*.', '\x05_http\x04_tcp\x01*\0'],
  ['a\\032b.', '\x03a b\0'],
  ['\\@.', '\x01@\0'],
  ['1.0/25.10.in-addr.arpa.', '\x011\x040/25\x0210\x07in-addr\x04arpa\0'],
  // What is not ASCII is UTF-8 on the wire, within Latin-1 and without.
  ['ü.', '\x02\xc3\xbc\0', '\\195\\188.'],
  ['€.', '\x03\xe2\x82\xac\0', '\\226\\130\\172.'],
  ['😀.', '\x04\xf0\x9f\x98\x80\0', '\\240\\159\\152\\128.'],
  ['\\ü.', '\x02\xc3\xbc\0', '\\195\\188.'],
  [`${label63}.`, `\x3f${label63}\0`],
  [octets255, `${`\x3f${label63}`.repeat(3)}\x3d${'a'.repeat(61)}\0`],
]
for (const [text, wire, printed = text] of read) {
  test(`${JSON.stringify(text)} is read and printed`, () => {
    assert.equal(parseName(text), wire)
    assert.equal(printName(parseName(text)), printed)
  })
}

for (const [text, message] of [
  ['', /empty name/],
  ['..', /empty label/],
  ['.a.', /empty label/],
  ['a..b.', /empty label/],
  ['a\\', /bad escape/],
  ['\\256.', /bad escape/],
  [`${label63}a.`, /longer than 63 octets/],
  [`${'ü'.repeat(32)}.`, /longer than 63 octets/],
  [`a.${octets255}`, /longer than 255 octets/],
] as const) {
  test(`${JSON.stringify(text)} is no name`, () => {
    assert.throws(() => parseName(text), { name: 'NameError', message })
  })
}

test('relative names are under the origin, absolute ones are not', () => {
  const origin = parseName('example.')
  assert.equal(printName(parseName('www', origin)), 'www.example.')
  assert.equal(printName(parseName('www.', origin)), 'www.')
  assert.equal(printName(parseName('a\\.', origin)), 'a\\..example.')
  assert.throws(() => parseName(octets255.slice(0, -1), origin), NameError)
})

test('a character or escape is read as its octets', () => {
  assert.deepEqual(readChar('abc', 1), { octets: 'b', end: 2 })
  assert.deepEqual(readChar('\\046b', 0), { octets: '.', end: 4 })
  assert.deepEqual(readChar('\\😀b', 0), { octets: '\xf0\x9f\x98\x80', end: 3 })
  assert.equal(readChar('\\999', 0), undefined)
  assert.equal(readChar('', 0), undefined)
})

test('labels are taken apart and put together', () => {
  const name = parseName('a.b\\.c.example.')
  assert.deepEqual(labelsOf(name), ['a', 'b.c', 'example'])
  assert.deepEqual(labelsOf(root), [])
  assert.equal(countLabels(name), 3)
  assert.equal(countLabels(root), 0)
  assert.equal(printName(parentOf(name)), 'b\\.c.example.')
  assert.equal(parentOf(root), root)
  assert.equal(prepend(['a', 'b.c'], parseName('example.')), name)
  assert.throws(() => prepend([''], root), /empty label/)
  assert.throws(() => prepend(['a'.repeat(64)], root), /longer than 63/)
  assert.throws(() => prepend(['a'], parseName(octets255)), /longer than 255/)
})

test('only A to Z are lower-cased', () => {
  assert.equal(lowerName(parseName('WwW.EXAMPLE.')), parseName('www.example.'))
  assert.equal(lowerName(parseName('A\\192\\222@[.')), parseName('a\\192\\222@[.'))
})

test('a name is within a zone by labels, not by octets', () => {
  const rows: [string, string, boolean][] = [
    ['a.b.', 'b.', true],
    ['b.', 'b.', true],
    ['b.', '.', true],
    ['.', '.', true],
    ['.', 'b.', false],
    ['ab.', 'b.', false],
    ['b.', 'a.b.', false],
    ['a.b.c.', 'a.c.', false],
    // The octets \x01b stand at the end of a label.
    ['a\\001b.', 'b.', false],
  ]
  for (const [name, zone, expected] of rows) {
    assert.equal(isWithin(parseName(name), parseName(zone)), expected, `${name} within ${zone}`)
  }
})

test('printing and reading any name gives that name, and its text is plain ASCII', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const text = printName(name)
      assert.match(text, /^[!-~]+$/)
      assert.equal(parseName(text), name)
    }),
    { numRuns: 1000 },
  )
})

test('taking apart and putting together any name gives that name', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      assert.equal(prepend(labelsOf(name), root), name)
      assert.equal(labelsOf(name).length, countLabels(name))
      assert.deepEqual(labelsOf(parentOf(name)), labelsOf(name).slice(1))
    }),
  )
})

test('lower-casing any name changes its A to Z and nothing else', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const lower = lowerName(name)
      assert.equal(lower.length, name.length)
      for (let i = 0; i < name.length; i++) {
        const code = name.charCodeAt(i)
        assert.equal(lower.charCodeAt(i), code >= 65 && code <= 90 ? code + 32 : code)
      }
    }),
    { numRuns: 1000 },
  )
})

test('being within is having the labels of the zone as the last ones', () => {
  fc.assert(
    fc.property(relatedName, relatedName, (name, zone) => {
      const tail = labelsOf(zone)
      const labels = labelsOf(name)
      const expected = tail.length <= labels.length && tail.every((label, i) => labels.at(i - tail.length) === label)
      assert.equal(isWithin(name, zone), expected)
    }),
    { numRuns: 5000 },
  )
})
