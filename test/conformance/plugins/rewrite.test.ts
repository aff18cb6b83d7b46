// rewrite, header and dns64 over the wire: what becomes of questions and replies on their way.
import { test } from 'node:test'
import { type Behaviour, replyTo } from '../../upstream.ts'
import { compare, linesFor, withSubject } from '../suite.ts'

const corefile = `. {
    bind 127.0.0.1
    errors
    rewrite name exact here.test www.example.org
    rewrite name suffix .apps.test .example.org answer auto
    rewrite name prefix pre-web. www.
    rewrite name substring .middle. .example. answer auto
    rewrite stop {
        name regex ^([a-z0-9-]+)-eu\\.rocks\\.$ {1}.example.org
        answer name ^([a-z0-9-]+)\\.example\\.org\\.$ {1}-eu.rocks
        answer value ^([a-z0-9-]+)\\.example\\.org\\.$ {1}-eu.rocks
    }
    rewrite name regex ^(.*)\\.bad\\.$ {1}..bad
    rewrite continue name suffix .one.test .two.test answer auto
    rewrite continue name suffix .two.test .example.org answer auto
    rewrite continue ttl exact short.example.org -30
    rewrite continue ttl regex ^long\\. 600-
    rewrite continue rcode exact none.example.org NXDOMAIN NOERROR
    rewrite continue cname exact old.example.net www.example.org
    rewrite stop type ANY HINFO
    acl secret.example.org {
        block
    }
    template IN A secret.example.org {
        answer "{{ .Name }} 60 IN A 192.0.2.66"
    }
    template IN A none.example.org {
        rcode NXDOMAIN
    }
    template IN ANY alias.example.org {
        answer "{{ .Name }} 60 IN CNAME old.example.net."
    }
    template IN MX example.org {
        answer "{{ .Name }} 60 IN MX 10 mail.example.org."
        additional "mail.example.org. 60 IN A 192.0.2.25"
    }
    template IN HINFO example.org {
        answer "{{ .Name }} 60 IN TYPE13 \\# 4 01780179"
    }
    template IN A example.org {
        match ^(www|short|long|web)\\.example\\.org\\.$
        answer "{{ .Name }} 60 IN A 192.0.2.1"
    }
    template IN A example.org {
        rcode REFUSED
    }
}
flags.test {
    bind 127.0.0.1
    header {
        response set ra
        response clear aa
    }
    header {
        response set aa
    }
    acl blocked.flags.test {
        block
    }
    template IN A . {
        answer "{{ .Name }} 60 IN A 192.0.2.1"
    }
}
six.test {
    bind 127.0.0.1
    dns64 {
        prefix 2001:db8::/64
        allow_ipv4
    }
    template IN A only4.six.test both.six.test {
        answer "{{ .Name }} 60 IN A 192.0.2.33"
    }
    template IN AAAA both.six.test {
        answer "{{ .Name }} 60 IN AAAA 2001:db8::1"
    }
    template IN ANY none.six.test {
        rcode NXDOMAIN
    }
    template IN AAAA only4.six.test {
        authority "six.test. 20 IN SOA ns.six.test. h.six.test. 1 2 3 4 20"
    }
}
four.test {
    bind 127.0.0.1
    dns64
    template IN A . {
        answer "{{ .Name }} 60 IN A 192.0.2.33"
    }
    template IN AAAA . {
        authority "four.test. 20 IN SOA ns.four.test. h.four.test. 1 2 3 4 20"
    }
}
options.test {
    bind 127.0.0.1
    rewrite continue edns0 subnet set 24 56
    rewrite continue edns0 local unset 0xffee
    rewrite continue edns0 local set 0xfff0 {qtype}
    rewrite edns0 local set 0xfff1 {protocol}
    forward . {$UPSTREAM}
}
`

const behave: Behaviour = ({ query }) => [{ send: replyTo(query, {}) }]

const www = '60 IN A 192.0.2.1'

interface Row {
  readonly ask: string
  /** The rcode with the flags, and the records, by UDP and TCP. */
  readonly expect: readonly string[]
  /** Why CoreDNS answers otherwise. */
  readonly differs?: string
}

const rows: readonly Row[] = [
  { ask: 'here.test. A', expect: ['NOERROR aa', `here.test. ${www}`] },
  { ask: 'HERE.test. A', expect: ['NOERROR aa', `HERE.test. ${www}`], differs: 'owners are as they were asked for' },
  { ask: 'www.apps.test. A', expect: ['NOERROR aa', `www.apps.test. ${www}`] },
  {
    ask: 'x.apps.test. MX',
    expect: ['NOERROR aa', 'x.apps.test. 60 IN MX 10 mail.apps.test.', 'mail.apps.test. 60 IN A 192.0.2.25'],
  },
  { ask: 'pre-web.example.org. A', expect: ['NOERROR aa', `www.example.org. ${www}`] },
  { ask: 'www.middle.org. A', expect: ['NOERROR aa', `www.middle.org. ${www}`] },
  { ask: 'www-eu.rocks. A', expect: ['NOERROR aa', `www-eu.rocks. ${www}`] },
  {
    ask: 'mx-eu.rocks. MX',
    expect: ['NOERROR aa', 'mx-eu.rocks. 60 IN MX 10 mail-eu.rocks.', 'mail-eu.rocks. 60 IN A 192.0.2.25'],
  },
  { ask: 'x.bad. A', expect: ['SERVFAIL'] },
  { ask: 'www.one.test. A', expect: ['NOERROR aa', `www.one.test. ${www}`] },
  { ask: 'www.two.test. A', expect: ['NOERROR aa', `www.two.test. ${www}`] },
  { ask: 'short.example.org. A', expect: ['NOERROR aa', 'short.example.org. 30 IN A 192.0.2.1'] },
  { ask: 'long.example.org. A', expect: ['NOERROR aa', 'long.example.org. 600 IN A 192.0.2.1'] },
  { ask: 'none.example.org. A', expect: ['NOERROR aa'] },
  {
    ask: 'alias.example.org. A',
    expect: ['NOERROR aa', 'alias.example.org. 60 IN CNAME www.example.org.', `www.example.org. ${www}`],
  },
  { ask: 'alias.example.org. CNAME', expect: ['NOERROR aa', 'alias.example.org. 60 IN CNAME www.example.org.'] },
  { ask: 'www.example.org. ANY', expect: ['NOERROR aa', 'www.example.org. 60 IN HINFO "x" "y"'] },
  // Policies are for the name that it becomes.
  { ask: 'secret.apps.test. A', expect: ['REFUSED'] },
  { ask: 'x.flags.test. A', expect: ['NOERROR ra', `x.flags.test. ${www}`] },
  { ask: 'blocked.flags.test. A', expect: ['REFUSED'] },
  { ask: 'only4.six.test. AAAA', expect: ['NOERROR', 'only4.six.test. 20 IN AAAA 2001:db8::c0:2:2100:0'] },
  { ask: 'both.six.test. AAAA', expect: ['NOERROR aa', 'both.six.test. 60 IN AAAA 2001:db8::1'] },
  { ask: 'none.six.test. AAAA', expect: ['NXDOMAIN aa'] },
  { ask: 'only4.six.test. A', expect: ['NOERROR aa', 'only4.six.test. 60 IN A 192.0.2.33'] },
  // Who asks by IPv4 gets no addresses made.
  {
    ask: 'x.four.test. AAAA',
    expect: ['NOERROR aa', 'four.test. 20 IN SOA ns.four.test. h.four.test. SERIAL 2 3 4 20'],
  },
]

withSubject(
  'rewrite, header, dns64',
  (portOf, upstreamOf) => {
    for (const { ask, expect, differs } of rows) {
      for (const transport of ['udp', 'tcp'] as const) {
        test(`${ask}, by ${transport}`, async () => {
          compare(await linesFor(portOf(), ask, { transport }), expect, differs)
        })
      }
    }
    test('rewrite edns0: what an upstream is told', async () => {
      await linesFor(portOf(), 'x.options.test. MX', { options: [{ code: 0xffee, data: 'mine' }] })
      const asked = upstreamOf().asked.find(({ query }) => query.questions[0]?.type === 15)
      const told = asked?.query.edns?.options.map(({ code, data }) => [
        code,
        Buffer.from(data, 'latin1').toString('hex'),
      ])
      compare(
        told,
        [
          [8, '000118007f0000'],
          [0xfff0, '000f'],
          [0xfff1, Buffer.from('udp').toString('hex')],
        ],
        undefined,
      )
    })
  },
  { corefile, behave },
)
