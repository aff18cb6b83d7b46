// The names of services that several clusters have together (multicluster), and those of topology zones (zonal).
import { fileURLToPath } from 'node:url'
import { type Case, conformance } from '../suite.ts'

const soaOf = (zone: string) => `${zone} 30 IN SOA ns.dns.${zone} hostmaster.${zone} SERIAL 7200 1800 86400 30`
const emptyNonTerminal = 'CoreDNS denies names that only have others below them (RFC 8020)'
const setup = {
  manifests: [fileURLToPath(new URL('../../fixtures/multicluster', import.meta.url))],
  corefile: `. {
    bind 127.0.0.1
    kubernetes cluster.local clusterset.local {
      kubeconfig {$KUBECONFIG}
      ttl 30
      multicluster clusterset.local
      zonal
    }
  }`,
}

const set = 'shop.svc.clusterset.local.'
const own = 'shop.svc.cluster.local.'
const none = { rcode: 'NXDOMAIN', authority: [soaOf('clusterset.local.')] }
const empty = { authority: [soaOf('clusterset.local.')] }
const a = (name: string, ...addresses: readonly string[]): Case => ({
  ask: `${name} A`,
  answer: addresses.map((address) => `${name} 30 IN A ${address}`),
})

conformance(
  'multicluster',
  [
    a(`web.${set}`, '10.112.0.1'),
    { ask: `web.${set} AAAA`, answer: [`web.${set} 30 IN AAAA fd00:112::1`] },
    a(`web.${own}`, '10.96.7.1'),
    a(`_http._tcp.web.${set}`, '10.112.0.1'),
    {
      ask: `_quic._udp.web.${set} SRV`,
      answer: [`_quic._udp.web.${set} 30 IN SRV 0 50 443 web.${set}`],
      additional: [`web.${set} 30 IN A 10.112.0.1`, `web.${set} 30 IN AAAA fd00:112::1`],
    },
    { ask: `_https._tcp.web.${set} SRV`, ...none },
    a(`10-1-0-1.east.web.${set}`, '10.1.0.1'),
    { ask: `10-1-0-1.west.web.${set} A`, ...none },
    a(`db.${set}`, '10.1.0.10', '10.1.0.11', '10.2.0.10'),
    a(`db-0.east.db.${set}`, '10.1.0.10'),
    a(`db-0.west.db.${set}`, '10.2.0.10'),
    a(`10-1-0-11.east.db.${set}`, '10.1.0.11'),
    { ask: `db-0.east.db.${set} AAAA`, ...empty },
    { ask: `10-1-0-12.east.db.${set} A`, ...none },
    { ask: `db-0.db.${set} A`, ...none },
    { ask: `db-0.north.db.${set} A`, ...none },
    { ask: `east.db.${set} A`, ...empty, differs: emptyNonTerminal },
    {
      ask: `_sql._tcp.db.${set} SRV`,
      answer: [
        `_sql._tcp.db.${set} 30 IN SRV 0 33 5432 db-0.east.db.${set}`,
        `_sql._tcp.db.${set} 30 IN SRV 0 33 5432 10-1-0-11.east.db.${set}`,
        `_sql._tcp.db.${set} 30 IN SRV 0 33 5432 db-0.west.db.${set}`,
      ],
      additional: [
        `db-0.east.db.${set} 30 IN A 10.1.0.10`,
        `10-1-0-11.east.db.${set} 30 IN A 10.1.0.11`,
        `db-0.west.db.${set} 30 IN A 10.2.0.10`,
      ],
    },
    {
      ask: `db-0.west.db.${set} SRV`,
      answer: [`db-0.west.db.${set} 30 IN SRV 0 100 5432 db-0.west.db.${set}`],
      additional: [`db-0.west.db.${set} 30 IN A 10.2.0.10`],
    },
    { ask: `idle.${set} A`, ...none },
    { ask: `db.${own} A`, rcode: 'NXDOMAIN', authority: [soaOf('cluster.local.')] },
    { ask: `local.${set} A`, ...none },
    { ask: 'web.gone.svc.clusterset.local. A', ...none },
    { ask: `west-2a.pin._zone.db.${set} A`, ...none },
    { ask: 'clusterset.local. SOA', answer: [soaOf('clusterset.local.')] },
    { ask: 'shop.svc.clusterset.local. A', ...empty },
    { ask: 'svc.clusterset.local. A', ...empty },
  ],
  setup,
)

conformance(
  'zonal',
  [
    a(`local.${own}`, '10.3.0.1', '10.3.0.2', '10.3.0.3'),
    a(`west-2a.pin._zone.local.${own}`, '10.3.0.1'),
    a(`corp.example.com.pin._zone.local.${own}`, '10.3.0.2'),
    a(`corp.example.com.prefer._zone.local.${own}`, '10.3.0.2'),
    a(`nowhere.prefer._zone.local.${own}`, '10.3.0.1', '10.3.0.2', '10.3.0.3'),
    { ask: `nowhere.pin._zone.local.${own} A`, authority: [soaOf('cluster.local.')] },
    { ask: `west-2a.pin._zone.local.${own} AAAA`, authority: [soaOf('cluster.local.')] },
    { ask: `west-2a.pin._zone.local.${own} TXT`, authority: [soaOf('cluster.local.')] },
    {
      ask: `west-2a.pin._zone.local.${own} SRV`,
      answer: [`west-2a.pin._zone.local.${own} 30 IN SRV 0 100 5432 local-0.local.${own}`],
      additional: [`local-0.local.${own} 30 IN A 10.3.0.1`],
    },
    { ask: `west-2a.other._zone.local.${own} A`, rcode: 'NXDOMAIN', authority: [soaOf('cluster.local.')] },
    { ask: `west-2a.pin._zone.web.${own} A`, rcode: 'NXDOMAIN', authority: [soaOf('cluster.local.')] },
    { ask: `pin._zone.local.${own} A`, authority: [soaOf('cluster.local.')], differs: emptyNonTerminal },
  ],
  setup,
)
