// Whatever is asked of a server that hands over zones, it answers, and nothing is its own fault.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeMessage } from '../../src/dns/decode.ts'
import { parseName } from '../../src/dns/name.ts'
import type { Transport } from '../../src/dns/query.ts'
import { type Rdata, rrset } from '../../src/dns/rrset.ts'
import { parseRecord } from '../../src/dns/text.ts'
import { Zone } from '../../src/plugins/file/zone.ts'
import { answerWith } from '../../src/server/answer.ts'
import { handlerFor } from '../ask.ts'
import { recordLog } from '../context.ts'
import { client } from '../dns/packets.ts'
import { transferQuery } from '../server/axfr.ts'

const origin = parseName('example.org.')
const zone = new Zone(origin)
zone.add(parseRecord('example.org. 5 SOA ns.example.org. admin.example.org. 7 2 3 4 5'))
zone.add(parseRecord('example.org. 5 NS ns.example.org.'))
for (let i = 0; i < 3000; i++)
  zone.add(rrset(parseName(`host-${i}.example.org.`), 65_280, 5, ['x'.repeat(i % 100) as Rdata]))
zone.add(rrset(parseName('large.example.org.'), 65_280, 5, ['x'.repeat(60_000) as Rdata]))
const file = {
  isTold: () => true,
  told: Promise.resolve(),
  zone: (name: string) => (name === origin ? zone : undefined),
}

const { log, lines } = recordLog()
const answer = answerWith(handlerFor('transfer {\n to *\n}\nfile db example.org', { feeds: { file }, log }), log)
const into = Buffer.alloc(65_535)

/** The messages that a client gets. */
async function ask(message: Buffer, transport: Transport): Promise<readonly Buffer[]> {
  const got = await answer(message, message.length, client(transport), into)
  if (typeof got === 'number') return got === 0 ? [] : [Buffer.from(into.subarray(0, got))]
  if (got === undefined) return []
  return Buffer.isBuffer(got) ? [got] : [...got]
}

const transports = fc.constantFrom<Transport>('tcp', 'tcp', 'tls', 'udp', 'https')
const seeds = [
  transferQuery('example.org. AXFR'),
  transferQuery('example.org. IXFR'),
  transferQuery('example.org. IXFR', 6),
  transferQuery('example.org. IXFR', 7),
  transferQuery('host-1.example.org. AXFR'),
]
const mutation = fc.record({ at: fc.nat(80), octet: fc.nat(255) })

test('questions for zones, damaged in any way, are answered or ignored', async () => {
  const damaged = fc
    .tuple(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 4 }), fc.nat(90))
    .map(([seed, mutations, length]) => {
      const message = Buffer.from(seed)
      for (const { at, octet } of mutations) message[at % message.length] = octet
      return length > 80 ? message.subarray(0, message.length - (length - 80)) : message
    })
  await fc.assert(
    fc.asyncProperty(damaged, transports, async (message, transport) => {
      const messages = await ask(message, transport)
      for (const each of messages) {
        const { id, response, truncated } = decodeMessage(each)
        assert.equal(id, message.readUInt16BE(0))
        assert.ok(response)
        assert.equal(truncated, false)
      }
      if (messages.length > 1) assert.ok(transport === 'tcp' || transport === 'tls')
    }),
    { numRuns: 2000 },
  )
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('[INFO]')),
    [],
  )
})

test('a zone comes whole, time and again', async () => {
  const counts: number[] = []
  for (let i = 0; i < 3; i++) {
    const messages = await ask(transferQuery('example.org. AXFR'), 'tcp')
    counts.push(messages.flatMap((message) => decodeMessage(message).answer).length)
  }
  assert.deepEqual(counts, [3004, 3004, 3004])
})
