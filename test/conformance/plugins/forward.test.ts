// forward over the wire: what comes back from an upstream that is honest, large, broken, and away (RFC 1035 4.2.1, 7.3).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printName } from '../../../src/dns/name.ts'
import { type Asked, type Behaviour, honest, lieTo, records, refusing, replyTo, truncating } from '../../upstream.ts'
import { askSubject, compare, linesFor, withSubject } from '../suite.ts'

const corefile = `. {
    bind 127.0.0.1
    errors
    forward . {$UPSTREAM} {
        except left-out.test
        max_fails 0
    }
}
`
const nameOf = ({ query }: Asked): string => printName(query.questions[0]?.name ?? assert.fail('no question'))
const unknown = 'unknown.test. 60 IN TYPE65280 \\# 3 010203'

/** By the first label. */
const behave: Behaviour = (asked) => {
  switch (nameOf(asked)) {
    case 'large.test.':
      return truncating(asked)
    case 'refused.test.':
      return refusing('REFUSED')(asked)
    case 'broken.test.':
      return refusing('SERVFAIL')(asked)
    case 'nowhere.test.':
      return refusing('NXDOMAIN')(asked)
    case 'unknown.test.':
      return [{ send: replyTo(asked.query, { answer: records(unknown) }) }]
    case 'forged-id.test.':
      return [{ send: lieTo(asked, { id: asked.query.id ^ 1 }) }, { wait: 20 }, ...honest(asked)]
    case 'forged-source.test.':
      return [{ send: lieTo(asked), elsewhere: true }, { wait: 20 }, ...honest(asked)]
    default:
      return honest(asked)
  }
}

interface Row {
  readonly title: string
  readonly ask: string
  readonly expect: readonly string[]
  readonly differs?: string
}

const rows: readonly Row[] = [
  {
    title: 'a reply is passed on',
    ask: 'www.test. A',
    expect: ['NOERROR ra', 'www.test. 60 IN A 192.0.2.1'],
  },
  { title: 'so is one without records', ask: 'www.test. AAAA', expect: ['NOERROR ra'] },
  { title: 'and a type nobody knows', ask: 'unknown.test. TYPE65280', expect: ['NOERROR ra', unknown] },
  { title: 'NXDOMAIN', ask: 'nowhere.test. A', expect: ['NXDOMAIN ra'] },
  { title: 'REFUSED', ask: 'refused.test. A', expect: ['REFUSED ra'] },
  { title: 'SERVFAIL', ask: 'broken.test. A', expect: ['SERVFAIL ra'] },
  {
    title: '5452 9.1: a reply with another ID is not believed',
    ask: 'forged-id.test. A',
    expect: ['NOERROR ra', 'forged-id.test. 60 IN A 192.0.2.1'],
  },
  {
    title: '5452 9.1: nor one from another port',
    ask: 'forged-source.test. A',
    expect: ['NOERROR ra', 'forged-source.test. 60 IN A 192.0.2.1'],
  },
  { title: 'what is excepted is not forwarded', ask: 'www.left-out.test. A', expect: ['SERVFAIL'] },
]

withSubject(
  'forward',
  (portOf, upstreamOf) => {
    for (const { title, ask, expect, differs } of rows) {
      test(title, async () => compare(await linesFor(portOf(), ask), expect, differs))
    }
    test("the transport is the client's", async () => {
      const seen = async (transport: 'udp' | 'tcp') => {
        await linesFor(portOf(), `by-${transport}.test. A`, { transport })
        return upstreamOf()
          .asked.filter((asked) => nameOf(asked) === `by-${transport}.test.`)
          .map((asked) => asked.transport)
      }
      compare([await seen('udp'), await seen('tcp')], [['udp'], ['tcp']], undefined)
    })
    test('1035 4.2.1: TC reaches a client of UDP, who has the whole by TCP', async () => {
      compare(await linesFor(portOf(), 'large.test. A'), ['NOERROR tc ra'], undefined)
      const whole = ['NOERROR ra', 'large.test. 60 IN A 192.0.2.1']
      compare(await linesFor(portOf(), 'large.test. A', { transport: 'tcp' }), whole, undefined)
    })
    test('DO reaches the upstream', async () => {
      const got = await askSubject(portOf(), 'signed.test. A', { dnssecOk: true })
      const asked = upstreamOf().asked.find((one) => nameOf(one) === 'signed.test.')
      compare([got?.reply.edns?.dnssecOk, asked?.query.edns?.dnssecOk], [true, true], undefined)
    })
    test('SERVFAIL while the upstream is away, and its answers when it is back', async () => {
      await upstreamOf().die()
      const [down] = await linesFor(portOf(), 'away.test. A')
      await upstreamOf().revive()
      const up = await linesFor(portOf(), 'back.test. A')
      compare([down?.split(' ')[0], up], ['SERVFAIL', ['NOERROR ra', 'back.test. 60 IN A 192.0.2.1']], undefined)
    })
  },
  { corefile, behave },
)

withSubject(
  'forward { prefer_udp }',
  (portOf) => {
    test('1035 4.2.1: what is truncated is asked again by TCP', async () => {
      const whole = ['NOERROR ra', 'large.test. 60 IN A 192.0.2.1']
      compare(await linesFor(portOf(), 'large.test. A'), whole, undefined)
      compare(await linesFor(portOf(), 'large.test. A', { transport: 'tcp' }), whole, undefined)
    })
  },
  { corefile: corefile.replace('max_fails 0', 'prefer_udp'), behave },
)

withSubject(
  'forward to several',
  (portOf, upstreamOf) => {
    test('the next upstream answers for one that is away', async () => {
      for (const transport of ['udp', 'tcp'] as const) {
        const name = `next-${transport}.test.`
        compare(
          await linesFor(portOf(), `${name} A`, { transport }),
          ['NOERROR ra', `${name} 60 IN A 192.0.2.1`],
          undefined,
        )
      }
      assert.ok(upstreamOf().asked.length > 0)
    })
  },
  {
    corefile: corefile
      .replace('{$UPSTREAM}', '127.0.0.1:{$PORT_A} {$UPSTREAM}')
      .replace('max_fails 0', 'policy sequential'),
    behave,
  },
)
