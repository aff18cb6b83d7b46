import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { logTo } from '../../src/log.ts'
import { Overload, type Pressure, type Queue } from '../../src/server/overload.ts'
import type { Quota } from '../../src/server/socket-filter.ts'
import { samplesOf } from '../samples.ts'

const silent = logTo(() => undefined)

/** What reading a query and leaving it unanswered costs, of what answering it costs. */
const readCost = 0.25

interface Load {
  /** Queries that can be answered in a ms. */
  readonly capacity: number
  /** Datagrams that the socket has room for. */
  readonly room: number
  /** Of every 100 ms those in which the server may not run, as a quota does it. */
  readonly gap: number
  /** Queries a ms of each client. */
  readonly rates: readonly number[]
  /** Does the kernel drop what it is told to? */
  readonly filters: boolean
}

interface SimulatedClient {
  readonly key: number
  readonly rate: number
  /** Queries on their way, and those that have passed the kernel; in parts. */
  due: number
  passed: number
  /** What the kernel lets in. */
  accept: number
  /** Of those that count. */
  sent: number
  answered: number
}

/**
 * A server with a queue in front of it, ms by ms. Returns the part of each client's queries that it answered, of `counted` ms
 * before the last second: those of the last may still be waiting at the end.
 */
function simulate({ capacity, room, gap, rates, filters }: Load, ms: number, counted = 1000): number[] {
  const clients: readonly SimulatedClient[] = rates.map((rate, key) => {
    return { key, rate, due: 0, passed: 0, accept: 1, sent: 0, answered: 0 }
  })
  const queue: { readonly client: SimulatedClient; readonly counts: boolean }[] = []
  let [emptied, lost] = [true, 0]
  const pressure: Pressure = {
    dropped: 0,
    queue: () => {
      const queue = lost > 0 ? 'full' : emptied ? 'emptied' : 'queued'
      emptied = false
      lost = 0
      return queue
    },
    limit: (quotas) => {
      for (const client of clients) {
        client.accept = quotas.find(({ address }) => address.charCodeAt(3) === client.key)?.accept ?? 1
      }
      return filters
    },
  }
  const overload = new Overload('dns://simulated', pressure, silent)
  let time = 0
  const arrive = (client: SimulatedClient) => {
    const counts = time > ms - 1000 - counted && time < ms - 1000
    if (counts) client.sent++
    client.passed += filters ? client.accept : 1
    if (client.passed < 1) return
    client.passed--
    if (queue.length >= room) lost++
    else queue.push({ client, counts })
  }
  try {
    for (; time < ms; time++) {
      for (const client of clients) client.due += client.rate
      // In turn, so that nobody's are all behind a full queue.
      while (clients.some(({ due }) => due >= 1)) {
        for (const client of clients) {
          if (client.due < 1) continue
          client.due--
          arrive(client)
        }
      }
      if (time % 100 < gap) continue
      if (overload.on) overload.look(time)
      else if (lost > 0) overload.begin(time)
      for (let left = (capacity * 100) / (100 - gap); left > 0; ) {
        const query = queue.shift()
        if (query === undefined) break
        const admitted = !overload.on || overload.admit(query.client.key)
        left -= admitted ? 1 : readCost
        if (admitted && query.counts) query.client.answered++
      }
      if (queue.length === 0) emptied = true
    }
    return clients.map(({ sent, answered }) => answered / sent)
  } finally {
    overload.end()
  }
}

const capacity = fc.integer({ min: 20, max: 100 })

test('whoever asks for little keeps the answers while one client asks for more than there is time for', () => {
  const others = fc.array(fc.double({ min: 0.02, max: 0.08, noNaN: true }), { minLength: 1, maxLength: 6 })
  const property = fc.property(
    fc.record({ capacity, others, gap: fc.constantFrom(0, 50), filters: fc.boolean() }),
    fc.double({ min: 1.5, max: 3, noNaN: true }),
    ({ capacity, others, gap, filters }, excess) => {
      // Without the kernel's help all must be read, which leaves less and less time.
      const rates = [(filters ? excess : 1.5) * capacity, ...others.map((part) => part * capacity)]
      const [, ...kept] = simulate({ capacity, room: 100 * capacity, gap, rates, filters }, 5000)
      // To within a query at either end.
      for (const part of kept) assert.ok(part >= 0.95, `${kept}`)
    },
  )
  fc.assert(property, { numRuns: 30 })
})

test('with one noisy client most of the time still goes into answers', () => {
  const [noisy = 0] = simulate({ capacity: 50, room: 1000, gap: 0, rates: [75, 2, 2], filters: true }, 5000)
  assert.ok(noisy > 0.4, `${noisy}`)
})

test('equals get equal parts', () => {
  const property = fc.property(capacity, fc.integer({ min: 2, max: 20 }), fc.boolean(), (capacity, count, filters) => {
    const rates = Array.from({ length: count }, () => (1.5 * capacity) / count)
    // The share falls by more than half at times and comes back in seconds: one of them says little.
    const kept = simulate({ capacity, room: 20 * capacity, gap: 0, rates, filters }, 7000, 4000)
    const mean = kept.reduce((sum, part) => sum + part, 0) / count
    for (const part of kept) assert.ok(Math.abs(part - mean) < 0.25, `${kept}`)
    assert.ok(mean > 0.3, `${mean}`)
  })
  fc.assert(property, { numRuns: 20 })
})

test('it is told of when it begins and when it is over, counted, and lifts what the kernel was told', () => {
  const lines: string[] = []
  const limits: (readonly Quota[])[] = []
  let queue: Queue = 'queued'
  const pressure: Pressure = {
    dropped: 0,
    queue: () => queue,
    limit: (quotas) => {
      limits.push(quotas)
      return true
    },
  }
  const log = logTo((line) => lines.push(line))
  const overload = new Overload('dns://told', pressure, log)
  const gauge = () => samplesOf('clusterdns_udp_overloaded')['server="dns://told"']
  const ask = (count: number) => Array.from({ length: count }, () => overload.admit(0x7f00_0001)).filter(Boolean).length
  assert.equal(overload.on, false)
  overload.begin(0)
  assert.equal(gauge(), 1)
  assert.equal(ask(1000), 1000, 'the first window has no share')
  overload.look(100)
  assert.deepEqual(limits, [], 'as much as there is time for, but for a tenth')
  assert.equal(ask(2000), 900)
  overload.look(200)
  assert.deepEqual(limits, [[{ address: '\x7f\0\0\x01', accept: (900 * 0.9) / 2000 }]])
  assert.equal(samplesOf('clusterdns_udp_over_share_total')['server="dns://told"'], 1100)
  queue = 'emptied'
  for (let window = 3; overload.on; window++) {
    assert.ok(window < 100)
    overload.look(window * 100)
  }
  assert.equal(gauge(), 0)
  assert.deepEqual(limits.at(-1), [])
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /^\[WARNING\] dns:\/\/told udp: overloaded/)
  assert.match(
    lines[1] ?? '',
    /^\[INFO\] dns:\/\/told udp: no longer overloaded, after \d+\.\d s in which 1100 queries were left/,
  )
})

test('however many clients there are, what is counted of them has an end', () => {
  const pressure: Pressure = { dropped: 0, queue: () => 'queued', limit: () => false }
  const overload = new Overload('dns://crowd', pressure, silent)
  overload.begin(0)
  for (let client = 0; client < 30_000; client++) overload.admit(client)
  overload.look(100)
  // Those beyond share what one has: those who came first are not crowded out.
  let [early, late] = [0, 0]
  for (let client = 0; client < 30_000; client++) {
    const admitted = overload.admit(client)
    if (admitted && client < 10_000) early++
    else if (admitted) late++
  }
  overload.end()
  assert.equal(early, 10_000)
  assert.ok(late > 0 && late < 20_000, `${late}`)
})
