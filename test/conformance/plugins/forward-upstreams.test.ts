// forward over the wire to several upstreams: policies, failover, `next`, health, limits, and upstreams by TLS and HTTPS.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printName } from '../../../src/dns/name.ts'
import { createAuthority } from '../../../src/sandbox/certificate.ts'
import { type Asked, type Behaviour, honest, records, refusing, replyTo } from '../../upstream.ts'
import { askSubject, compare, linesFor, withSubject } from '../suite.ts'

const nameOf = ({ query }: Asked): string => printName(query.questions[0]?.name ?? assert.fail('no question'))

/** Answers every A with this address. */
const known =
  (address: string): Behaviour =>
  (asked) => [{ send: replyTo(asked.query, { answer: records(`${nameOf(asked)} 60 IN A ${address}`) }) }]
const [a, b] = [known('192.0.2.1'), known('192.0.2.2')]

const block = (zone: string, lines: string) => `${zone} {
    bind 127.0.0.1
    multisocket 1
    errors
${lines}
}
`
const to = (lines: string, upstreams = '{$A} {$B}') => `    forward . ${upstreams} {\n        ${lines}\n    }`

/** Asks for so many names below a zone; the last octets of the addresses, one after the other. */
async function addresses(port: number, zone: string, count: number): Promise<string> {
  const got: string[] = []
  for (let at = 0; at < count; at++) {
    const [head, line] = await linesFor(port, `n${at}.${zone} A`)
    got.push(line?.replace(/^.* 192\.0\.2\./, '') ?? head ?? '')
  }
  return got.join('')
}

withSubject(
  'forward: policies',
  (portOf) => {
    test('sequential asks the first', async () => {
      compare(await addresses(portOf(), 'sequential.test.', 8), '11111111', undefined)
    })
    test('round_robin asks them in turn', async () => {
      const got = await addresses(portOf(), 'round.test.', 8)
      compare(/^(12){4}$|^(21){4}$/.test(got), true, undefined)
    })
    test('random asks all of them', async () => {
      // One of a thousand million million times it is only one.
      const got = await addresses(portOf(), 'random.test.', 50)
      compare(new Set(got), new Set(['1', '2']), undefined)
    })
  },
  {
    corefile: ['sequential', 'round', 'random']
      .map((policy) => block(`${policy}.test`, to(`policy ${policy === 'round' ? 'round_robin' : policy}`)))
      .join(''),
    upstreams: { A: { behave: a }, B: { behave: b } },
  },
)

const denying: Behaviour = (asked) =>
  nameOf(asked).startsWith('nodata') ? [{ send: replyTo(asked.query) }] : refusing('NXDOMAIN')(asked)

interface Row {
  readonly title: string
  readonly ask: string
  readonly expect: readonly string[]
  readonly differs?: string
}

const rows: readonly Row[] = [
  {
    title: 'failover: another upstream is asked after SERVFAIL',
    ask: 'www.failover.test. A',
    expect: ['NOERROR ra', 'www.failover.test. 60 IN A 192.0.2.2'],
  },
  {
    title: 'failover: not after an rcode that is not named',
    ask: 'www.no-failover.test. A',
    expect: ['SERVFAIL ra'],
  },
  { title: 'failover: the last reply counts', ask: 'www.all-fail.test. A', expect: ['SERVFAIL ra'] },
  {
    title: 'next: another stanza is asked after NXDOMAIN',
    ask: 'www.next.test. A',
    expect: ['NOERROR ra', 'www.next.test. 60 IN A 192.0.2.2'],
  },
  { title: 'next: not without records', ask: 'nodata.next.test. A', expect: ['NOERROR ra'] },
  {
    title: 'next_on_nodata: but then',
    ask: 'nodata.on-nodata.test. A',
    expect: ['NOERROR ra', 'nodata.on-nodata.test. 60 IN A 192.0.2.2'],
  },
  { title: 'next: the last stanza has the last word', ask: 'www.last.test. A', expect: ['NXDOMAIN ra'] },
  {
    title: 'the first stanza that fits, not the longest',
    ask: 'www.sub.order.test. A',
    expect: ['NOERROR ra', 'www.sub.order.test. 60 IN A 192.0.2.2'],
  },
]

withSubject(
  'forward: failover and next',
  (portOf) => {
    for (const { title, ask, expect, differs } of rows) {
      for (const transport of ['udp', 'tcp'] as const) {
        test(`${title}, by ${transport}`, async () => {
          compare(await linesFor(portOf(), ask, { transport }), expect, differs)
        })
      }
    }
  },
  {
    corefile: [
      block('failover.test', to('policy sequential\n        failover SERVFAIL REFUSED', '{$BROKEN} {$B}')),
      block('no-failover.test', to('policy sequential\n        failover REFUSED', '{$BROKEN} {$B}')),
      block('all-fail.test', to('policy sequential\n        failover SERVFAIL', '{$BROKEN} {$BROKEN2}')),
      block('next.test', `${to('next NXDOMAIN', '{$DENYING}')}\n${to('max_fails 0', '{$B}')}`),
      block('on-nodata.test', `${to('next_on_nodata', '{$DENYING}')}\n${to('max_fails 0', '{$B}')}`),
      block('last.test', `${to('next NXDOMAIN', '{$DENYING}')}\n${to('next NXDOMAIN', '{$DENYING}')}`),
      block('order.test', '    forward order.test {$B}\n    forward sub.order.test {$A}'),
    ].join(''),
    upstreams: {
      A: { behave: a },
      B: { behave: b },
      BROKEN: { behave: refusing('SERVFAIL') },
      BROKEN2: { behave: refusing('SERVFAIL') },
      DENYING: { behave: denying },
    },
  },
)

/** Until the upstream has heard so many probes; rejects where it never does. */
async function probes(asked: readonly Asked[], count: number): Promise<void> {
  for (let tries = 0; asked.filter((one) => one.query.questions[0]?.type === 2).length < count; tries++) {
    assert.ok(tries < 1000, 'no probes')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

withSubject(
  'forward: health',
  (portOf, upstreamOf) => {
    test('nobody is probed while all is well', async () => {
      await addresses(portOf(), 'health.test.', 4)
      compare(upstreamOf('A').asked.filter(({ query }) => query.questions[0]?.type === 2).length, 0, undefined)
    })
    test('an upstream that fails is probed until it replies, and is asked again', async () => {
      await upstreamOf('A').die()
      // The other one answers meanwhile.
      const meanwhile = await addresses(portOf(), 'health.test.', 6)
      await upstreamOf('A').revive()
      await probes(upstreamOf('A').asked, 1)
      const got = await addresses(portOf(), 'health.test.', 4)
      compare([meanwhile, got], ['222222', '1111'], undefined)
    })
    test('probes ask for the name servers of the name they are to ask for', async () => {
      const probe = upstreamOf('A').asked.find(({ query }) => query.questions[0]?.type === 2)
      compare([probe && nameOf(probe), probe?.query.recursionDesired], ['probe.example.', false], undefined)
    })
    test('failfast: SERVFAIL at once while all are down', async () => {
      await upstreamOf('C').die()
      let asked = 0
      for (; asked < 200; asked++) {
        await linesFor(portOf(), 'www.failfast.test. A')
        await new Promise((resolve) => setTimeout(resolve, 10))
        const start = performance.now()
        const [head] = await linesFor(portOf(), 'www.failfast.test. A')
        if (head === 'SERVFAIL' && performance.now() - start < 90) break
      }
      await upstreamOf('C').revive()
      assert.ok(asked < 200, 'it never fails fast')
      await probes(upstreamOf('C').asked, 1)
      compare(
        await linesFor(portOf(), 'www.failfast.test. A'),
        ['NOERROR ra', 'www.failfast.test. 60 IN A 192.0.2.1'],
        undefined,
      )
    })
  },
  {
    corefile: [
      block(
        'health.test',
        to('policy sequential\n        max_fails 1\n        health_check 50ms no_rec domain probe.example'),
      ),
      block(
        'failfast.test',
        to('max_fails 1\n        health_check 20ms\n        failfast_all_unhealthy_upstreams', '{$C}'),
      ),
    ].join(''),
    upstreams: { A: { behave: a }, B: { behave: b }, C: { behave: a } },
  },
)

withSubject(
  'forward: max_concurrent',
  (portOf, upstreamOf) => {
    test('REFUSED while as many as allowed are being forwarded, and then no more', async () => {
      const slow = Promise.all([1, 2, 3].map((at) => linesFor(portOf(), `slow${at}.limited.test. A`)))
      while (upstreamOf().asked.length < 3) await new Promise((resolve) => setTimeout(resolve, 10))
      const [over] = await linesFor(portOf(), 'over.limited.test. A')
      const heads = (await slow).map(([head]) => head)
      const [after] = await linesFor(portOf(), 'after.limited.test. A')
      compare([heads, over, after], [['NOERROR ra', 'NOERROR ra', 'NOERROR ra'], 'REFUSED', 'NOERROR ra'], undefined)
    })
  },
  {
    corefile: block('limited.test', to('max_concurrent 3', '{$UPSTREAM}')),
    behave: (asked) => (nameOf(asked).startsWith('slow') ? [{ wait: 1500 }, ...a(asked)] : a(asked)),
  },
)

const authority = createAuthority()
const { certificate: cert, key } = authority.issueServer(['dns.example', '127.0.0.1'])
const trusted = 'tls {$FOLDER}/ca'

withSubject(
  'forward: TLS and HTTPS',
  (portOf, upstreamOf) => {
    for (const [zone, name, transport] of [
      ['dot.test.', 'DOT', 'tcp'],
      ['dot-named.test.', 'DOT', 'tcp'],
      ['dot-place.test.', 'DOT', 'tcp'],
      ['doh.test.', 'DOH', 'https'],
      ['doh-named.test.', 'DOH', 'https'],
      ['doh-get.test.', 'DOH', 'https'],
    ] as const) {
      for (const client of ['udp', 'tcp'] as const) {
        test(`${zone} is asked over ${name}, by ${client}`, async () => {
          const question = `${client}.${zone}`
          compare(
            await linesFor(portOf(), `${question} A`, { transport: client }),
            ['NOERROR ra', `${question} 60 IN A 192.0.2.1`],
            undefined,
          )
          const asked = upstreamOf(name).asked.filter((one) => nameOf(one) === question)
          compare(
            asked.map((one) => one.transport),
            [transport],
            undefined,
          )
        })
      }
    }
    for (const zone of ['dot-other.test.', 'doh-other.test.', 'dot-stranger.test.', 'doh-stranger.test.']) {
      test(`${zone} is asked of nobody who is not who it should be`, async () => {
        compare((await linesFor(portOf(), `www.${zone} A`))[0]?.split(' ')[0], 'SERVFAIL', undefined)
        for (const name of ['DOT', 'DOH']) {
          assert.ok(!upstreamOf(name).asked.some((one) => nameOf(one) === `www.${zone}`))
        }
      })
    }
    test('8484 4.1: over HTTPS the ID is 0, and the question in the body or the path', async () => {
      const of = (zone: string) => {
        const asked = upstreamOf('DOH').asked.find((one) => nameOf(one).endsWith(`.${zone}`))
        const path = asked?.headers?.[':path']?.replace(/[?].*/, '?')
        return [asked?.query.id, asked?.headers?.[':method'], path, asked?.headers?.accept]
      }
      const media = 'application/dns-message'
      compare(
        [of('doh.test.'), of('doh-get.test.')],
        [
          [0, 'POST', '/dns-query', media],
          [0, 'GET', '/dns-query?', media],
        ],
        undefined,
      )
    })
    test('connections are kept', async () => {
      const before = [upstreamOf('DOT').connections, upstreamOf('DOH').connections]
      for (let at = 0; at < 5; at++) {
        await askSubject(portOf(), `again${at}.dot.test. A`)
        await askSubject(portOf(), `again${at}.doh.test. A`)
      }
      compare([upstreamOf('DOT').connections, upstreamOf('DOH').connections], before, undefined)
    })
  },
  {
    corefile: [
      block('dot.test', to(trusted, 'tls://{$DOT}')),
      block('dot-named.test', to(`${trusted}\n        tls_servername dns.example`, 'tls://{$DOT}')),
      block('dot-place.test', to(trusted, 'tls://127.0.0.1%dns.example:{$DOT_PORT}')),
      block(
        'dot-other.test',
        to(`${trusted}\n        tls_servername other.example\n        max_fails 0`, 'tls://{$DOT}'),
      ),
      block('dot-stranger.test', to('max_fails 0', 'tls://{$DOT}')),
      block('doh.test', to(trusted, 'https://{$DOH}')),
      block('doh-named.test', to(`${trusted}\n        tls_servername dns.example`, 'https://{$DOH}')),
      block('doh-get.test', to(`${trusted}\n        doh_method GET`, 'https://{$DOH}')),
      block(
        'doh-other.test',
        to(`${trusted}\n        tls_servername other.example\n        max_fails 0`, 'https://{$DOH}'),
      ),
      block('doh-stranger.test', to('max_fails 0', 'https://{$DOH}')),
    ].join(''),
    upstreams: { DOT: { behave: honest, tls: { cert, key } }, DOH: { behave: honest, https: { cert, key } } },
    files: { ca: authority.certificate },
  },
)
