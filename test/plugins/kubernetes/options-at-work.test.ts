// What each option changes in the answers, on the fixture cluster.
import { reply } from '../../../src/dns/reply.ts'
import { fixtureSerial, handlerFor, run } from '../../ask.ts'

const zone = 'testns.svc.cluster.local.'
const soaOf = (ttl: number, minimum = ttl, top = 'cluster.local.') =>
  `${top} ${ttl} IN SOA ns.dns.${top} hostmaster.${top} ${fixtureSerial} 7200 1800 86400 ${minimum}`
const soa = soaOf(5)
const none = { rcode: 'NXDOMAIN', authority: [soa] }
const chain =
  (options: string, zones = 'cluster.local in-addr.arpa') =>
  () =>
    handlerFor(`kubernetes ${zones} {\n${options}\n}`, { next: () => reply({ plugin: 'next' }) })
const passedOn = { authoritative: false, plugin: 'next' }

run('ttl 3600: an SOA record is kept no longer than 300 s', chain('ttl 3600'), [
  { ask: `svc1.${zone} A`, answer: [`svc1.${zone} 3600 IN A 10.96.1.1`], fresh: true, plugin: 'kubernetes' },
  { ask: `svc1.${zone} AAAA`, authority: [soaOf(300, 3600)] },
])
run('ttl 0', chain('ttl 0'), [{ ask: `svc1.${zone} A`, answer: [`svc1.${zone} 0 IN A 10.96.1.1`] }])

run('pods disabled', chain(''), [
  { ask: '10-244-5-1.testns.pod.cluster.local. A', ...none },
  { ask: 'testns.pod.cluster.local. A', ...none },
  { ask: 'pod.cluster.local. A', authority: [soa] },
])
run('pods insecure', chain('pods insecure'), [
  { ask: '1-2-3-4.testns.pod.cluster.local. A', answer: ['1-2-3-4.testns.pod.cluster.local. 5 IN A 1.2.3.4'] },
  { ask: '1-2-3-4.testns.pod.cluster.local. AAAA', authority: [soa] },
  {
    ask: '2001-db8--1.testns.pod.cluster.local. AAAA',
    answer: ['2001-db8--1.testns.pod.cluster.local. 5 IN AAAA 2001:db8::1'],
  },
  {
    ask: '1-2-3-4.testns.pod.cluster.local. SRV',
    answer: ['1-2-3-4.testns.pod.cluster.local. 5 IN SRV 0 100 0 1-2-3-4.testns.pod.cluster.local.'],
    additional: ['1-2-3-4.testns.pod.cluster.local. 5 IN A 1.2.3.4'],
  },
  { ask: '1-2-3-4.nons.pod.cluster.local. A', ...none },
  { ask: '1-2-3.testns.pod.cluster.local. A', ...none },
  { ask: '1-2-3-456.testns.pod.cluster.local. A', ...none },
  { ask: 'web-0.testns.pod.cluster.local. A', ...none },
  { ask: 'testns.pod.cluster.local. A', authority: [soa] },
  { ask: 'nons.pod.cluster.local. A', ...none },
  // Ours: CoreDNS overlooks what stands in front.
  { ask: 'x.1-2-3-4.testns.pod.cluster.local. A', ...none },
])
run('pods verified', chain('pods verified'), [
  { ask: '10-244-5-1.testns.pod.cluster.local. A', answer: ['10-244-5-1.testns.pod.cluster.local. 5 IN A 10.244.5.1'] },
  { ask: '10-244-5-4.testns.pod.cluster.local. A', ...none },
  { ask: '10-244-5-9.testns.pod.cluster.local. A', ...none },
  { ask: '1-2-3-4.testns.pod.cluster.local. A', ...none },
])

run('endpoint_pod_names', chain('endpoint_pod_names'), [
  { ask: `hdls-pod-1.hdls.${zone} A`, answer: [`hdls-pod-1.hdls.${zone} 5 IN A 10.244.2.1`] },
  { ask: `10-244-2-1.hdls.${zone} A`, ...none },
  // A hostname goes before a pod's name.
  { ask: `alpha.hdls.${zone} A`, answer: [`alpha.hdls.${zone} 5 IN A 10.244.2.2`] },
  { ask: `hdls-pod-2.hdls.${zone} A`, ...none },
])

run('namespaces testns', chain('namespaces testns'), [
  { ask: `svc1.${zone} A`, answer: [`svc1.${zone} 5 IN A 10.96.1.1`] },
  { ask: 'svc1.hidden.svc.cluster.local. A', ...none },
  { ask: 'hidden.svc.cluster.local. A', ...none },
  { ask: '1.3.96.10.in-addr.arpa. PTR', rcode: 'NXDOMAIN', authority: [soaOf(5, 5, 'in-addr.arpa.')] },
  { ask: '1.1.96.10.in-addr.arpa. PTR', answer: [`1.1.96.10.in-addr.arpa. 5 IN PTR svc1.${zone}`] },
])
run('namespaces Testns: compared as written', chain('namespaces Testns'), [{ ask: `svc1.${zone} A`, ...none }])

run('noendpoints', chain('noendpoints'), [{ ask: `svc1.${zone} A`, answer: [`svc1.${zone} 5 IN A 10.96.1.1`] }])

run('ignore empty_service', chain('ignore empty_service'), [
  { ask: `svc1.${zone} A`, answer: [`svc1.${zone} 5 IN A 10.96.1.1`] },
  { ask: `svc-down.${zone} A`, ...none },
  { ask: `svc-alone.${zone} A`, ...none },
  { ask: `_http._tcp.svc-alone.${zone} SRV`, ...none },
  { ask: `ext.${zone} CNAME`, answer: [`ext.${zone} 5 IN CNAME www.example.com.`] },
])

run('fallthrough in-addr.arpa', chain('fallthrough in-addr.arpa'), [
  { ask: '9.9.9.9.in-addr.arpa. PTR', ...passedOn },
  { ask: '1.1.96.10.in-addr.arpa. PTR', answer: [`1.1.96.10.in-addr.arpa. 5 IN PTR svc1.${zone}`] },
  { ask: '1.1.96.10.in-addr.arpa. A', authority: [soaOf(5, 5, 'in-addr.arpa.')] },
  { ask: `nope.${zone} A`, ...none },
])
run('fallthrough', chain('fallthrough'), [
  { ask: `nope.${zone} A`, ...passedOn },
  { ask: `nope.${zone} SOA`, ...passedOn },
  { ask: `svc1.${zone} AAAA`, authority: [soa] },
  { ask: 'example.org. A', ...passedOn },
])
