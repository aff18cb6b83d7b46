import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseName, printName } from '../../src/dns/name.ts'
import { NameReader, worstPerOctet } from '../../src/dns/name-reader.ts'
import { anyName } from './names.ts'
import { header, octets } from './packets.ts'

const pointer = (to: number) => String.fromCharCode(0xc0 | (to >> 8), to & 0xff)

for (const [what, wire, at, name, end] of [
  ['a name', '\x03www\x07example\0x', 12, 'www.example.', 25],
  ['the root', '\0x', 12, '.', 13],
  ['a pointer to a name', `\x01a\0${pointer(12)}x`, 15, 'a.', 17],
  ['a pointer to the root', `\0${pointer(12)}`, 13, '.', 15],
  ['labels and a pointer', `\x01a\0\x01B${pointer(12)}x`, 15, 'B.a.', 19],
  ['pointers to pointers', `\x01a\0\x01b${pointer(12)}\x01c${pointer(15)}`, 19, 'c.b.a.', 23],
  ['a pointer to within a name', `\x01a\x01b\0${pointer(14)}`, 17, 'b.', 19],
  [
    'the longest name',
    `${`\x3f${'a'.repeat(63)}`.repeat(3)}\x3d${'a'.repeat(61)}\0`,
    12,
    `${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(61)}.`,
    267,
  ],
  [
    '126 pointers',
    `\0${Array.from({ length: 126 }, (_, i) => pointer(i === 0 ? 12 : 11 + 2 * i)).join('')}`,
    263,
    '.',
    265,
  ],
] as const) {
  test(`${what} is read`, () => {
    const names = new NameReader(octets(header(), wire))
    assert.equal(printName(names.read(at)), name)
    assert.equal(names.end, end)
    // And the same again.
    assert.equal(printName(names.read(at)), name)
    assert.equal(names.end, end)
  })
}

for (const [what, wire, at, problem] of [
  ['no octet', '', 12, /beyond the end/],
  ['a name without its end', '\x03www', 12, /beyond the end/],
  ['a label cut short', '\x03ww', 12, /beyond the end/],
  ['half a pointer', '\0\xc0', 13, /beyond the end/],
  ['half a pointer to a name read before', '\x01a\xc0', 14, /beyond the end/],
  ['a pointer to itself', pointer(12), 12, /not backwards/],
  ['a pointer to within the name', `\x01a${pointer(12)}`, 12, /not backwards/],
  ['a pointer forwards', `${pointer(14)}\0`, 12, /not backwards/],
  ['two pointers to each other', `${pointer(14)}${pointer(12)}`, 14, /not backwards/],
  ['a pointer to a name that points to it', `\x01a${pointer(16)}${pointer(12)}`, 16, /not backwards/],
  ['two pointers to each other, before the name', `${pointer(14)}${pointer(12)}${pointer(14)}`, 16, /not backwards/],
  ['a pointer into the header', pointer(11), 12, /not backwards/],
  ['a pointer to 0', pointer(0), 12, /not backwards/],
  ['a label of 64 octets', `\x40${'a'.repeat(64)}\0`, 12, /unknown kind/],
  ['a label of kind 10', '\x80a\0', 12, /unknown kind/],
  ['a name of 256 octets', `${`\x3f${'a'.repeat(63)}`.repeat(3)}\x3e${'a'.repeat(62)}\0`, 12, /longer than 255/],
  [
    'a name of 256 octets by a pointer',
    `${`\x3f${'a'.repeat(63)}`.repeat(3)}\0\x3e${'a'.repeat(62)}${pointer(12)}`,
    205,
    /longer than 255/,
  ],
  [
    '127 pointers',
    `\0${Array.from({ length: 127 }, (_, i) => pointer(i === 0 ? 12 : 11 + 2 * i)).join('')}`,
    265,
    /too many/,
  ],
] as const) {
  test(`${what} is refused`, () => {
    const names = new NameReader(octets(header(), wire))
    assert.throws(() => names.read(at), { name: 'WireError', message: problem, rcode: 1, id: 0x1234 })
  })
}

test('half a pointer is refused, though with a zero for its other half it would lead to the name read before', () => {
  const wire = octets(header(), 'x'.repeat(244), '\x01a\0', pointer(256), '\xc1')
  const names = new NameReader(wire)
  assert.equal(printName(names.read(259)), 'a.')
  assert.throws(() => names.read(261), { name: 'WireError', message: /beyond the end/ })
})

test('any names that follow each other are read', () => {
  fc.assert(
    fc.property(fc.array(anyName, { minLength: 1 }), (all) => {
      const names = new NameReader(octets(header(), ...all))
      let at = 12
      for (const name of all) {
        assert.equal(names.read(at), name)
        at = names.end
      }
      assert.equal(names.work, all.join('').length)
    }),
  )
})

test('any names that point to the ones before are read', () => {
  fc.assert(
    fc.property(fc.array(anyName, { minLength: 1, maxLength: 20 }), (all) => {
      // Each name is its first label and a pointer to the rest, which stands in front of it.
      let wire = ''
      const starts: number[] = []
      for (const name of all) {
        const first = 1 + name.charCodeAt(0)
        const rest = 12 + wire.length
        wire += name.slice(first) || '\0'
        starts.push(12 + wire.length)
        wire += name.length === 1 ? pointer(rest) : name.slice(0, first) + pointer(rest)
      }
      const names = new NameReader(octets(header(), wire))
      assert.deepEqual(
        starts.map((at) => names.read(at)),
        all,
      )
    }),
  )
})

test('all names of a message cost no more than so many octets for each of its own', () => {
  // The longest name, and many pointers to it at different places, so that none is known from the one before.
  const longest = '\x01a'.repeat(127)
  const many = Array.from({ length: 5000 }, (_, i) => pointer(12 + 2 * (i % 2)))
  const message = octets(header(), longest, '\0', ...many)
  const names = new NameReader(message)
  let read = 0
  assert.throws(
    () => {
      for (; read < many.length; read++) names.read(12 + 255 + 2 * read)
    },
    { name: 'WireError', message: /far longer than their message/ },
  )
  assert.ok(names.work <= worstPerOctet * message.length + 255 + 126)
  assert.ok(read > 1000)
})

test('many owners that point to one name cost as much as one', () => {
  const message = octets(header(), parseName('www.example.'), ...Array.from({ length: 5000 }, () => pointer(12)))
  const names = new NameReader(message)
  for (let i = 0; i < 5000; i++) assert.equal(printName(names.read(25 + 2 * i)), 'www.example.')
  assert.equal(names.work, 14)
})
