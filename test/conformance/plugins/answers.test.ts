// any (RFC 8482), chaos, nsid (RFC 5001), local (RFC 6761), minimal, bufsize and acl over the wire.
import { test } from 'node:test'
import { printRecords } from '../../../src/dns/text.ts'
import { askTcp, ask as askUdp } from '../../server/ask.ts'
import { type Behaviour, records, replyTo } from '../../upstream.ts'
import { askSubject, compare, linesFor, type Manner, questionOf, withSubject } from '../suite.ts'

const corefile = `. {
    bind 127.0.0.1
    errors
    any
    chaos version-1 "Jane Doe"
    nsid this one
    local
    bufsize 700
    minimal
    acl blocked.test {
        block
    }
    acl filtered.test {
        allow type A
        filter
    }
    acl dropped.test {
        drop type A
    }
    acl first.test {
        allow net 127.0.0.1
        block
    }
    acl elsewhere.test {
        block net 192.0.2.0/24
    }
    acl mapped.test {
        block net ::ffff:127.0.0.0/104
    }
    forward . {$UPSTREAM}
}
`

/** Everything has a name server, and its address beside it. */
const behave: Behaviour = ({ query }) => {
  const name = query.questions[0]?.name
  if (name === undefined) return []
  const fields = {
    answer: records('www.test. 60 IN A 192.0.2.1').map((one) => ({ ...one, owner: name })),
    authority: records('test. 60 IN NS ns.test.'),
    additional: records('ns.test. 60 IN A 192.0.2.53'),
  }
  return [{ send: replyTo(query, fields) }]
}

interface Row {
  readonly title: string
  readonly ask: string
  readonly manner?: Manner
  readonly expect: readonly string[]
  readonly differs?: string
}

const rows: readonly Row[] = [
  {
    title: '8482 4.2: any has one record',
    ask: 'www.test. ANY',
    expect: ['NOERROR', 'www.test. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"'],
  },
  {
    title: 'chaos: version.bind',
    ask: 'version.bind. TXT',
    manner: { class: 'CH' },
    expect: ['NOERROR', 'version.bind. 0 CH TXT "version-1"'],
  },
  {
    title: 'chaos: authors.bind',
    ask: 'authors.bind. TXT',
    manner: { class: 'CH' },
    expect: ['NOERROR', 'authors.bind. 0 CH TXT "Jane Doe"'],
  },
  {
    title: 'local: localhost',
    ask: 'localhost. A',
    expect: ['NOERROR', 'localhost. 604800 IN A 127.0.0.1'],
  },
  { title: 'local: and IPv6', ask: 'localhost. AAAA', expect: ['NOERROR', 'localhost. 604800 IN AAAA ::1'] },
  {
    title: 'local: localhost with a search path',
    ask: 'localhost.test. A',
    expect: ['NOERROR', 'localhost.test. 604800 IN A 127.0.0.1'],
  },
  {
    title: 'local: 127.0.0.1',
    ask: '1.0.0.127.in-addr.arpa. PTR',
    expect: ['NOERROR', '1.0.0.127.in-addr.arpa. 604800 IN PTR localhost.'],
  },
  {
    title: 'minimal: the answer alone',
    ask: 'www.test. A',
    expect: ['NOERROR ra', 'www.test. 60 IN A 192.0.2.1'],
  },
  { title: 'acl: blocked', ask: 'x.blocked.test. A', expect: ['REFUSED'] },
  { title: 'acl: filtered', ask: 'x.filtered.test. AAAA', expect: ['NOERROR'] },
  {
    title: 'acl: a type that is allowed',
    ask: 'x.filtered.test. A',
    expect: ['NOERROR ra', 'x.filtered.test. 60 IN A 192.0.2.1'],
  },
  { title: 'acl: whatever its case', ask: 'X.BLOCKED.Test. A', expect: ['REFUSED'] },
  { title: 'acl: the zone itself', ask: 'blocked.test. A', expect: ['REFUSED'] },
  {
    title: 'acl: not a name that only ends alike',
    ask: 'unblocked.test. A',
    expect: ['NOERROR ra', 'unblocked.test. 60 IN A 192.0.2.1'],
  },
  {
    title: 'acl: the first rule that fits',
    ask: 'x.first.test. A',
    expect: ['NOERROR ra', 'x.first.test. 60 IN A 192.0.2.1'],
  },
  {
    title: 'acl: what is not dropped is answered',
    ask: 'x.dropped.test. AAAA',
    expect: ['NOERROR ra', 'x.dropped.test. 60 IN A 192.0.2.1'],
  },
  {
    title: 'acl: for other clients',
    ask: 'x.elsewhere.test. A',
    expect: ['NOERROR ra', 'x.elsewhere.test. 60 IN A 192.0.2.1'],
  },
  {
    title: 'acl: IPv4 written as IPv6',
    ask: 'x.mapped.test. A',
    expect: ['REFUSED'],
    differs: 'in CoreDNS nobody is in such a network',
  },
]

const nsidCode = 3
const extendedErrorCode = 15

withSubject(
  'any, chaos, nsid, local, minimal, bufsize, acl',
  (portOf, upstreamOf) => {
    for (const { title, ask, manner, expect, differs } of rows) {
      for (const transport of ['udp', 'tcp'] as const) {
        test(`${title}, by ${transport}`, async () => {
          compare(await linesFor(portOf(), ask, { ...manner, transport }), expect, differs)
        })
      }
    }
    test('5001 2.1: NSID for those who ask for it', async () => {
      const told = async (options: NonNullable<Manner['options']>) => {
        const got = await askSubject(portOf(), 'localhost. A', { options })
        const ids = got?.reply.edns?.options.filter(({ code }) => code === nsidCode) ?? []
        return ids.map(({ data }) => Buffer.from(data).toString())
      }
      compare([await told([]), await told([{ code: nsidCode, data: '' }])], [[], ['this one']], undefined)
    })
    test('bufsize: what an upstream is told it may send', async () => {
      await askSubject(portOf(), 'size.test. A', { udpSize: 4096 })
      const asked = upstreamOf().asked.find(({ query }) => query.edns !== undefined)
      compare(asked?.query.edns?.udpSize, 700, undefined)
    })
    test('acl: what is dropped has no reply, and those who ask by TCP none either', async () => {
      const octets = questionOf('x.dropped.test. A')
      compare(await askUdp(portOf(), octets, { wait: 700 }), undefined, undefined)
      const byTcp = await Promise.race([
        askTcp(portOf(), octets).then(({ length }) => length),
        new Promise((resolve) => setTimeout(resolve, 700, 0)),
      ])
      compare(byTcp, 0, undefined)
    })
    test('8914 4.16, 4.18: acl says that it was blocked or filtered', async () => {
      const told = async (question: string) => {
        const got = await askSubject(portOf(), question, { udpSize: 1232 })
        const errors = got?.reply.edns?.options.filter(({ code }) => code === extendedErrorCode) ?? []
        return errors.map(({ data }) => data.charCodeAt(1))
      }
      compare([await told('x.blocked.test. A'), await told('x.filtered.test. AAAA')], [[15], [17]], undefined)
    })
    test('chaos: hostname.bind has a record', async () => {
      const got = await askSubject(portOf(), 'hostname.bind. TXT', { class: 'CH' })
      compare(got?.reply.answer.flatMap(printRecords).length, 1, undefined)
    })
  },
  { corefile, behave },
)
