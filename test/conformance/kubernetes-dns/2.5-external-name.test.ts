// Kubernetes DNS-Based Service Discovery 1.1.0, 2.5: records for external name Services.
import { conformance, soa } from '../suite.ts'

const zone = 'testns.svc.cluster.local.'

conformance('2.5 external name services', [
  { ask: `ext.${zone} CNAME`, answer: [`ext.${zone} 30 IN CNAME www.example.com.`] },
  // Nobody here can tell the target's address.
  { ask: `ext.${zone} A`, answer: [`ext.${zone} 30 IN CNAME www.example.com.`] },
  { ask: `ext.${zone} AAAA`, answer: [`ext.${zone} 30 IN CNAME www.example.com.`] },
  {
    ask: `ext-in.${zone} A`,
    answer: [`ext-in.${zone} 30 IN CNAME svc1.${zone}`, `svc1.${zone} 30 IN A 10.96.1.1`],
  },
  { ask: `ext-in.${zone} AAAA`, authority: [soa] },
  {
    ask: `ext-chain.${zone} A`,
    answer: [
      `ext-chain.${zone} 30 IN CNAME ext-in.${zone}`,
      `ext-in.${zone} 30 IN CNAME svc1.${zone}`,
      `svc1.${zone} 30 IN A 10.96.1.1`,
    ],
  },
  { ask: `ext-missing.${zone} A`, authority: [soa] },
  { ask: `ext-self.${zone} A`, authority: [soa] },
  { ask: `ext-loop-a.${zone} A`, authority: [soa] },
  { ask: `ext-address.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
  { ask: `ext.${zone} SRV`, authority: [soa] },
  { ask: `x.ext.${zone} A`, rcode: 'NXDOMAIN', authority: [soa] },
])
