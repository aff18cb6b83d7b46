import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Frames } from '../../src/dns/frames.ts'

const frame = (message: Uint8Array) =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message])

test('messages come out whole and in order, however the stream was cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 })
  const cuts = fc.array(fc.integer({ min: 1, max: 2500 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(messages, cuts, (sent, sizes) => {
      const stream = Buffer.concat(sent.map(frame))
      const frames = new Frames()
      const got: Buffer[] = []
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] as number
        frames.push(stream.subarray(at, at + size))
        at += size
        for (let message = frames.shift(); message !== undefined; message = frames.shift()) got.push(message)
      }
      assert.deepEqual(
        got.map((message) => message.toString('hex')),
        sent.map((message) => Buffer.from(message).toString('hex')),
      )
      assert.equal(frames.partial, false)
    }),
  )
})

test('a begun message is partial from its first octet on', () => {
  for (const [octets, partial] of [
    [[], false],
    [[0], true],
    [[0, 2], true],
    [[0, 2, 7], true],
    [[0, 2, 7, 7], false],
    [[0, 0], false],
  ] as const) {
    const frames = new Frames()
    frames.push(Buffer.from(octets))
    frames.shift()
    assert.equal(frames.partial, partial, `after octets ${octets.join(' ')}`)
  }
})
