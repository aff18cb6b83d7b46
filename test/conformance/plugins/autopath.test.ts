// autopath over the wire: the first name of a search list that is there answers, behind an alias.
import { fileURLToPath } from 'node:url'
import { type Case, conformance } from '../suite.ts'

const denial = (zone: string) => `    template ANY ANY ${zone} {
        rcode NXDOMAIN
        authority "${zone} 60 IN SOA ns.${zone.replace(/^\.$/, '')} h.${zone.replace(/^\.$/, '')} 1 60 60 60 60"
    }
`
const answer = (name: string, type: string, data: string) => `    template IN ${type} ${name} {
        answer "{{ .Name }} 60 IN ${type} ${data}"
    }
`
const empty = (name: string) => `    template ANY ANY ${name} {
        authority "${name} 60 IN SOA ns.${name} h.${name} 1 60 60 60 60"
    }
`

const corefile = `. {
    bind 127.0.0.1
    autopath first.example second.example third.example {$FOLDER}/resolv.conf
    acl secret.second.example {
        block
    }
${answer('both.second.example.', 'A', '192.0.2.1')}${answer('both.second.example.', 'AAAA', '2001:db8::1')}
${answer('own.first.example.', 'A', '192.0.2.2')}${answer('own.second.example.', 'A', '192.0.2.3')}
${answer('four.second.example.', 'A', '192.0.2.4')}${empty('four.second.example.')}
${answer('whole.example.com.', 'A', '192.0.2.5')}
${answer('alias.second.example.', 'CNAME', 'both.second.example.')}
${answer('broken.second.example.', 'A', '192.0.2.6')}${answer('broken.third.example.', 'AAAA', '2001:db8::6')}
${answer('secret.third.example.', 'A', '192.0.2.7')}
${denial('first.example.')}${denial('second.example.')}${denial('third.example.')}${denial('.')}
}
`

const cases: readonly Case[] = [
  { ask: 'own.first.example. A', answer: ['own.first.example. 60 IN A 192.0.2.2'] },
  {
    ask: 'both.first.example. A',
    answer: ['both.first.example. 60 IN CNAME both.second.example.', 'both.second.example. 60 IN A 192.0.2.1'],
  },
  {
    ask: 'both.first.example. AAAA',
    answer: ['both.first.example. 60 IN CNAME both.second.example.', 'both.second.example. 60 IN AAAA 2001:db8::1'],
  },
  {
    ask: 'whole.example.com.first.example. A',
    answer: ['whole.example.com.first.example. 60 IN CNAME whole.example.com.', 'whole.example.com. 60 IN A 192.0.2.5'],
  },
  {
    ask: 'four.first.example. AAAA',
    authority: ['four.second.example. 60 IN SOA ns.four.second.example. h.four.second.example. SERIAL 60 60 60 60'],
  },
  {
    ask: 'alias.first.example. CNAME',
    answer: [
      'alias.first.example. 60 IN CNAME alias.second.example.',
      'alias.second.example. 60 IN CNAME both.second.example.',
    ],
  },
  // Nothing is found, or nothing is searched.
  {
    ask: 'nothing.first.example. A',
    rcode: 'NXDOMAIN',
    authority: ['first.example. 60 IN SOA ns.first.example. h.first.example. SERIAL 60 60 60 60'],
  },
  {
    ask: 'both.third.example. A',
    rcode: 'NXDOMAIN',
    authority: ['third.example. 60 IN SOA ns.third.example. h.third.example. SERIAL 60 60 60 60'],
  },
  // A name of which only A is said to be there.
  {
    ask: 'broken.first.example. A',
    answer: ['broken.first.example. 60 IN CNAME broken.second.example.', 'broken.second.example. 60 IN A 192.0.2.6'],
  },
  {
    ask: 'broken.first.example. AAAA',
    authority: ['second.example. 60 IN SOA ns.second.example. h.second.example. SERIAL 60 60 60 60'],
    differs: 'AAAA would be answered by another name than A',
  },
  {
    ask: 'secret.first.example. A',
    rcode: 'REFUSED',
    authoritative: false,
  },
]

conformance('autopath', cases, {
  corefile,
  files: { 'resolv.conf': 'search first.example second.example third.example\n' },
})

const own = (name: string) => `${name}.testns.svc.cluster.local.`
const soa = 'cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 5'

conformance(
  'autopath @kubernetes',
  [
    { ask: `${own('svc1')} A`, answer: [`${own('svc1')} 5 IN A 10.96.1.1`] },
    {
      ask: `${own('svc1.testns')} A`,
      answer: [
        `${own('svc1.testns')} 5 IN CNAME svc1.testns.svc.cluster.local.`,
        'svc1.testns.svc.cluster.local. 5 IN A 10.96.1.1',
      ],
    },
    { ask: `${own('svc1.testns')} AAAA`, authority: [soa] },
    {
      ask: `${own('www.example.com')} A`,
      answer: [`${own('www.example.com')} 60 IN CNAME www.example.com.`, 'www.example.com. 60 IN A 192.0.2.1'],
    },
    { ask: `${own('nothing.example.com')} A`, rcode: 'NXDOMAIN', authority: [soa] },
    { ask: 'www.example.com.default.svc.cluster.local. A', rcode: 'NXDOMAIN', authority: [soa] },
  ],
  {
    corefile: `. {
    bind 127.0.0.1
    autopath @kubernetes
    template IN A www.example.com. {
        answer "{{ .Name }} 60 IN A 192.0.2.1"
    }
    kubernetes cluster.local . {
        kubeconfig {$KUBECONFIG}
        pods verified
    }
}
`,
    manifests: [
      fileURLToPath(new URL('../../fixtures/cluster', import.meta.url)),
      fileURLToPath(new URL('autopath.yaml', import.meta.url)),
    ],
  },
)
