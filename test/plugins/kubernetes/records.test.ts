// Answers by type, their owners and order, on the fixture cluster: what the conformance suite can't tell apart or leaves open.
import { fixtureSerial, handlerFor, run } from '../../ask.ts'

const zone = 'testns.svc.cluster.local.'
const soaOf = (top: string) => `${top} 5 IN SOA ns.dns.${top} hostmaster.${top} ${fixtureSerial} 7200 1800 86400 5`
const soa = soaOf('cluster.local.')
const none = { rcode: 'NXDOMAIN', authority: [soa] }
const chain = () => handlerFor('kubernetes cluster.local in-addr.arpa ip6.arpa')
const records = (owner: string, type: string, ...rdatas: readonly string[]) =>
  rdatas.map((rdata) => `${owner} 5 IN ${type} ${rdata}`)

run('names: what may stand before a service', chain, [
  { ask: `http.tcp.svc1.${zone} A`, answer: records(`http.tcp.svc1.${zone}`, 'A', '10.96.1.1') },
  { ask: `_._tcp.svc1.${zone} A`, answer: records(`_._tcp.svc1.${zone}`, 'A', '10.96.1.1') },
  { ask: `_HTTP._TCP.svc1.${zone} A`, answer: records(`_HTTP._TCP.svc1.${zone}`, 'A', '10.96.1.1') },
  { ask: `x._http._tcp.svc1.${zone} A`, ...none },
  { ask: `a.b.c.d.svc1.${zone} A`, ...none },
  { ask: `10-244-1-1.svc1.${zone} A`, answer: records(`10-244-1-1.svc1.${zone}`, 'A', '10.244.1.1') },
  { ask: `one.svc1.${zone} A`, answer: records(`one.svc1.${zone}`, 'A', '10.244.1.2') },
  { ask: `any.${zone} A`, ...none },
])

run('SRV: weights share 100 among all that match', chain, [
  {
    ask: `svc-ports.${zone} SRV`,
    answer: records(`svc-ports.${zone}`, 'SRV', ...[80, 53, 9100].map((port) => `0 25 ${port} svc-ports.${zone}`)),
    additional: records(`svc-ports.${zone}`, 'A', '10.96.1.3'),
  },
  {
    ask: `svc-unnamed.${zone} SRV`,
    answer: records(`svc-unnamed.${zone}`, 'SRV', `0 100 8080 svc-unnamed.${zone}`),
    additional: records(`svc-unnamed.${zone}`, 'A', '10.96.1.4'),
  },
  {
    ask: `hdls-twice.${zone} SRV`,
    answer: records(
      `hdls-twice.${zone}`,
      'SRV',
      `0 33 80 10-244-4-1.hdls-twice.${zone}`,
      `0 33 80 10-244-4-2.hdls-twice.${zone}`,
    ),
    additional: [
      ...records(`10-244-4-1.hdls-twice.${zone}`, 'A', '10.244.4.1'),
      ...records(`10-244-4-2.hdls-twice.${zone}`, 'A', '10.244.4.2'),
    ],
  },
  {
    ask: `alpha.hdls.${zone} SRV`,
    answer: records(`alpha.hdls.${zone}`, 'SRV', `0 100 80 alpha.hdls.${zone}`),
    additional: records(`alpha.hdls.${zone}`, 'A', '10.244.2.2'),
  },
  {
    ask: 'svc1.testns.svc.Cluster.LOCAL. SRV',
    answer: records('svc1.testns.svc.Cluster.LOCAL.', 'SRV', '0 100 80 svc1.testns.svc.Cluster.LOCAL.'),
    additional: records('svc1.testns.svc.Cluster.LOCAL.', 'A', '10.96.1.1'),
  },
  { ask: `hdls-portless.${zone} SRV`, authority: [soa] },
])

run('IPv6: any way of writing it', chain, [
  {
    ask: `hdls6.${zone} AAAA`,
    answer: records(`hdls6.${zone}`, 'AAAA', 'fd00:10:244::61', '2001:db8::', 'fd00:10:244::62'),
  },
  { ask: `2001-db8--0.hdls6.${zone} AAAA`, answer: records(`2001-db8--0.hdls6.${zone}`, 'AAAA', '2001:db8::') },
  {
    ask: `fd00-10-244--62.hdls6.${zone} AAAA`,
    answer: records(`fd00-10-244--62.hdls6.${zone}`, 'AAAA', 'fd00:10:244::62'),
  },
])

run('PTR: hostnames, then headless services, then the rest', chain, [
  {
    ask: '1.6.244.10.in-addr.arpa. PTR',
    answer: records(
      '1.6.244.10.in-addr.arpa.',
      'PTR',
      'secret.ptr-named.hidden.svc.cluster.local.',
      `zero.ptr-named.${zone}`,
      `10-244-6-1.ptr-headless.${zone}`,
      `10-244-6-1.ptr-cluster.${zone}`,
    ),
    ordered: true,
  },
  {
    ask: '2.6.244.10.in-addr.arpa. PTR',
    answer: records(
      '2.6.244.10.in-addr.arpa.',
      'PTR',
      `named.ptr-also-named.${zone}`,
      `10-244-6-2.ptr-of-two.${zone}`,
      `10-244-6-2.ptr-cluster.${zone}`,
    ),
    ordered: true,
  },
  // An endpoint without its Service has no name that leads back.
  {
    ask: '3.6.244.10.in-addr.arpa. PTR',
    answer: records('3.6.244.10.in-addr.arpa.', 'PTR', `10-244-6-3.ptr-cluster.${zone}`),
  },
  { ask: '4.6.244.10.in-addr.arpa. PTR', rcode: 'NXDOMAIN', authority: [soaOf('in-addr.arpa.')] },
  // A cluster IP's service is its only name.
  { ask: '2.1.96.10.in-addr.arpa. PTR', answer: records('2.1.96.10.in-addr.arpa.', 'PTR', `svc-dual.${zone}`) },
  { ask: 'in-addr.arpa. PTR', authority: [soaOf('in-addr.arpa.')] },
  { ask: 'x.96.10.in-addr.arpa. PTR', rcode: 'NXDOMAIN', authority: [soaOf('in-addr.arpa.')] },
  { ask: `svc1.${zone} PTR`, authority: [soa] },
  { ask: `nope.${zone} PTR`, ...none },
])

run('transfers are the business of others', chain, [
  { ask: 'cluster.local. AXFR', rcode: 'REFUSED', authoritative: false },
  { ask: 'cluster.local. IXFR', rcode: 'REFUSED', authoritative: false },
])
