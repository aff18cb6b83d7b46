// cache over the wire: positive, negative (RFC 2308 5) and stale replies (RFC 8767 4), and what the upstream still hears.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { printName } from '../../../src/dns/name.ts'
import { type Behaviour, type FaultyUpstream, honest, records, refusing, replyTo } from '../../upstream.ts'
import { askSubject, compare, linesFor, withSubject } from '../suite.ts'

const corefile = (lines: string) => `. {
    bind 127.0.0.1
    multisocket 1
    errors
    cache 30 {
        ${lines}
    }
    forward . {$UPSTREAM} {
        max_fails 0
    }
}
`
const soa = (ttl: number, minimum: number) =>
  records(`test. ${ttl} IN SOA ns.test. hostmaster.test. 1 7200 1800 86400 ${minimum}`)

const behave: Behaviour = (asked) => {
  const name = printName(asked.query.questions[0]?.name ?? assert.fail('no question'))
  const denial = { authority: soa(3600, 20) }
  if (name === 'nowhere.test.') return [{ send: replyTo(asked.query, { rcode: 3, ...denial }) }]
  if (name === 'nodata.test.') return [{ send: replyTo(asked.query, denial) }]
  if (name === 'no-soa.test.') return refusing('NXDOMAIN')(asked)
  if (name === 'broken.test.') return refusing('SERVFAIL')(asked)
  if (name === 'refused.test.') return refusing('REFUSED')(asked)
  if (name === 'short.test.') return [{ send: replyTo(asked.query, { answer: records(`${name} 1 IN A 192.0.2.1`) }) }]
  return honest(asked)
}

/** How often the upstream has heard of a name. */
const heard = (upstream: FaultyUpstream, name: string) =>
  upstream.asked.filter(({ query }) => query.questions.some((one) => printName(one.name).toLowerCase() === name)).length

interface Row {
  readonly title: string
  /** Asked one after the other; all get the last reply. */
  readonly ask: readonly string[]
  readonly expect: readonly string[]
  readonly heard: number
  readonly differs?: string
}

const rows: readonly Row[] = [
  {
    title: 'an answer is asked for once',
    ask: ['www.test. A', 'www.test. A', 'www.test. A'],
    expect: ['NOERROR ra', 'www.test. IN A 192.0.2.1'],
    heard: 1,
  },
  {
    title: '4343 3: in any case',
    ask: ['case.test. A', 'CASE.test. A'],
    expect: ['NOERROR ra', 'CASE.test. IN A 192.0.2.1'],
    heard: 1,
    differs: 'its owner names keep the case in which the name was asked first',
  },
  {
    title: '2308 5: NXDOMAIN is kept',
    ask: ['nowhere.test. A', 'nowhere.test. A'],
    expect: ['NXDOMAIN ra', 'test. IN SOA ns.test. hostmaster.test. SERIAL 7200 1800 86400 20'],
    heard: 1,
  },
  {
    title: '2308 5: NOERROR without records is kept',
    ask: ['nodata.test. A', 'nodata.test. A'],
    expect: ['NOERROR ra', 'test. IN SOA ns.test. hostmaster.test. SERIAL 7200 1800 86400 20'],
    heard: 1,
  },
  {
    title: '2308 5: a denial without SOA record is not kept',
    ask: ['no-soa.test. A', 'no-soa.test. A'],
    expect: ['NXDOMAIN ra'],
    heard: 2,
  },
  {
    title: '2308 7.1: SERVFAIL is kept for a while',
    ask: ['broken.test. A', 'broken.test. A'],
    expect: ['SERVFAIL ra'],
    heard: 1,
  },
  { title: 'REFUSED is not kept', ask: ['refused.test. A', 'refused.test. A'], expect: ['REFUSED ra'], heard: 2 },
]

withSubject(
  'cache',
  (portOf, upstreamOf) => {
    for (const { title, ask, expect, heard: times, differs } of rows) {
      test(title, async () => {
        let got: string[] = []
        for (const question of ask) got = await linesFor(portOf(), question, { ttls: false })
        const name = (ask[0] ?? '').split(' ')[0] ?? ''
        // AA of what was kept is looked at below.
        const reply = got.map((line) => line.replace(' aa', ''))
        compare({ reply, heard: heard(upstreamOf(), name) }, { reply: expect, heard: times }, differs)
      })
    }
    test('a TTL is never more than the most allowed', async () => {
      for (const _ of [1, 2]) {
        const got = await askSubject(portOf(), 'ttl.test. A')
        const ttl = got?.reply.answer[0]?.ttl ?? -1
        assert.ok(ttl > 0 && ttl <= 30, `${ttl}`)
      }
    })
    test("2308 5: that of a denial is never more than the SOA record's last field", async () => {
      const got = await askSubject(portOf(), 'nodata.test. AAAA')
      const ttl = got?.reply.authority[0]?.ttl ?? -1
      assert.ok(ttl > 0 && ttl <= 30, `${ttl}`)
      const again = await askSubject(portOf(), 'nodata.test. AAAA')
      const kept = again?.reply.authority[0]?.ttl ?? -1
      compare(kept > 0 && kept <= 20, true, 'its SOA record keeps the TTL it had when the denial came')
    })
    test('those who want DNSSEC records are another question', async () => {
      await askSubject(portOf(), 'do.test. A')
      await askSubject(portOf(), 'do.test. A', { dnssecOk: true })
      await askSubject(portOf(), 'do.test. A', { dnssecOk: true })
      compare(heard(upstreamOf(), 'do.test.'), 2, undefined)
    })
    test('a reply is for UDP and TCP', async () => {
      await linesFor(portOf(), 'both.test. A')
      await linesFor(portOf(), 'both.test. A', { transport: 'tcp' })
      compare(heard(upstreamOf(), 'both.test.'), 1, undefined)
    })
    test('what is kept is answered while the upstream is away', async () => {
      await linesFor(portOf(), 'kept.test. A')
      await upstreamOf().die()
      const got = await linesFor(portOf(), 'kept.test. A', { ttls: false })
      await upstreamOf().revive()
      compare(got, ['NOERROR aa ra', 'kept.test. IN A 192.0.2.1'], undefined)
    })
  },
  { corefile: corefile(''), behave },
)

withSubject(
  'cache { serve_stale }',
  (portOf, upstreamOf) => {
    test('8767 4: expired answers are given with a TTL of nothing while the upstream is away', async () => {
      await linesFor(portOf(), 'short.test. A')
      await upstreamOf().die()
      await sleep(2100)
      const got = await linesFor(portOf(), 'short.test. A')
      await upstreamOf().revive()
      compare(got, ['NOERROR aa ra', 'short.test. 0 IN A 192.0.2.1'], undefined)
    })
  },
  { corefile: corefile('success 9984 30 1\n        serve_stale 1h verify'), behave },
)
