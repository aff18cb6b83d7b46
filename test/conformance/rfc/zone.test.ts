// What a zone owes those who ask for its names: RFC 1034 3.6.2 and 4.3.2, RFC 2308 2, RFC 2782, RFC 4343 3, RFC 8020 2, RFC 4074 4.
import { test } from 'node:test'
import { printName } from '../../../src/dns/name.ts'
import { askSubject, compare, conformance, linesFor, soa, withSubject } from '../suite.ts'

const zone = 'testns.svc.cluster.local.'
const emptyNonTerminal = 'a name with names below it exists (RFC 8020 2)'

conformance('1034 3.6.2: an alias stands for every type but its own', [
  { ask: `ext-in.${zone} CNAME`, answer: [`ext-in.${zone} 30 IN CNAME svc1.${zone}`] },
  {
    ask: `ext-in.${zone} A`,
    answer: [`ext-in.${zone} 30 IN CNAME svc1.${zone}`, `svc1.${zone} 30 IN A 10.96.1.1`],
  },
])

conformance('1034 4.3.2: a name without records of the type', [
  ...['AAAA', 'MX', 'TXT', 'NS', 'CNAME', 'DS', 'CAA', 'HTTPS', 'TYPE65280'].map((type) => ({
    ask: `svc1.${zone} ${type}`,
    authority: [soa],
  })),
])

conformance('8020 2: below what does not exist there is nothing, above what exists there is something', [
  ...['nope', 'x.nope', 'x.y.nope', 'x.y.z.nope'].map((head) => ({
    ask: `${head}.cluster.local. A`,
    rcode: 'NXDOMAIN',
    authority: [soa],
  })),
  ...['x', 'x.y', 'x.y.z'].map((head) => ({
    ask: `${head}.svc1.${zone} A`,
    rcode: 'NXDOMAIN',
    authority: [soa],
  })),
  { ask: `_tcp.svc1.${zone} A`, authority: [soa], differs: emptyNonTerminal },
  { ask: `${zone} A`, authority: [soa] },
  { ask: 'svc.cluster.local. AAAA', authority: [soa] },
  { ask: 'svc.cluster.local. TXT', authority: [soa], differs: emptyNonTerminal },
  {
    ask: '96.10.in-addr.arpa. A',
    authority: [soa.replaceAll('cluster.local.', 'in-addr.arpa.')],
    differs: emptyNonTerminal,
  },
])

conformance('2782: the target of a service has its addresses beside it, under the name the record gives', [
  {
    ask: `_http._tcp.svc-dual.${zone} SRV`,
    answer: [`_http._tcp.svc-dual.${zone} 30 IN SRV 0 50 80 svc-dual.${zone}`],
    additional: [`svc-dual.${zone} 30 IN A 10.96.1.2`, `svc-dual.${zone} 30 IN AAAA fd00:10:96::2`],
  },
  { ask: `_HTTP._TCP.svc1.${zone} SRV`, answer: [`_HTTP._TCP.svc1.${zone} 30 IN SRV 0 100 80 svc1.${zone}`] },
  { ask: `_http._sctp.svc1.${zone} SRV`, rcode: 'NXDOMAIN', authority: [soa] },
])

withSubject('the zone', (portOf) => {
  test('4343 3: names are the same in every case', async () => {
    const lower = await linesFor(portOf(), `svc1.${zone} A`)
    for (const name of [
      'SVC1.testns.svc.cluster.local.',
      'svc1.TESTNS.SVC.CLUSTER.LOCAL.',
      'sVc1.tEsTnS.sVc.cLuStEr.lOcAl.',
    ]) {
      const got = await linesFor(portOf(), `${name} A`)
      compare(
        got.map((line) => line.toLowerCase()),
        lower.map((line) => line.toLowerCase()),
        undefined,
      )
    }
  })
  test('4343 4.1: but a letter outside of ASCII is only itself', async () => {
    const [head] = await linesFor(portOf(), `svc1\\229.${zone} A`)
    const [other] = await linesFor(portOf(), `svc1\\197.${zone} A`)
    compare([head, other], ['NXDOMAIN aa', 'NXDOMAIN aa'], undefined)
  })
  test('2308 3, 5: the TTL of a denial is that of its SOA record and no more than its last field', async () => {
    for (const ask of [`nope.${zone} A`, `svc1.${zone} AAAA`]) {
      const got = await askSubject(portOf(), ask)
      const [record] = got?.reply.authority ?? []
      const rdata = record?.rdatas[0] ?? ''
      const minimum = Buffer.from(rdata, 'latin1').readUInt32BE(rdata.length - 4)
      compare([record?.ttl, minimum], [30, 30], undefined)
    }
  })
  test('4074 4: a name has the same answer to whether it exists, whatever the type', async () => {
    for (const [name, rcode] of [
      [`svc1.${zone}`, 'NOERROR aa'],
      [`nope.${zone}`, 'NXDOMAIN aa'],
      [`hdls.${zone}`, 'NOERROR aa'],
      [`hdls-empty.${zone}`, 'NXDOMAIN aa'],
      [`ext-self.${zone}`, 'NOERROR aa'],
    ] as const) {
      const heads = await Promise.all(
        ['A', 'AAAA', 'SRV', 'MX', 'TXT', 'HTTPS'].map(
          async (type) => (await linesFor(portOf(), `${name} ${type}`))[0],
        ),
      )
      compare(new Set(heads), new Set([rcode]), undefined)
    }
  })
  test('1035 4.1.2: the question comes back as it was asked, also with a denial', async () => {
    const got = await askSubject(portOf(), `NoPe.${zone} TXT`)
    const [question] = got?.reply.questions ?? []
    compare([question && printName(question.name), question?.type, question?.class], [`NoPe.${zone}`, 16, 1], undefined)
  })
})
