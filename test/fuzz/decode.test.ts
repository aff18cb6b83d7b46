// Random and mutated messages: what decodes, does so without harm and comes back the same; all else is a WireError.
//
// FUZZ_RUNS says how many, FUZZ_SEED where the pseudo-random numbers start: a failure names its run, which is repeatable.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { decodeMessage, decodeQuery, WireError } from '../../src/dns/decode.ts'
import { encodeError, encodeMessage, encodeReply } from '../../src/dns/encode.ts'
import type { Message } from '../../src/dns/message.ts'
import { reply } from '../../src/dns/reply.ts'
import { printRecords } from '../../src/dns/text.ts'
import { client, rrsets } from '../dns/packets.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 200_000)
const firstSeed = Number(process.env.FUZZ_SEED ?? 1)

const folder = new URL('decode.in/', import.meta.url)
const corpus = readdirSync(folder)
  .sort()
  .map((file) => ({ file, octets: readFileSync(new URL(file, folder)) }))
const small = corpus.filter(({ octets }) => octets.length <= 1500).map(({ octets }) => octets)
const large = corpus.filter(({ octets }) => octets.length > 1500).map(({ octets }) => octets)
/** One message in so many is made of a large one: they cost as much as hundreds of others. */
const largeOneIn = 200

const into = Buffer.alloc(65_535)
const answer = reply({ answer: rrsets('www.example. 5 IN A 10.0.0.1', 'a.b. 5 IN SRV 0 0 0 www.example.') })

/** What a message does to us; counts what came of it. Throws what should not happen. */
function feed(octets: Buffer, outcomes: { queries: number; messages: number; refused: number }): void {
  try {
    const query = decodeQuery(octets, client())
    outcomes.queries++
    const back = decodeMessage(into.subarray(0, encodeReply(query, answer, into)))
    assert.deepEqual(back.questions, [{ name: query.asked, type: query.type, class: query.class }])
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const refusal = encodeError(octets, error)
    assert.equal(refusal === undefined, error.id === undefined)
    if (refusal !== undefined) assert.equal(decodeMessage(refusal).rcode, error.rcode)
  }
  let message: Message
  try {
    message = decodeMessage(octets)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    outcomes.refused++
    return
  }
  outcomes.messages++
  for (const rrset of [...message.answer, ...message.authority, ...message.additional]) {
    assert.ok(rrset.owner.length <= 255)
    printRecords(rrset)
  }
  const again = encode(message)
  if (again !== undefined)
    assert.ok(isDeepStrictEqual(decodeMessage(again), message), 'decoded, encoded, decoded: not the same')
}

/** Undefined where the message, which may have been compressed better or elsewhere than we do, is too long for us. */
function encode(message: Message): Buffer | undefined {
  try {
    return encodeMessage(message)
  } catch (error) {
    if (error instanceof RangeError && error.message.includes('65535')) return undefined
    throw error
  }
}

/** Pseudo-random numbers from 0 to below `bound` (xorshift32). */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed | 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}

type Random = (bound: number) => number

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T

/** Octets that mean something to a decoder. */
const telling = [0, 1, 2, 4, 12, 16, 41, 63, 64, 127, 128, 191, 192, 255]

const mutations: readonly ((octets: Buffer, random: Random) => Buffer)[] = [
  (octets, random) => change(octets, random, () => random(256)),
  (octets, random) => change(octets, random, () => pick(random, telling)),
  (octets, random) => change(octets, random, (octet) => octet ^ (1 << random(8))),
  (octets, random) => change(octets, random, (octet) => octet + 1 - 2 * random(2)),
  // A pointer to somewhere near.
  (octets, random) => {
    const copy = Buffer.from(octets)
    if (copy.length >= 14)
      copy.writeUInt16BE(0xc000 | random(Math.min(copy.length + 4, 0x4000)), random(copy.length - 1))
    return copy
  },
  // The counts in the header.
  (octets, random) => {
    const copy = Buffer.from(octets)
    if (copy.length >= 12) copy[5 + 2 * random(4)] = random(5)
    return copy
  },
  (octets, random) => octets.subarray(0, random(octets.length + 1)),
  (octets, random) => splice(octets, random(octets.length + 1), random(8), Buffer.alloc(0)),
  (octets, random) => splice(octets, random(octets.length + 1), 0, Buffer.from([pick(random, telling), random(256)])),
  (octets, random) => splice(octets, random(octets.length + 1), 0, piece(octets, random)),
  (octets, random) => splice(octets, random(octets.length + 1), random(16), piece(pick(random, small), random)),
]

function change(octets: Buffer, random: Random, to: (octet: number) => number): Buffer {
  const copy = Buffer.from(octets)
  if (copy.length > 0) {
    const at = random(copy.length)
    copy[at] = to(copy[at] as number)
  }
  return copy
}

function splice(octets: Buffer, at: number, left: number, put: Buffer): Buffer {
  return Buffer.concat([octets.subarray(0, at), put, octets.subarray(at + left)]).subarray(0, 65_535)
}

function piece(octets: Buffer, random: Random): Buffer {
  const start = random(octets.length + 1)
  return octets.subarray(start, start + random(32))
}

/** The message of a run: noise now and then, else one of the corpus with one to three changes. */
function makeMessage(random: Random): Buffer {
  if (random(20) === 0) return Buffer.from(Array.from({ length: random(80) }, () => random(256)))
  let octets: Buffer = random(largeOneIn) === 0 ? pick(random, large) : pick(random, small)
  for (let left = 1 + random(3); left > 0; left--) octets = pick(random, mutations)(octets, random)
  return octets
}

for (const { file, octets } of corpus) {
  test(`${file} does no harm, whole or cut`, () => {
    const outcomes = { queries: 0, messages: 0, refused: 0 }
    feed(octets, outcomes)
    const step = Math.max(1, Math.floor(octets.length / 40))
    for (let length = 0; length < octets.length; length += step) feed(octets.subarray(0, length), outcomes)
    assert.ok(outcomes.refused > 0)
  })
}

test('the largest messages cost milliseconds', () => {
  const started = process.cpuUsage()
  const outcomes = { queries: 0, messages: 0, refused: 0 }
  for (const octets of large) for (let i = 0; i < 5; i++) feed(octets, outcomes)
  const { user, system } = process.cpuUsage(started)
  const each = (user + system) / 1000 / (large.length * 5)
  // About 20 ms; a decoder that is quadratic needs seconds.
  assert.ok(each < 500, `${each.toFixed(1)} ms`)
})

test(`${runs} random and mutated messages do no harm`, (context) => {
  const outcomes = { queries: 0, messages: 0, refused: 0 }
  for (let run = 0; run < runs; run++) {
    const octets = makeMessage(randomFrom((firstSeed + run) * 0x9e37_79b9))
    try {
      feed(octets, outcomes)
    } catch (error) {
      throw new Error(`run ${run} from seed ${firstSeed}: ${octets.toString('hex')}`, { cause: error })
    }
  }
  context.diagnostic(JSON.stringify(outcomes))
  // The mutations must leave enough that decodes, or nothing is tested.
  assert.ok(outcomes.messages > runs / 20 && outcomes.queries > runs / 50 && outcomes.refused > runs / 20)
})
