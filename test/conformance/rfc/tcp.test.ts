// DNS over TCP: RFC 7766 6.2.
import { connect } from 'node:net'
import { test } from 'node:test'
import { decodeMessage } from '../../../src/dns/decode.ts'
import { encodeMessage } from '../../../src/dns/encode.ts'
import { message } from '../../../src/dns/message.ts'
import { parseName } from '../../../src/dns/name.ts'
import { compare, withSubject } from '../suite.ts'

function frame(id: number): Buffer {
  const name = parseName('svc1.testns.svc.cluster.local.')
  const octets = encodeMessage(message({ id, recursionDesired: true, questions: [{ name, type: 1, class: 1 }] }))
  return Buffer.concat([Buffer.from([octets.length >> 8, octets.length & 255]), octets])
}

/** Writes the pieces with a pause between them, ends its half, and collects the IDs of all replies. */
async function ids(port: number, pieces: readonly Buffer[]): Promise<number[]> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    socket.write(piece)
  }
  const chunks: Buffer[] = []
  const wanted = pieces.reduce((size, piece) => size + piece.length, 0) / frame(1).length
  const got: number[] = []
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer)
    const all = Buffer.concat(chunks)
    got.length = 0
    for (
      let at = 0;
      at + 2 <= all.length && at + 2 + all.readUInt16BE(at) <= all.length;
      at += 2 + all.readUInt16BE(at)
    ) {
      got.push(decodeMessage(all.subarray(at + 2, at + 2 + all.readUInt16BE(at))).id)
    }
    if (got.length === wanted) break
  }
  return got.sort((a, b) => a - b)
}

withSubject('TCP', (portOf) => {
  test('6.2.1: a connection serves many questions', async () => {
    compare(await ids(portOf(), [frame(1), frame(2), frame(3)]), [1, 2, 3], undefined)
  })
  test('6.2.1.1: questions may be pipelined', async () => {
    const many = Array.from({ length: 50 }, (_, index) => index + 1)
    compare(await ids(portOf(), [Buffer.concat(many.map(frame))]), many, undefined)
  })
  test('8: a message may come in any pieces', async () => {
    const octets = frame(7)
    compare(await ids(portOf(), [octets.subarray(0, 1), octets.subarray(1, 9), octets.subarray(9)]), [7], undefined)
  })
})
