// Kubernetes DNS-Based Service Discovery 1.1.0, 2.2: a TXT record at dns-version tells the schema's version.
import { conformance, soa } from '../suite.ts'

const ENT = 'a name with names below it exists (RFC 8020 2)'

conformance('2.2 record for schema version', [
  { ask: 'dns-version.cluster.local. TXT', answer: ['dns-version.cluster.local. 28800 IN TXT "1.1.0"'] },
  { ask: 'DNS-Version.Cluster.Local. TXT', answer: ['DNS-Version.Cluster.Local. 28800 IN TXT "1.1.0"'] },
  { ask: 'dns-version.cluster.local. A', authority: [soa], differs: 'the name exists, whatever the type' },
  { ask: 'x.dns-version.cluster.local. TXT', rcode: 'NXDOMAIN', authority: [soa] },
  { ask: 'cluster.local. A', authority: [soa] },
  { ask: 'cluster.local. TXT', authority: [soa], differs: ENT },
  { ask: 'svc.cluster.local. A', authority: [soa] },
  { ask: 'svc.cluster.local. TXT', authority: [soa], differs: ENT },
  { ask: 'testns.svc.cluster.local. A', authority: [soa] },
  { ask: 'testns.svc.cluster.local. TXT', authority: [soa], differs: ENT },
  { ask: 'nons.svc.cluster.local. A', rcode: 'NXDOMAIN', authority: [soa] },
  { ask: 'cluster.local. SOA', answer: [soa] },
  { ask: 'nope.cluster.local. A', rcode: 'NXDOMAIN', authority: [soa] },
  {
    ask: 'nope.cluster.local. SOA',
    rcode: 'NXDOMAIN',
    authority: [soa],
    differs: 'a name that does not exist does not exist for SOA either (RFC 2308 2.1)',
  },
])
