// k8s_external over the wire: services by the addresses they have outside of the cluster.
import { fileURLToPath } from 'node:url'
import { type Case, conformance } from '../suite.ts'

const manifests = [
  fileURLToPath(new URL('../../fixtures/cluster', import.meta.url)),
  fileURLToPath(new URL('../../plugins/k8s_external/cluster.yaml', import.meta.url)),
]

const block = (properties: string) => `. {
    bind 127.0.0.1
    k8s_external example.org 2.0.192.in-addr.arpa {
        ${properties}
    }
    kubernetes cluster.local {
        kubeconfig {$KUBECONFIG}
    }
    template IN A lb.example.com {
        answer "{{ .Name }} 60 IN A 203.0.113.9"
    }
}
`

const soa = 'example.org. 5 IN SOA ns1.dns.example.org. hostmaster.dns.example.org. SERIAL 7200 1800 86400 5'
const web = ['web.shop.example.org. 5 IN A 192.0.2.1', 'web.shop.example.org. 5 IN AAAA 2001:db8::1']
const nodata = { authority: [soa] }
const nxdomain = { rcode: 'NXDOMAIN', authority: [soa] }

const cases: readonly Case[] = [
  { ask: 'web.shop.example.org. A', answer: web.slice(0, 1) },
  { ask: 'web.shop.example.org. AAAA', answer: web.slice(1) },
  { ask: 'web.shop.example.org. MX', ...nodata },
  {
    ask: 'web.shop.example.org. SRV',
    answer: [
      'web.shop.example.org. 5 IN SRV 0 25 80 web.shop.example.org.',
      'web.shop.example.org. 5 IN SRV 0 25 53 web.shop.example.org.',
    ],
    additional: web,
  },
  {
    ask: '_http._tcp.web.shop.example.org. SRV',
    answer: ['_http._tcp.web.shop.example.org. 5 IN SRV 0 50 80 web.shop.example.org.'],
    additional: web,
  },
  { ask: '_dns._tcp.web.shop.example.org. SRV', ...nxdomain },
  {
    ask: 'lb.shop.example.org. A',
    answer: ['lb.shop.example.org. 5 IN A 192.0.2.1', 'lb.shop.example.org. 5 IN A 192.0.2.2'],
  },
  {
    ask: 'named.shop.example.org. A',
    answer: ['named.shop.example.org. 5 IN CNAME lb.example.com.', 'lb.example.com. 60 IN A 203.0.113.9'],
  },
  { ask: 'nothing.shop.example.org. A', ...nxdomain },
  { ask: 'inner.shop.example.org. A', ...nxdomain },
  { ask: 'shop.example.org. A', ...nodata },
  { ask: 'nowhere.example.org. A', ...nxdomain },
  { ask: 'x.web.shop.example.org. A', ...nxdomain, differs: 'there is no such name' },
  { ask: '_tcp.web.shop.example.org. A', ...nodata, differs: 'names below it have addresses, it has none' },
  {
    ask: 'named.shop.example.org. CNAME',
    answer: ['named.shop.example.org. 5 IN CNAME lb.example.com.'],
    differs: 'it is the record asked for',
  },
  { ask: 'example.org. SOA', answer: [soa] },
  { ask: 'example.org. A', ...nodata },
  { ask: 'example.org. NS', answer: ['example.org. 5 IN NS ns1.dns.example.org.'] },
  { ask: 'dns.example.org. A', ...nodata },
  { ask: 'x.dns.example.org. A', ...nxdomain },
  { ask: 'x.ns1.dns.example.org. A', ...nxdomain },
  { ask: '3.2.0.192.in-addr.arpa. PTR', answer: ['3.2.0.192.in-addr.arpa. 5 IN PTR db-out.shop.example.org.'] },
  {
    ask: '1.2.0.192.in-addr.arpa. PTR',
    answer: [
      '1.2.0.192.in-addr.arpa. 5 IN PTR lb.shop.example.org.',
      '1.2.0.192.in-addr.arpa. 5 IN PTR web.shop.example.org.',
    ],
  },
]

conformance('k8s_external', [...cases, { ask: 'db.shop.example.org. A', ...nxdomain }], {
  corefile: block('ttl 5'),
  manifests,
})

conformance(
  'k8s_external with headless services',
  [
    ...cases,
    {
      ask: 'db.shop.example.org. A',
      answer: ['db.shop.example.org. 5 IN A 10.1.0.1', 'db.shop.example.org. 5 IN A 10.1.0.2'],
    },
    { ask: 'db-0.db.shop.example.org. A', answer: ['db-0.db.shop.example.org. 5 IN A 10.1.0.1'] },
    {
      ask: '_pg._tcp.db.shop.example.org. SRV',
      answer: [
        '_pg._tcp.db.shop.example.org. 5 IN SRV 0 50 5432 db-0.db.shop.example.org.',
        '_pg._tcp.db.shop.example.org. 5 IN SRV 0 50 5432 10-1-0-2.db.shop.example.org.',
      ],
      additional: ['db-0.db.shop.example.org. 5 IN A 10.1.0.1', '10-1-0-2.db.shop.example.org. 5 IN A 10.1.0.2'],
    },
    { ask: 'inner-0.inner.shop.example.org. A', answer: ['inner-0.inner.shop.example.org. 5 IN A 10.1.0.4'] },
    { ask: 'none.shop.example.org. A', ...nxdomain },
    { ask: 'db-out.shop.example.org. A', answer: ['db-out.shop.example.org. 5 IN A 192.0.2.3'] },
  ],
  { corefile: block('headless'), manifests },
)
