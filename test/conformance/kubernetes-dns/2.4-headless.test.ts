// Kubernetes DNS-Based Service Discovery 1.1.0, 2.4: records for a headless Service.
import { conformance, soa } from '../suite.ts'

const zone = 'testns.svc.cluster.local.'
const records = (owner: string, type: string, ...rdatas: readonly string[]) =>
  rdatas.map((rdata) => `${owner} 30 IN ${type} ${rdata}`)

conformance('2.4.1 A and AAAA records', [
  {
    ask: `hdls.${zone} A`,
    answer: records(`hdls.${zone}`, 'A', '10.244.2.1', '10.244.2.2', '10.244.2.3', '10.244.2.4'),
  },
  { ask: `hdls.${zone} AAAA`, authority: [soa] },
  { ask: `alpha.hdls.${zone} A`, answer: records(`alpha.hdls.${zone}`, 'A', '10.244.2.2') },
  { ask: `beta.hdls.${zone} A`, answer: records(`beta.hdls.${zone}`, 'A', '10.244.2.3', '10.244.2.4') },
  { ask: `10-244-2-1.hdls.${zone} A`, answer: records(`10-244-2-1.hdls.${zone}`, 'A', '10.244.2.1') },
  // Only one name each: an endpoint with a hostname has no other.
  { ask: `10-244-2-2.hdls.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
  // Not ready; terminating.
  { ask: `gamma.hdls.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `delta.hdls.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `hdls-dual.${zone} A`, answer: records(`hdls-dual.${zone}`, 'A', '10.244.3.1', '10.244.3.2') },
  { ask: `hdls-dual.${zone} AAAA`, answer: records(`hdls-dual.${zone}`, 'AAAA', 'fd00:10:244::31', 'fd00:10:244::32') },
  { ask: `db-1.hdls-dual.${zone} AAAA`, answer: records(`db-1.hdls-dual.${zone}`, 'AAAA', 'fd00:10:244::32') },
  { ask: `hdls-twice.${zone} A`, answer: records(`hdls-twice.${zone}`, 'A', '10.244.4.1', '10.244.4.2') },
  { ask: `hdls-empty.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `hdls-down.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `hdls-unready.${zone} A`, answer: records(`hdls-unready.${zone}`, 'A', '10.244.4.14') },
  { ask: `early.hdls-unready.${zone} A`, answer: records(`early.hdls-unready.${zone}`, 'A', '10.244.4.14') },
  { ask: `hdls-portless.${zone} A`, answer: records(`hdls-portless.${zone}`, 'A', '10.244.4.12') },
])

conformance('2.4.2 SRV records', [
  {
    ask: `_http._tcp.hdls.${zone} SRV`,
    // Two endpoints share a hostname: one record for the port, two addresses.
    answer: records(
      `_http._tcp.hdls.${zone}`,
      'SRV',
      `0 25 80 10-244-2-1.hdls.${zone}`,
      `0 25 80 alpha.hdls.${zone}`,
      `0 25 80 beta.hdls.${zone}`,
    ),
    additional: [
      ...records(`10-244-2-1.hdls.${zone}`, 'A', '10.244.2.1'),
      ...records(`alpha.hdls.${zone}`, 'A', '10.244.2.2'),
      ...records(`beta.hdls.${zone}`, 'A', '10.244.2.3', '10.244.2.4'),
    ],
  },
  {
    ask: `_dns._udp.hdls-dual.${zone} SRV`,
    answer: records(
      `_dns._udp.hdls-dual.${zone}`,
      'SRV',
      `0 25 53 db-0.hdls-dual.${zone}`,
      `0 25 53 db-1.hdls-dual.${zone}`,
    ),
  },
  { ask: `_http._tcp.hdls-empty.${zone} SRV`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `hdls-portless.${zone} SRV`, authority: [soa] },
])

conformance('2.4.3 PTR records', [
  { ask: '2.2.244.10.in-addr.arpa. PTR', answer: records('2.2.244.10.in-addr.arpa.', 'PTR', `alpha.hdls.${zone}`) },
  {
    ask: '1.2.244.10.in-addr.arpa. PTR',
    answer: records('1.2.244.10.in-addr.arpa.', 'PTR', `10-244-2-1.hdls.${zone}`),
  },
  {
    ask: '1.3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
    answer: records(
      '1.3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa.',
      'PTR',
      `db-0.hdls-dual.${zone}`,
    ),
  },
  {
    ask: '5.2.244.10.in-addr.arpa. PTR',
    rcode: 'NXDOMAIN',
    authority: ['in-addr.arpa. 30 IN SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. SERIAL 7200 1800 86400 30'],
  },
])
