import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Opcode, parseRcode, printRcode } from '../../../src/dns/codes.ts'
import { printName } from '../../../src/dns/name.ts'
import type { Query } from '../../../src/dns/query.ts'
import { errorReply, type Reply, reply, silence } from '../../../src/dns/reply.ts'
import { parseRecord, printRecords } from '../../../src/dns/text.ts'
import { collectMetrics } from '../../../src/metrics.ts'
import type { Next } from '../../../src/plugin.ts'
import { Cache } from '../../../src/plugins/cache/cache.ts'
import { cache } from '../../../src/plugins/cache/index.ts'
import { configOf, queryOf, recordLog, workerContext } from '../../context.ts'

const soa = 'example.org. 60 IN SOA ns.example.org. root.example.org. 1 7200 1800 86400 60'

/** `NXDOMAIN`, or `NOERROR` where it is left out, and records; those of type SOA are authority. */
function replyOf(...lines: readonly string[]): Reply {
  const [first = '', ...rest] = lines
  const rcode = parseRcode(first)
  const records = (rcode === undefined ? lines : rest).map((line) => parseRecord(line))
  return reply({
    rcode: rcode ?? 0,
    answer: records.filter((rrset) => rrset.type !== 6),
    authority: records.filter((rrset) => rrset.type === 6),
    recursionAvailable: true,
    plugin: 'upstream',
  })
}

/** As replyOf reads it, with EDEs and without what is empty. */
function print(value: Reply): string[] {
  const rcode = value.rcode === 0 ? [] : [printRcode(value.rcode)]
  const errors = value.errors.map((error) => `EDE ${error.code}`)
  return [...rcode, ...[...value.answer, ...value.authority, ...value.additional].flatMap(printRecords), ...errors]
}

const a = (ttl: number, name = 'a.example.org.') => `${name} ${ttl} IN A 192.0.2.1`

/** A cache whose clock stands still unless told, over an upstream whose replies are given in advance. */
function set(stanza: string, ...replies: readonly (Reply | Error | Promise<Reply>)[]) {
  const time = { now: 1 }
  const { log, lines } = recordLog()
  log.setDebug(true)
  const kept = new Cache(configOf(cache, stanza), { log, workers: 1, clock: () => time.now })
  const asked: Query[] = []
  const rest = [...replies]
  const next: Next = (query) => {
    asked.push(query)
    const value = rest.shift()
    if (value === undefined) assert.fail(`asked for ${printName(query.asked)} once too often`)
    if (value instanceof Error) throw value
    return value
  }
  return {
    asked,
    lines,
    at: (seconds: number) => {
      time.now = 1 + seconds * 1000
    },
    ask: async (question: string, fields?: Parameters<typeof queryOf>[1]) =>
      kept.answer(queryOf(question, fields), next),
    /** The replies, printed, to the same question at these seconds; what runs in the background is let finish in between. */
    async series(question: string, ...seconds: readonly number[]) {
      const told: string[] = []
      for (const second of seconds) {
        time.now = 1 + second * 1000
        told.push(print(await kept.answer(queryOf(question), next)).join(', '))
        await new Promise((resolve) => setImmediate(resolve))
      }
      return told
    },
  }
}

suite('what is kept', () => {
  test('TTLs count down, each its own', async () => {
    const { series, asked } = set(
      'cache',
      replyOf('a.example.org. 300 IN CNAME b.example.org.', a(60, 'b.example.org.')),
      replyOf('NXDOMAIN', soa),
    )
    assert.deepEqual(await series('a.example.org. A', 0, 1.999, 59.999, 60), [
      `a.example.org. 300 IN CNAME b.example.org., ${a(60, 'b.example.org.')}`,
      `a.example.org. 299 IN CNAME b.example.org., ${a(59, 'b.example.org.')}`,
      `a.example.org. 241 IN CNAME b.example.org., ${a(1, 'b.example.org.')}`,
      `NXDOMAIN, ${soa}`,
    ])
    assert.equal(asked.length, 2)
  })

  test('who waits sees the bounds already', async () => {
    const { series } = set('cache 30', replyOf(a(3600)))
    assert.deepEqual(await series('a.example.org. A', 0, 10), [a(30), a(20)])
  })

  test('denials and failures', async () => {
    for (const [value, lifetime] of [
      [replyOf('NXDOMAIN', soa), 60],
      [replyOf('NOERROR', soa), 60],
      [replyOf('SERVFAIL'), 5],
      [replyOf('NOTIMP'), 5],
    ] as const) {
      const { ask, at, asked } = set('cache', value, value)
      await ask('a.example.org. A')
      at(lifetime - 1)
      assert.equal((await ask('a.example.org. A')).rcode, value.rcode)
      assert.equal(asked.length, 1)
      at(lifetime)
      await ask('a.example.org. A')
      assert.equal(asked.length, 2)
    }
  })

  test('keepttl tells TTLs as they were', async () => {
    const { series } = set('cache {\n keepttl\n}', replyOf(a(60)), replyOf(a(50)))
    assert.deepEqual(await series('a.example.org. A', 0, 59, 60), [a(60), a(60), a(50)])
  })

  test('what differs in DO, CD, type or name is asked for itself', async () => {
    const edns = { udpSize: 1232, version: 0, dnssecOk: true, options: [] }
    const { ask, asked } = set('cache', ...Array.from({ length: 5 }, () => replyOf(a(60))))
    for (let round = 0; round < 2; round++) {
      await ask('a.example.org. A')
      await ask('A.example.ORG. A', { edns: { ...edns, dnssecOk: false } })
      await ask('a.example.org. A', { edns })
      await ask('a.example.org. A', { checkingDisabled: true })
      await ask('a.example.org. A', { checkingDisabled: true, edns })
    }
    assert.equal(asked.length, 4)
    await ask('a.example.org. TXT')
    assert.equal(asked.length, 5)
  })

  test('servfail 0 keeps no failure', async () => {
    const { ask, asked } = set('cache {\n servfail 0\n}', replyOf('SERVFAIL'), replyOf('SERVFAIL'))
    await ask('a.example.org. A')
    await ask('a.example.org. A')
    assert.equal(asked.length, 2)
  })
})

suite('what is not kept', () => {
  const cases: Readonly<Record<string, readonly [stanza: string, question: string, value: Reply]>> = {
    'what is fresh from the watch': ['cache', 'a.example.org. A', { ...replyOf(a(7200)), fresh: true }],
    silence: ['cache', 'a.example.org. A', silence],
    'names outside of the zones': ['cache example.org', 'a.example.com. A', replyOf(a(7200, 'a.example.com.'))],
    notifications: ['cache', 'example.org. SOA', replyOf(soa)],
  }
  for (const [title, [stanza, question, value]] of Object.entries(cases)) {
    test(`${title}, and it passes as it is`, async () => {
      const { ask, asked } = set(stanza, value, value)
      const fields = title === 'notifications' ? { opcode: Opcode.NOTIFY } : {}
      assert.equal(await ask(question, fields), value)
      assert.equal(await ask(question, fields), value)
      assert.equal(asked.length, 2)
    })
  }

  test('a notification is not answered from what was kept for a question', async () => {
    const { ask, asked } = set('cache', replyOf(a(60)), replyOf(a(50)))
    await ask('a.example.org. A')
    assert.deepEqual(print(await ask('a.example.org. A', { opcode: Opcode.NOTIFY })), [a(50)])
    assert.equal(asked.length, 2)
  })

  test('errors, thrown or rejected, are for those before us', async () => {
    const { ask, asked } = set('cache', new Error('refused'), Promise.reject(new Error('timeout')), replyOf(a(60)))
    await assert.rejects(ask('a.example.org. A'), { message: 'refused' })
    await assert.rejects(ask('a.example.org. A'), { message: 'timeout' })
    assert.deepEqual(print(await ask('a.example.org. A')), [a(60)])
    assert.equal(asked.length, 3)
  })

  test('truncated replies', async () => {
    const { ask, asked } = set('cache', { ...replyOf(a(60)), truncated: true }, replyOf(a(50)))
    assert.equal((await ask('a.example.org. A')).truncated, true)
    assert.deepEqual(print(await ask('a.example.org. A')), [a(50)])
    assert.equal(asked.length, 2)
  })

  test('names in zones for which it is disabled, part by part', async () => {
    const stanza = 'cache {\n disable success a.example.org\n disable denial b.example.org c.example.org\n}'
    const { ask, asked } = set(
      stanza,
      ...[replyOf(a(7200)), replyOf(a(7200)), replyOf('NXDOMAIN', soa)],
      ...[replyOf(a(60, 'b.example.org.')), replyOf('SERVFAIL'), replyOf('SERVFAIL')],
    )
    // TTLs are bounded all the same.
    assert.deepEqual(print(await ask('a.example.org. A')), [a(3600)])
    await ask('a.example.org. A')
    await ask('a.example.org. AAAA')
    await ask('a.example.org. AAAA')
    assert.equal(asked.length, 3)
    await ask('b.example.org. A')
    await ask('b.example.org. A')
    assert.equal(asked.length, 4)
    await ask('c.example.org. A')
    await ask('c.example.org. A')
    assert.equal(asked.length, 6)
  })

  test('names for which all of it is disabled', async () => {
    const stanza = 'cache 30 {\n disable success example.org\n disable denial example.org\n}'
    const { ask, asked } = set(stanza, replyOf(a(60)), replyOf('NXDOMAIN', soa))
    assert.deepEqual(print(await ask('a.example.org. A')), [a(30)])
    assert.equal((await ask('a.example.org. A')).rcode, 3)
    assert.equal(asked.length, 2)
  })
})

suite('what is told of a kept reply', () => {
  const options = [{ code: 10, data: 'cookie' }]

  test('AA is set, RA is as it was, options are gone, errors stay', async () => {
    const errors = [{ code: 22, text: 'nobody there' }]
    const { ask } = set('cache', { ...replyOf('SERVFAIL'), options, errors })
    const first = await ask('a.example.org. A')
    assert.deepEqual([first.authoritative, first.recursionAvailable, first.options], [false, true, options])
    const kept = await ask('a.example.org. A')
    assert.deepEqual([kept.authoritative, kept.recursionAvailable, kept.options], [true, true, []])
    assert.deepEqual([kept.errors, kept.plugin], [errors, 'cache'])
  })

  test('AD is for those who ask for it, and is always asked for', async () => {
    const edns = { udpSize: 1232, version: 0, dnssecOk: true, options: [] }
    const authentic = { ...replyOf(a(60)), authenticData: true }
    const { ask, asked } = set('cache', authentic, authentic)
    assert.equal((await ask('a.example.org. A')).authenticData, false)
    assert.equal((await ask('a.example.org. A', { authenticData: true })).authenticData, true)
    assert.equal((await ask('a.example.org. A')).authenticData, false)
    assert.equal((await ask('a.example.org. A', { edns })).authenticData, true)
    assert.deepEqual(
      asked.map((query) => query.authenticData),
      [true, true],
    )
  })

  test('the name is in the case of who asks', async () => {
    const { ask } = set('cache', replyOf('A.example.ORG. 60 IN A 192.0.2.1', 'B.example.org. 60 IN A 192.0.2.2'))
    await ask('A.example.ORG. A')
    assert.deepEqual(print(await ask('a.EXAMPLE.org. A')), [
      'a.EXAMPLE.org. 60 IN A 192.0.2.1',
      'B.example.org. 60 IN A 192.0.2.2',
    ])
    assert.match(print(await ask('a.example.ORG. A')).join(), /^a\.example\.ORG\. 60/)
  })
})

suite('a failure and an answer', () => {
  test('an answer that holds is told in spite of a failure', async () => {
    const { series, asked } = set(
      'cache {\n prefetch 1 1m 90%\n}',
      replyOf(a(60)),
      replyOf('SERVFAIL'),
      replyOf('SERVFAIL'),
      replyOf(a(60)),
    )
    assert.deepEqual(await series('a.example.org. A', 0, 10, 11, 12, 13), [a(60), a(50), a(49), a(48), a(59)])
    assert.equal(asked.length, 4)
  })
})

suite('prefetch', () => {
  test('renews in the background what is asked for often, near its end', async () => {
    const { series, asked } = set('cache {\n prefetch 3 1m 20%\n}', replyOf(a(100)), replyOf(a(90)))
    // Three questions, but the end is far; then the threshold, then the new reply.
    assert.deepEqual(await series('a.example.org. A', 0, 10, 20, 30, 79), [a(100), a(90), a(80), a(70), a(21)])
    assert.equal(asked.length, 1)
    assert.deepEqual(await series('a.example.org. A', 80, 81), [a(20), a(89)])
    assert.equal(asked.length, 2)
  })

  test('not after a pause', async () => {
    const { series, asked } = set('cache {\n prefetch 3 10s 20%\n}', replyOf(a(100)), replyOf(a(90)))
    await series('a.example.org. A', 0, 70, 80, 90.001, 95)
    assert.equal(asked.length, 1)
    await series('a.example.org. A', 96)
    assert.equal(asked.length, 2)
  })

  test('popularity is handed on', async () => {
    const { series, asked } = set('cache {\n prefetch 3 1m 10%\n}', ...Array.from({ length: 3 }, () => replyOf(a(10))))
    await series('a.example.org. A', 0, 7, 8, 9, 18)
    assert.equal(asked.length, 3)
  })

  test('once at a time', async () => {
    const slow = Promise.withResolvers<Reply>()
    const { series, asked } = set('cache {\n prefetch 1 1m 90%\n}', replyOf(a(100)), slow.promise, replyOf(a(80)))
    assert.deepEqual(await series('a.example.org. A', 0, 20, 21, 22), [a(100), a(80), a(79), a(78)])
    assert.equal(asked.length, 2)
    slow.resolve(replyOf(a(90)))
    assert.deepEqual(await series('a.example.org. A', 23, 24), [a(77), a(89)])
    assert.equal(asked.length, 2)
  })

  test('a failure is told to the log, for debugging', async () => {
    const { series, lines } = set('cache {\n prefetch 1 1m 90%\n}', replyOf(a(100)), new Error('refused'))
    assert.deepEqual(await series('a.example.org. A', 0, 20), [a(100), a(80)])
    assert.deepEqual(lines, ['[DEBUG] renewing a.example.org.: refused'])
  })

  test('what is fresh now is not in the cache any more', async () => {
    const fresh = { ...replyOf(a(5)), fresh: true }
    const { series, asked } = set('cache {\n prefetch 1 1m 90%\n}', replyOf(a(100)), fresh, fresh)
    assert.deepEqual(await series('a.example.org. A', 0, 20, 21), [a(100), a(80), a(5)])
    assert.equal(asked.length, 3)
  })
})

suite('serve_stale immediate', () => {
  test('tells what has expired, then the new reply', async () => {
    const { series, asked } = set('cache {\n serve_stale 1h\n}', replyOf(a(60)), replyOf(a(50)))
    assert.deepEqual(await series('a.example.org. A', 0, 60, 61), [a(60), `${a(0)}, EDE 3`, a(49)])
    assert.equal(asked.length, 2)
  })

  test('with a TTL of its own', async () => {
    const { series } = set('cache {\n serve_stale 1h immediate 30s\n}', replyOf('NXDOMAIN', soa), replyOf(a(50)))
    const stale = soa.replace('60', '30')
    assert.deepEqual(await series('a.example.org. A', 0, 70, 71), [
      `NXDOMAIN, ${soa}`,
      `NXDOMAIN, ${stale}, EDE 19`,
      a(49),
    ])
  })

  test('as long as it may', async () => {
    const failures = Array.from({ length: 2 }, () => new Error('timeout'))
    const { series, asked } = set('cache {\n serve_stale 10s\n}', replyOf(a(60)), ...failures, replyOf(a(50)))
    assert.deepEqual(await series('a.example.org. A', 0, 60, 69.999, 70), [
      a(60),
      `${a(0)}, EDE 3`,
      `${a(0)}, EDE 3`,
      a(50),
    ])
    assert.equal(asked.length, 4)
  })

  test('failures of servers are no reply', async () => {
    const { series } = set(
      'cache {\n serve_stale\n}',
      ...[replyOf(a(60)), replyOf('SERVFAIL'), errorReply(5), replyOf('NXDOMAIN', soa), silence],
    )
    assert.deepEqual(await series('a.example.org. A', 0, 60, 61, 62, 63), [
      a(60),
      ...[`${a(0)}, EDE 3`, `${a(0)}, EDE 3`, `${a(0)}, EDE 3`],
      `NXDOMAIN, ${soa.replace('60', '59')}`,
    ])
  })

  test('attempts after a failure are rare where that is asked for', async () => {
    const { series, asked } = set(
      'cache {\n serve_stale 1h immediate 0 30s\n}',
      ...[replyOf(a(60)), new Error('timeout'), replyOf(a(50))],
    )
    await series('a.example.org. A', 0, 60, 61, 89)
    assert.equal(asked.length, 2)
    assert.deepEqual(await series('a.example.org. A', 91, 92), [`${a(0)}, EDE 3`, a(49)])
  })

  test('a positive reply ends the denial before it', async () => {
    const { series } = set('cache {\n serve_stale\n}', replyOf('NXDOMAIN', soa), replyOf(a(10)), new Error('gone'))
    assert.deepEqual(await series('a.example.org. A', 0, 60, 61, 71), [
      ...[`NXDOMAIN, ${soa}`, `NXDOMAIN, ${soa.replace('60', '0')}, EDE 19`, a(9)],
      `${a(0)}, EDE 3`,
    ])
  })
})

suite('serve_stale verify', () => {
  test('a new reply is waited for', async () => {
    const { series, asked } = set('cache {\n serve_stale 1h verify\n}', replyOf(a(60)), replyOf(a(50)))
    assert.deepEqual(await series('a.example.org. A', 0, 60, 61), [a(60), a(50), a(49)])
    assert.equal(asked.length, 2)
  })

  test('what has expired is told where there is none', async () => {
    const { series } = set(
      'cache {\n serve_stale 1h verify 0 30s\n}',
      ...[replyOf(a(60)), replyOf('SERVFAIL'), new Error('timeout'), { ...replyOf(a(1)), truncated: true }],
      replyOf('NXDOMAIN', soa),
    )
    assert.deepEqual(await series('a.example.org. A', 0, 60, 61, 62, 63), [
      a(60),
      ...[`${a(30)}, EDE 3`, `${a(30)}, EDE 3`, `${a(30)}, EDE 3`],
      `NXDOMAIN, ${soa}`,
    ])
  })

  test('what is fresh takes its place', async () => {
    const fresh = { ...replyOf(a(5)), fresh: true }
    const { ask, at, asked } = set('cache {\n serve_stale 1h verify\n}', replyOf(a(60)), fresh, fresh)
    await ask('a.example.org. A')
    at(60)
    assert.equal(await ask('a.example.org. A'), fresh)
    assert.equal(await ask('a.example.org. A'), fresh)
    assert.equal(asked.length, 3)
  })

  test('but not for longer than that', async () => {
    const slow = Promise.withResolvers<Reply>()
    const { ask, at } = set('cache {\n serve_stale 1h verify 1ms\n}', replyOf(a(60)), slow.promise)
    await ask('a.example.org. A')
    at(60)
    assert.deepEqual(print(await ask('a.example.org. A')), [a(0), 'EDE 3'])
    // When it comes at last, it is kept.
    slow.resolve(replyOf(a(50)))
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(print(await ask('a.example.org. A')), [a(50)])
  })

  test('each who waits asks for it', async () => {
    const slow = [Promise.withResolvers<Reply>(), Promise.withResolvers<Reply>()]
    const { ask, at, asked } = set(
      'cache {\n serve_stale 1h verify\n}',
      replyOf(a(60)),
      ...slow.map((one) => one.promise),
    )
    await ask('a.example.org. A')
    at(60)
    const both = [ask('a.example.org. A'), ask('a.example.org. A')]
    for (const one of slow) one.resolve(replyOf(a(50)))
    assert.deepEqual((await Promise.all(both)).map(print), [[a(50)], [a(50)]])
    assert.equal(asked.length, 3)
  })

  test('one asks where attempts are to be rare, the others are told what has expired', async () => {
    const slow = Promise.withResolvers<Reply>()
    const { ask, at, asked } = set('cache {\n serve_stale 1h verify 1m 0 30s\n}', replyOf(a(60)), slow.promise)
    await ask('a.example.org. A')
    at(60)
    const first = ask('a.example.org. A')
    assert.deepEqual(print(await ask('a.example.org. A')), [a(0), 'EDE 3'])
    slow.resolve(replyOf('SERVFAIL'))
    assert.deepEqual(print(await first), [a(0), 'EDE 3'])
    assert.deepEqual(print(await ask('a.example.org. A')), [a(0), 'EDE 3'])
    assert.equal(asked.length, 2)
  })
})

suite('serve_stale_policy prefer_positive', () => {
  const stanza = (mode: string) => `cache {\n serve_stale 1h ${mode}\n serve_stale_policy prefer_positive\n}`
  const aside = reply({ additional: [parseRecord('a.example.org. 10 IN TXT aside')] })

  test('only an answer takes the place of an answer', async () => {
    const { series, asked } = set(
      stanza('verify'),
      ...[replyOf(a(60)), replyOf('NXDOMAIN', soa), replyOf('NOERROR', soa), replyOf('SERVFAIL'), aside],
      replyOf(a(50)),
    )
    const stale = `${a(0)}, EDE 3`
    assert.deepEqual(await series('a.example.org. A', 0, 60, 61, 62, 63, 64, 65), [
      ...[a(60), stale, stale, stale, stale, a(50), a(49)],
    ])
    assert.equal(asked.length, 6)
  })

  test('in the background as well', async () => {
    const { series } = set(stanza('immediate'), replyOf(a(60)), replyOf('NXDOMAIN', soa), replyOf(a(50)))
    const stale = `${a(0)}, EDE 3`
    assert.deepEqual(await series('a.example.org. A', 0, 60, 61, 62), [a(60), stale, stale, a(49)])
  })

  test('what is no answer does not end a denial', async () => {
    const { series, asked } = set(
      'cache {\n serve_stale 5s verify\n serve_stale_policy prefer_positive\n}',
      ...[replyOf(a(10)), replyOf('NXDOMAIN', soa), aside],
    )
    const stale = `${a(0)}, EDE 3`
    assert.deepEqual(await series('a.example.org. A', 0, 10, 11, 15), [
      ...[a(10), stale, stale, `NXDOMAIN, ${soa.replace('60', '55')}`],
    ])
    assert.equal(asked.length, 3)
  })

  test('a denial is told where no answer is left', async () => {
    const { series } = set(
      'cache {\n serve_stale 10s verify\n serve_stale_policy prefer_positive\n}',
      ...[replyOf(a(60)), replyOf('NXDOMAIN', soa)],
    )
    assert.deepEqual(await series('a.example.org. A', 0, 60, 70), [
      ...[a(60), `${a(0)}, EDE 3`, `NXDOMAIN, ${soa.replace('60', '50')}`],
    ])
  })
})

suite('metrics', () => {
  test('what is asked for, found, renewed and told stale', async () => {
    const server = 'dns://192.0.2.53:53'
    const values = () =>
      Object.fromEntries(
        collectMetrics()
          .filter(({ definition }) => definition.name.startsWith('coredns_cache_'))
          .flatMap(({ definition, series }) =>
            series
              .filter((one) => one.values[0] === server)
              .map((one) => [
                [definition.name.slice('coredns_cache_'.length), ...one.values.slice(1)].join(' '),
                one.cells[0],
              ]),
          ),
      )
    const { ask, at } = set(
      'cache example.org example.com {\n prefetch 1 1m 50%\n serve_stale\n}',
      ...[replyOf(a(60)), replyOf('NXDOMAIN', soa), replyOf(a(50)), new Error('gone')],
    )
    const fields = { client: { server } }
    await ask('a.example.org. A', fields)
    await ask('b.example.org. A', fields)
    at(40)
    await ask('a.example.org. A', fields)
    await new Promise((resolve) => setImmediate(resolve))
    at(60)
    await ask('b.example.org. A', fields)
    await ask('a.example.net. A', fields).catch(() => undefined)
    const zones = 'example.org.,example.com.'
    assert.deepEqual(values(), {
      [`requests_total ${zones} `]: 4,
      [`misses_total ${zones} `]: 2,
      [`hits_total success ${zones} `]: 1,
      [`hits_total denial ${zones} `]: 1,
      [`prefetch_total ${zones} `]: 2,
      [`served_stale_total ${zones} `]: 1,
      [`drops_total ${zones} `]: 0,
      [`entries success ${zones} `]: 1,
      [`entries denial ${zones} `]: 1,
      [`evictions_total success ${zones} `]: 0,
      [`evictions_total denial ${zones} `]: 0,
    })
  })
})

test('the capacity is divided among workers', async () => {
  const config = configOf(cache, 'cache')
  const halved = { ...config, success: { ...config.success, capacity: 4 } }
  const handler = cache.handler?.(halved, workerContext({ workers: 2 }))
  assert(handler !== undefined)
  let asked = 0
  const next: Next = (query) => {
    asked++
    return replyOf(a(60, printName(query.asked)))
  }
  for (const name of ['a', 'b', 'c', 'b', 'c', 'a']) await handler(queryOf(`${name}.example. A`), next)
  assert.equal(asked, 4)
})
