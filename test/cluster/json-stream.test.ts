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
