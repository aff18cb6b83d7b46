import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeMessage } from '../../../src/dns/decode.ts'
import { encodeMessage } from '../../../src/dns/encode.ts'
import { requestOf } from '../../../src/plugins/forward/request.ts'
import { answersTo, idOf, readResponse } from '../../../src/plugins/forward/response.ts'
import { UpstreamError } from '../../../src/plugins/forward/upstream-error.ts'
import { queryOf } from '../../context.ts'
import { lieTo } from '../../upstream.ts'

const request = requestOf(queryOf('www.example.org. A'))
const asked = { query: decodeMessage(request.octets), transport: 'udp', from: 1, count: 0 } as const
const reply = encodeMessage(lieTo(asked))

test('a reply answers its question', () => {
  assert.equal(idOf(reply), 0)
  assert.equal(answersTo(reply, request), true)
})

test('one octet of header or question changed in any way, and it is another question or none', () => {
  // Flags but QR and opcode, the rcode and the counts of records are the upstream's to set.
  const own = new Set([2, 3, 6, 7, 8, 9, 10, 11])
  for (let at = 2; at < request.octets.length; at++) {
    if (own.has(at)) continue
    for (let value = 0; value < 256; value++) {
      const octets = Buffer.from(reply)
      const before = octets[at] as number
      // Only the case of letters may differ: those of the name, and nothing else of it.
      const isSameLetter =
        at >= 12 &&
        at < 12 + request.name.length &&
        /[a-z]/i.test(String.fromCharCode(before)) &&
        (value | 32) === (before | 32)
      if (value === before || isSameLetter) continue
      octets[at] = value
      assert.equal(answersTo(octets, request), false, `octet ${at} is ${value}`)
    }
  }
  for (const flags of [0x00, 0x90, 0xa0, 0xc0]) {
    const octets = Buffer.from(reply)
    octets[2] = flags
    assert.equal(idOf(octets) !== undefined && answersTo(octets, request), false, `flags ${flags}`)
  }
})

test('whatever comes, it is read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (tail, isWhole) => {
      const octets = isWhole ? Buffer.from(tail) : Buffer.concat([reply.subarray(0, request.octets.length), tail])
      if (idOf(octets) === undefined) return
      answersTo(octets, request)
      try {
        readResponse(octets)
      } catch (error) {
        assert(error instanceof UpstreamError)
      }
    }),
    { numRuns: 2000 },
  )
})
