import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeQuery } from '../../src/dns/decode.ts'
import { encodeMessage } from '../../src/dns/encode.ts'
import { message } from '../../src/dns/message.ts'
import { lowerName, type Name } from '../../src/dns/name.ts'
import { octetsOf } from '../../src/dns/name-octets.ts'
import type { Client } from '../../src/dns/query.ts'
import { anyName } from './names.ts'

const read = (of: Name) => Buffer.from(octetsOf(of).subarray(0, of.length)).toString('latin1')

test('name octets: whichever name is asked for, in whatever order', () => {
  fc.assert(
    fc.property(fc.array(anyName, { minLength: 1, maxLength: 4 }), (names) => {
      for (const each of [...names, ...names]) assert.equal(read(each), each)
    }),
  )
})

test('name octets: after a query, whole or not, was decoded', () => {
  fc.assert(
    fc.property(anyName, anyName, fc.nat(300), (before, asked, size) => {
      const questions = [{ name: asked, type: 1, class: 1 }]
      const whole = encodeMessage(message({ id: 1, questions }))
      octetsOf(before)
      try {
        assert.equal(read(decodeQuery(whole, {} as Client, Math.min(size, whole.length)).name), lowerName(asked))
      } catch {
        // It was cut short in the name.
        assert.ok(size < whole.length)
      }
      assert.equal(read(before), before)
      assert.equal(read(lowerName(asked)), lowerName(asked))
    }),
  )
})
