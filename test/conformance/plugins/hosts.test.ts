// hosts over the wire: lines of a file and of the Corefile, and what it leaves to others.
import { type Case, conformance } from '../suite.ts'

const corefile = `example.org in-addr.arpa ip6.arpa {
    bind 127.0.0.1
    hosts {$FOLDER}/hosts {
        192.0.2.20 inline.example.org
        ttl 60
        fallthrough other.example.org
    }
    template ANY ANY other.example.org {
        answer "{{ .Name }} 5 IN A 192.0.2.99"
    }
}
`

const hosts = `# a comment
192.0.2.10   www.example.org web.example.org   # and another
192.0.2.11   www.example.org
2001:db8::10 www.example.org
192.0.2.12   www.example.net
not-an-address bad.example.org
fe80::1%eth0 scoped.example.org
`

const cases: readonly Case[] = [
  {
    ask: 'www.example.org. A',
    answer: ['www.example.org. 60 IN A 192.0.2.10', 'www.example.org. 60 IN A 192.0.2.11'],
  },
  { ask: 'www.example.org. AAAA', answer: ['www.example.org. 60 IN AAAA 2001:db8::10'] },
  { ask: 'web.example.org. A', answer: ['web.example.org. 60 IN A 192.0.2.10'] },
  // A name that exists, without such an address, and of another type.
  { ask: 'web.example.org. AAAA' },
  { ask: 'inline.example.org. A', answer: ['inline.example.org. 60 IN A 192.0.2.20'] },
  // Nothing can be said of a name without an SOA record.
  { ask: 'nowhere.example.org. A', rcode: 'SERVFAIL', authoritative: false },
  { ask: 'bad.example.org. A', rcode: 'SERVFAIL', authoritative: false },
  { ask: 'x.other.example.org. A', answer: ['x.other.example.org. 5 IN A 192.0.2.99'] },
  {
    ask: '10.2.0.192.in-addr.arpa. PTR',
    answer: [
      '10.2.0.192.in-addr.arpa. 60 IN PTR www.example.org.',
      '10.2.0.192.in-addr.arpa. 60 IN PTR web.example.org.',
    ],
  },
  {
    ask: '0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR',
    answer: ['0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 60 IN PTR www.example.org.'],
  },
  { ask: '20.2.0.192.in-addr.arpa. PTR', answer: ['20.2.0.192.in-addr.arpa. 60 IN PTR inline.example.org.'] },
]

conformance('hosts', cases, { corefile, files: { hosts } })
