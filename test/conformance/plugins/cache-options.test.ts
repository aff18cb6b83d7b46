// cache's options over the wire: prefetch, serve_stale (RFC 8767), servfail, keepttl and disable.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { printName } from '../../../src/dns/name.ts'
import { type Asked, type Behaviour, type FaultyUpstream, honest, records, refusing, replyTo } from '../../upstream.ts'
import { askSubject, compare, linesFor, withSubject } from '../suite.ts'

const nameOf = ({ query }: Asked): string => printName(query.questions[0]?.name ?? assert.fail('no question'))
const heard = (upstream: FaultyUpstream, name: string) =>
  upstream.asked.filter((asked) => nameOf(asked) === name).length

const block = (zone: string, lines: string) => `${zone} {
    bind 127.0.0.1
    multisocket 1
    errors
    cache {
        ${lines.replaceAll('; ', '\n        ')}
    }
    forward . {$UPSTREAM} {
        max_fails 0
    }
}
`

/** An answer for so many seconds whose last octet says how often the name was asked for. */
const counting = (ttl: number): Behaviour => {
  const counts = new Map<string, number>()
  return (asked) => {
    const name = nameOf(asked)
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return [{ send: replyTo(asked.query, { answer: records(`${name} ${ttl} IN A 192.0.2.${count}`) }) }]
  }
}

/** The last octet of the address, and its TTL; the rcode where there is none. */
async function told(port: number, name: string): Promise<string> {
  const [head = '', line] = await linesFor(port, `${name} A`)
  const [, ttl, count] = /^\S+ (\d+) IN A 192\.0\.2\.(\d+)$/.exec(line ?? '') ?? []
  return count === undefined ? head : `${count} for ${ttl}`
}

const short = counting(2)

withSubject(
  'cache: stale and fresh',
  (portOf, upstreamOf) => {
    test('prefetch: what is asked for often is fetched again before it expires, and nobody waits', async () => {
      const name = 'www.prefetch.test.'
      await told(portOf(), name)
      // Nine tenths of the time may be gone then: the rest is less than what is allowed.
      for (let tries = 0; heard(upstreamOf(), name) < 2; tries++) {
        assert.ok(tries < 60, 'it is never fetched again')
        await told(portOf(), name)
        await sleep(50)
      }
      // Had it expired, the question would have had to wait for it: it was kept all the time.
      const fresh = await told(portOf(), name)
      compare(fresh.startsWith('2 for '), true, undefined)
    })
    test('prefetch: what is asked for once is not', async () => {
      const name = 'once.prefetch.test.'
      await told(portOf(), name)
      await sleep(1600)
      compare(heard(upstreamOf(), name), 1, undefined)
    })
    test('8767 4: immediate: expired answers are given at once, and fetched in the background', async () => {
      const name = 'www.immediate.test.'
      const first = await told(portOf(), name)
      await sleep(2300)
      const stale = await told(portOf(), name)
      for (let tries = 0; heard(upstreamOf(), name) < 2 && tries < 100; tries++) await sleep(20)
      await sleep(100)
      const fresh = await told(portOf(), name)
      compare([first, stale, fresh], ['1 for 2', '1 for 0', '2 for 2'], undefined)
    })
    test('8767 5: verify: a fresh answer is given where there is one', async () => {
      const name = 'www.verify.test.'
      const first = await told(portOf(), name)
      await sleep(2300)
      compare([first, await told(portOf(), name)], ['1 for 2', '2 for 2'], undefined)
    })
    test('verify: the expired answer where there is none, with the TTL that is asked for', async () => {
      const names = ['away.immediate.test.', 'away.verify.test.', 'away.verify-ttl.test.', 'away.expired.test.']
      for (const name of names) await told(portOf(), name)
      await upstreamOf().die()
      await sleep(2300)
      const got = await Promise.all(names.slice(0, 3).map((name) => told(portOf(), name)))
      await upstreamOf().revive()
      compare(got, ['1 for 0', '1 for 0', '1 for 7'], undefined)
    })
    test('8767 5: no longer than allowed', async () => {
      const name = 'late.expired.test.'
      await told(portOf(), name)
      await sleep(3300)
      await upstreamOf().die()
      const got = await told(portOf(), name)
      await upstreamOf().revive()
      compare(got, 'SERVFAIL', undefined)
    })
    test('verify: SERVFAIL of the upstream is not preferred to the expired answer', async () => {
      const name = 'failing.verify.test.'
      await told(portOf(), name)
      await sleep(2300)
      compare(await told(portOf(), name), '1 for 0', undefined)
    })
    test('verify with a timeout: who answers too late is not waited for', async () => {
      const name = 'slow.verify-soon.test.'
      const first = await told(portOf(), name)
      await sleep(2300)
      compare([first, await told(portOf(), name)], ['1 for 2', '1 for 0'], undefined)
    })
  },
  {
    corefile: [
      block('prefetch.test', 'success 9984 30 1; prefetch 2 1m 50%'),
      block('immediate.test', 'success 9984 30 1; serve_stale 1h immediate'),
      block('verify.test', 'success 9984 30 1; serve_stale 1h verify'),
      block('verify-ttl.test', 'success 9984 30 1; serve_stale 1h verify 0s 7s'),
      block('verify-soon.test', 'success 9984 30 1; serve_stale 1h verify 100ms'),
      block('expired.test', 'success 9984 30 1; serve_stale 1s'),
    ].join(''),
    behave: (asked) => {
      const steps = short(asked)
      const [{ send } = { send: asked.query }] = steps as [{ send: typeof asked.query }]
      const again = send.answer[0]?.rdatas[0]?.charCodeAt(3) !== 1
      if (again && nameOf(asked).startsWith('failing.')) return refusing('SERVFAIL')(asked)
      if (again && nameOf(asked).startsWith('slow.')) return [{ wait: 1000 }, ...steps]
      return steps
    },
  },
)

const soa = records('test. 3600 IN SOA ns.test. hostmaster.test. 1 7200 1800 86400 3600')

interface Row {
  readonly title: string
  /** Asked twice. */
  readonly ask: string
  readonly heard: number
  readonly differs?: string
}

const rows: readonly Row[] = [
  { title: 'servfail 0: SERVFAIL is not kept', ask: 'broken.no-servfail.test. A', heard: 2 },
  { title: 'servfail 5m: SERVFAIL is kept', ask: 'broken.servfail.test. A', heard: 1 },
  { title: 'disable denial: denials are not kept', ask: 'nowhere.disabled.test. A', heard: 2 },
  { title: 'disable denial: answers are', ask: 'www.disabled.test. A', heard: 1 },
  { title: 'disable success ZONE: answers of the zone are not kept', ask: 'www.some.disabled-some.test. A', heard: 2 },
  { title: 'disable success ZONE: others are', ask: 'www.disabled-some.test. A', heard: 1 },
  { title: 'NOTIMP is kept', ask: 'notimp.servfail.test. A', heard: 1 },
  { title: '1035 7.4: what is truncated is not kept', ask: 'cut.servfail.test. A', heard: 2 },
]

withSubject(
  'cache: what is kept',
  (portOf, upstreamOf) => {
    for (const { title, ask, heard: times, differs } of rows) {
      test(title, async () => {
        for (const _ of [1, 2]) await linesFor(portOf(), ask)
        compare(heard(upstreamOf(), ask.split(' ')[0] ?? ''), times, differs)
      })
    }
    const ttlAfter = async (name: string, type: string, ms: number) => {
      await askSubject(portOf(), `${name} ${type}`)
      await sleep(ms)
      const got = await askSubject(portOf(), `${name} ${type}`)
      return (got?.reply.answer[0] ?? got?.reply.authority[0])?.ttl ?? -1
    }
    test('1035 6.1.3: TTLs count down', async () => {
      const ttl = await ttlAfter('counting.servfail.test.', 'A', 1200)
      compare(ttl < 60 && ttl >= 50, true, undefined)
    })
    test('2308 5: those of denials too', async () => {
      const ttl = await ttlAfter('nowhere.servfail.test.', 'A', 1200)
      compare(ttl < 1800 && ttl >= 1700, true, undefined)
    })
    test('keepttl: but not there', async () => {
      compare(await ttlAfter('www.keepttl.test.', 'A', 1200), 60, undefined)
    })
  },
  {
    corefile: [
      block('no-servfail.test', 'servfail 0'),
      block('servfail.test', 'servfail 5m'),
      block('disabled.test', 'disable denial'),
      block('disabled-some.test', 'disable success some.disabled-some.test'),
      block('keepttl.test', 'keepttl'),
    ].join(''),
    behave: (asked) => {
      const name = nameOf(asked)
      if (name.startsWith('broken.')) return refusing('SERVFAIL')(asked)
      if (name.startsWith('notimp.')) return refusing('NOTIMP')(asked)
      if (name.startsWith('cut.')) return [{ send: replyTo(asked.query, { truncated: true }) }]
      if (name.startsWith('nowhere.')) return [{ send: replyTo(asked.query, { rcode: 3, authority: soa }) }]
      return honest(asked)
    },
  },
)
