// NS records and the addresses of those who serve a zone (`ns.dns`).
import { fixtureSerial, handlerFor, run } from '../../ask.ts'

const stanza = 'kubernetes cluster.local in-addr.arpa'
const soa = `cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. ${fixtureSerial} 7200 1800 86400 5`

run(
  'outside of the cluster: our own addresses',
  () => handlerFor(stanza, { localAddresses: ['127.0.0.1', '192.0.2.1', '2001:db8::1'] }),
  [
    {
      ask: 'cluster.local. NS',
      answer: ['cluster.local. 5 IN NS ns.dns.cluster.local.'],
      additional: ['ns.dns.cluster.local. 5 IN A 192.0.2.1', 'ns.dns.cluster.local. 5 IN AAAA 2001:db8::1'],
    },
    {
      ask: 'ClUsTeR.local. NS',
      answer: ['ClUsTeR.local. 5 IN NS ns.dns.ClUsTeR.local.'],
      additional: ['ns.dns.ClUsTeR.local. 5 IN A 192.0.2.1', 'ns.dns.ClUsTeR.local. 5 IN AAAA 2001:db8::1'],
    },
    { ask: 'ns.dns.cluster.local. A', answer: ['ns.dns.cluster.local. 5 IN A 192.0.2.1'] },
    { ask: 'ns.dns.CLUSTER.local. AAAA', answer: ['ns.dns.CLUSTER.local. 5 IN AAAA 2001:db8::1'] },
    { ask: 'ns.dns.cluster.local. TXT', authority: [soa] },
    { ask: 'dns.cluster.local. A', authority: [soa] },
    { ask: 'x.ns.dns.cluster.local. A', rcode: 'NXDOMAIN', authority: [soa] },
    // There are no names of services below a reverse zone.
    {
      ask: 'in-addr.arpa. NS',
      answer: ['in-addr.arpa. 5 IN NS ns.dns.cluster.local.'],
      additional: ['ns.dns.cluster.local. 5 IN A 192.0.2.1', 'ns.dns.cluster.local. 5 IN AAAA 2001:db8::1'],
    },
  ],
)

run(
  'with loopback addresses only: nobody can be named',
  () => handlerFor(stanza, { localAddresses: ['127.0.0.1', '::1'] }),
  [
    { ask: 'cluster.local. NS', authority: [soa] },
    { ask: 'ns.dns.cluster.local. A', authority: [soa] },
  ],
)

run('among the endpoints of a service: its cluster IP', () => handlerFor(stanza, { localAddresses: ['10.244.1.1'] }), [
  {
    ask: 'cluster.local. NS',
    answer: ['cluster.local. 5 IN NS svc1.testns.svc.cluster.local.'],
    additional: ['svc1.testns.svc.cluster.local. 5 IN A 10.96.1.1'],
  },
  { ask: 'ns.dns.cluster.local. A', answer: ['ns.dns.cluster.local. 5 IN A 10.96.1.1'] },
])

run(
  'among the endpoints of a headless service: all of them',
  () => handlerFor(stanza, { localAddresses: ['10.244.3.1'] }),
  [
    {
      ask: 'cluster.local. NS',
      answer: [
        'cluster.local. 5 IN NS db-0.hdls-dual.testns.svc.cluster.local.',
        'cluster.local. 5 IN NS db-1.hdls-dual.testns.svc.cluster.local.',
      ],
      additional: [
        'db-0.hdls-dual.testns.svc.cluster.local. 5 IN A 10.244.3.1',
        'db-1.hdls-dual.testns.svc.cluster.local. 5 IN A 10.244.3.2',
      ],
    },
  ],
)
