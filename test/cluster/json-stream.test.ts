import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ItemSplitter, JsonStreamError, LineSplitter } from '../../src/cluster/json-stream.ts'

/** The text's octets, cut at the given places, which may fall inside of characters. */
function chunksOf(text: string, cuts: readonly number[]): Buffer[] {
  const octets = Buffer.from(text)
  const places = [0, ...cuts.map((cut) => cut % (octets.length + 1)).sort((a, b) => a - b), octets.length]
  return places.slice(1).map((place, i) => octets.subarray(places[i], place))
}

const cuts = fc.array(fc.nat(100_000), { maxLength: 10 })
const space = fc.constantFrom('', ' ', '\n  ')

test('lines: any values, cut anywhere', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 10 }), cuts, (values, cuts) => {
      const lines: unknown[] = []
      const splitter = new LineSplitter((line) => lines.push(JSON.parse(line)))
      const text = values.map((value) => `${JSON.stringify(value)}\r\n\n`).join('')
      for (const chunk of chunksOf(text, cuts)) splitter.write(chunk)
      assert.deepEqual(lines, JSON.parse(JSON.stringify(values)))
    }),
  )
})

test('lines: one without its newline is not handed on', () => {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line))
  splitter.write(Buffer.from('{"a":1}\n{"b":'))
  splitter.write(Buffer.from('2}'))
  assert.deepEqual(lines, ['{"a":1}'])
})

test('items: any list, cut anywhere, whatever stands around its items', () => {
  const frame = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 })
  fc.assert(
    fc.property(
      frame,
      fc.array(fc.jsonValue(), { maxLength: 10 }),
      frame,
      space,
      cuts,
      (before, items, after, space, cuts) => {
        const list = JSON.parse(
          JSON.stringify({ ...before, items, ...after, metadata: { items: [1], '"items":[': ['}'] } }),
        )
        if (!Array.isArray(list.items)) return
        const found: unknown[] = []
        const splitter = new ItemSplitter((item) => found.push(JSON.parse(item)))
        for (const chunk of chunksOf(JSON.stringify(list, undefined, space), cuts)) splitter.write(chunk)
        assert.deepEqual(found, list.items)
        assert.deepEqual(splitter.end(), { ...list, items: [] })
      },
    ),
    { numRuns: 500 },
  )
})

test('items: null for an array that is empty, as Go writes it', () => {
  const splitter = new ItemSplitter(() => assert.fail('there are no items'))
  splitter.write(Buffer.from('{"metadata":{"resourceVersion":"7"},"items":null}'))
  assert.deepEqual(splitter.end(), { metadata: { resourceVersion: '7' }, items: null })
})

for (const text of ['', '{"items":[', '{"items":[{"a":1},', '{"items":[1]', '{"metadata":{"resourceVersion":"1']) {
  test(`items: ${text === '' ? 'nothing' : text} is cut short`, () => {
    const splitter = new ItemSplitter(() => {})
    splitter.write(Buffer.from(text))
    assert.throws(() => splitter.end(), JsonStreamError)
  })
}

test('items: what is no JSON is an error', () => {
  const splitter = new ItemSplitter(() => {})
  splitter.write(Buffer.from('<html></html>'))
  assert.throws(() => splitter.end(), SyntaxError)
})

/** With what stands under these keys, where it is an array or an object, made empty. */
function emptied(value: unknown, keys: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => emptied(each, keys))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (!keys.includes(key) || typeof member !== 'object' || member === null) return [key, emptied(member, keys)]
      return [key, Array.isArray(member) ? [] : {}]
    }),
  )
}

test('what is skipped is handed on empty, wherever it stands and whatever is in it', () => {
  // Strings that look like what is skipped.
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('"', '\\', ':', '[', ']', '{', '}', 'x', 'é', '\u{1f600}') }),
    fc.constantFrom('"managedFields":[', '"x":{', '\\"x":[', 'x":[', '"x'),
  )
  const key = fc.oneof(fc.constantFrom('managedFields', 'x', 'y'), text)
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, text, fc.integer(), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  }))
  const skipped = ['"managedFields":[', '"managedFields":{', '"x":[', '"x":{']
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), cuts, (values, cuts) => {
      const expected = values.map((each) => emptied(JSON.parse(JSON.stringify(each)), ['managedFields', 'x']))
      const lines: unknown[] = []
      const lineSplitter = new LineSplitter((line) => lines.push(JSON.parse(line)), skipped)
      const text = values.map((each) => `${JSON.stringify(each)}\n`).join('')
      for (const chunk of chunksOf(text, cuts)) lineSplitter.write(chunk)
      assert.deepEqual(lines, expected)
      const items: unknown[] = []
      const itemSplitter = new ItemSplitter((item) => items.push(JSON.parse(item)), skipped)
      for (const chunk of chunksOf(JSON.stringify({ items: values }), cuts)) itemSplitter.write(chunk)
      assert.deepEqual(items, expected)
    }),
    { numRuns: 1000 },
  )
})
