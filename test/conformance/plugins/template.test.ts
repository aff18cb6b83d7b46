// template over the wire: rules by zone, type and expression, and what they make of a question.
import { type Case, conformance } from '../suite.ts'

const corefile = `example.org {
    bind 127.0.0.1
    template IN A ip.example.org {
        match "^ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]ip[.]example[.]org[.]$"
        answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
        fallthrough
    }
    template IN MX {
        answer "{{ .Name }} 60 IN MX 10 mail.{{ .Zone }}"
        additional "mail.{{ .Zone }} 60 IN A 192.0.2.25"
    }
    template ANY ANY internal.example.org {
        rcode NXDOMAIN
        authority "internal.example.org. 60 IN SOA ns.example.org. hostmaster.example.org. 1 60 60 60 60"
    }
    template IN TXT strict.example.org {
        match "^ok[.]"
        answer "{{ .Name }} 60 IN TXT \\"{{ .Type }} {{ index .Match 0 }}\\""
    }
    template ANY ANY refused.example.org {
        rcode REFUSED
    }
    template IN A {
        answer "{{ .Name }} IN A 192.0.2.99"
    }
}
`

const cases: readonly Case[] = [
  { ask: 'ip-10-1-2-3.ip.example.org. A', answer: ['ip-10-1-2-3.ip.example.org. 60 IN A 10.1.2.3'] },
  // What does not match goes on to the next rule, which is the last.
  { ask: 'other.ip.example.org. A', answer: ['other.ip.example.org. 3600 IN A 192.0.2.99'] },
  {
    ask: 'www.example.org. MX',
    answer: ['www.example.org. 60 IN MX 10 mail.example.org.'],
    additional: ['mail.example.org. 60 IN A 192.0.2.25'],
  },
  {
    ask: 'x.internal.example.org. A',
    rcode: 'NXDOMAIN',
    authority: ['internal.example.org. 60 IN SOA ns.example.org. hostmaster.example.org. SERIAL 60 60 60 60'],
  },
  { ask: 'ok.strict.example.org. TXT', answer: ['ok.strict.example.org. 60 IN TXT "TXT ok."'] },
  // A rule that is for the question, and does not match.
  { ask: 'no.strict.example.org. TXT', rcode: 'SERVFAIL', authoritative: false },
  { ask: 'x.refused.example.org. AAAA', rcode: 'REFUSED' },
  { ask: 'www.example.org. A', answer: ['www.example.org. 3600 IN A 192.0.2.99'] },
]

conformance('template', cases, { corefile })
