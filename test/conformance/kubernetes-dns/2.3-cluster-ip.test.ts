// Kubernetes DNS-Based Service Discovery 1.1.0, 2.3: records for a Service with ClusterIP.
import { conformance, soa } from '../suite.ts'

const zone = 'testns.svc.cluster.local.'
const reverseSoa = (top: string) => `${top} 30 IN SOA ns.dns.${top} hostmaster.${top} SERIAL 7200 1800 86400 30`

conformance('2.3.1 A and AAAA records', [
  { ask: `svc1.${zone} A`, answer: [`svc1.${zone} 30 IN A 10.96.1.1`], additional: [] },
  { ask: `svc1.${zone} AAAA`, authority: [soa] },
  { ask: `SVC1.TestNS.svc.cluster.local. A`, answer: ['SVC1.TestNS.svc.cluster.local. 30 IN A 10.96.1.1'] },
  { ask: `svc-dual.${zone} A`, answer: [`svc-dual.${zone} 30 IN A 10.96.1.2`] },
  { ask: `svc-dual.${zone} AAAA`, answer: [`svc-dual.${zone} 30 IN AAAA fd00:10:96::2`] },
  { ask: `svc6.${zone} A`, authority: [soa] },
  { ask: `svc6.${zone} AAAA`, answer: [`svc6.${zone} 30 IN AAAA fd00:10:96::6`] },
  { ask: `svc-nodeport.${zone} A`, answer: [`svc-nodeport.${zone} 30 IN A 10.96.1.7`] },
  { ask: `svc-lb.${zone} A`, answer: [`svc-lb.${zone} 30 IN A 10.96.1.8`] },
  { ask: `svc-down.${zone} A`, answer: [`svc-down.${zone} 30 IN A 10.96.1.5`] },
  { ask: 'svc1.2nd.svc.cluster.local. A', answer: ['svc1.2nd.svc.cluster.local. 30 IN A 10.96.2.1'] },
  { ask: `nope.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `nope.${zone} AAAA`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: 'svc1.nons.svc.cluster.local. A', rcode: 'NXDOMAIN', authority: [soa] },
  { ask: 'svc1.testns.cluster.local. A', rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `*.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `svc1.${zone} MX`, authority: [soa] },
  { ask: `svc1.${zone} HTTPS`, authority: [soa] },
  { ask: `svc1.${zone} TXT`, authority: [soa] },
  { ask: `svc1.${zone} CNAME`, authority: [soa] },
])

conformance('2.3.2 SRV records', [
  {
    ask: `_http._tcp.svc1.${zone} SRV`,
    answer: [`_http._tcp.svc1.${zone} 30 IN SRV 0 100 80 svc1.${zone}`],
    additional: [`svc1.${zone} 30 IN A 10.96.1.1`],
  },
  {
    ask: `_dns._udp.svc-ports.${zone} SRV`,
    answer: [`_dns._udp.svc-ports.${zone} 30 IN SRV 0 100 53 svc-ports.${zone}`],
    additional: [`svc-ports.${zone} 30 IN A 10.96.1.3`],
  },
  {
    ask: `_http._tcp.svc-dual.${zone} SRV`,
    answer: [`_http._tcp.svc-dual.${zone} 30 IN SRV 0 50 80 svc-dual.${zone}`],
    additional: [`svc-dual.${zone} 30 IN A 10.96.1.2`, `svc-dual.${zone} 30 IN AAAA fd00:10:96::2`],
  },
  {
    ask: `_8080-web._tcp.svc1.2nd.svc.cluster.local. SRV`,
    answer: ['_8080-web._tcp.svc1.2nd.svc.cluster.local. 30 IN SRV 0 100 80 svc1.2nd.svc.cluster.local.'],
  },
  { ask: `_http._tcp.svc1.${zone} A`, answer: [`_http._tcp.svc1.${zone} 30 IN A 10.96.1.1`] },
  { ask: `_http._udp.svc1.${zone} SRV`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `_nope._tcp.svc1.${zone} SRV`, rcode: 'NXDOMAIN', authority: [soa] },
  {
    ask: `_tcp.svc1.${zone} SRV`,
    authority: [soa],
    differs: 'a name with names below it exists (RFC 8020 2)',
  },
])

conformance('2.3.3 PTR records', [
  { ask: '1.1.96.10.in-addr.arpa. PTR', answer: [`1.1.96.10.in-addr.arpa. 30 IN PTR svc1.${zone}`] },
  {
    ask: '2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
    answer: [`2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. 30 IN PTR svc-dual.${zone}`],
  },
  { ask: '9.9.96.10.in-addr.arpa. PTR', rcode: 'NXDOMAIN', authority: [reverseSoa('in-addr.arpa.')] },
  // Neither external addresses nor those of load balancers are the service's own.
  { ask: '8.113.0.203.in-addr.arpa. PTR', rcode: 'NXDOMAIN', authority: [reverseSoa('in-addr.arpa.')] },
  {
    ask: '1.1.96.10.in-addr.arpa. A',
    authority: [reverseSoa('in-addr.arpa.')],
    differs: 'a name that exists is not denied for another type (RFC 2308 2.2)',
  },
  {
    ask: '96.10.in-addr.arpa. PTR',
    authority: [reverseSoa('in-addr.arpa.')],
    differs: 'a name with names below it exists (RFC 8020 2)',
  },
])
