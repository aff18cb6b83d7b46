// transfer over the wire: who gets a zone, and that what is handed over is what is answered.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRcode, printType, Type } from '../../../src/dns/codes.ts'
import { decodeMessage } from '../../../src/dns/decode.ts'
import { printName } from '../../../src/dns/name.ts'
import { decodeSoa } from '../../../src/dns/rdata.ts'
import { printRecords } from '../../../src/dns/text.ts'
import { ask } from '../../server/ask.ts'
import { transferFrom, transferQuery } from '../../server/axfr.ts'
import { askSubject, compare, withSubject } from '../suite.ts'

const corefile = `. {
    errors
    bind 127.0.0.1
    transfer cluster.local {
        to 192.0.2.1 127.0.0.1:5353
    }
    transfer ip6.arpa {
        to 192.0.2.1
    }
    kubernetes cluster.local ip6.arpa {
        kubeconfig {$KUBECONFIG}
        ttl 30
    }
}
`

/** Without what differs for reasons: TTLs, and weights. */
const plain = (line: string) => line.replace(/ \d+ IN SRV 0 \d+ /, ' IN SRV 0 WEIGHT ').replace(/ \d+ IN /, ' IN ')

withSubject(
  'transfer',
  (portOf) => {
    const serial = async () => {
      const { records } = await transferFrom(portOf(), 'cluster.local. AXFR')
      return decodeSoa(records[0]?.rdatas[0] ?? assert.fail('no SOA record')).serial
    }
    const types = async (question: string, from?: number) => {
      const { rcode, records } = await transferFrom(portOf(), question, from)
      return [rcode, ...records.flatMap((rrset) => rrset.rdatas.map(() => printType(rrset.type)))]
    }

    for (const [question, from, expected] of [
      ['svc.cluster.local. AXFR', undefined, ['REFUSED']],
      ['ip6.arpa. AXFR', undefined, ['REFUSED']],
      ['ip6.arpa. IXFR', 1, ['REFUSED']],
      ['cluster.local. IXFR', undefined, ['SERVFAIL']],
      // Nobody has this zone, and nobody answers.
      ['example.org. AXFR', undefined, ['SERVFAIL']],
    ] as const) {
      const differs = question.startsWith('svc.') ? 'CoreDNS sends the zone under the name of a part of it' : undefined
      test(question, async () => compare(await types(question, from), expected, differs))
    }

    test('cluster.local. IXFR of a client that is up to date', async () =>
      assert.deepEqual(await types('cluster.local. IXFR', await serial()), ['NOERROR', 'SOA']))

    for (const older of [0, 1]) {
      test(`cluster.local. IXFR of a client that has serial ${older}`, async () => {
        const [rcode, ...got] = await types('cluster.local. IXFR', older)
        assert.equal(rcode, 'NOERROR')
        assert.equal(got[0], 'SOA')
        assert.ok(got.length > 50)
      })
    }

    for (const [question, from, expected, differs] of [
      ['cluster.local. AXFR', undefined, 'REFUSED', undefined],
      ['cluster.local. IXFR', 1, 'NOERROR', 'CoreDNS refuses IXFR by UDP; RFC 1995 2 wants the SOA record at least'],
    ] as const) {
      test(`${question} by UDP`, async () => {
        const reply = await ask(portOf(), transferQuery(question, from))
        assert.ok(reply)
        compare(printRcode(decodeMessage(reply).rcode), expected, differs)
      })
    }

    test('every record of a zone is the answer to a question for it', async () => {
      const { records, messages } = await transferFrom(portOf(), 'cluster.local. AXFR')
      assert.ok(messages.every((message) => message.authoritative))
      assert.equal(records[0]?.type, Type.SOA)
      assert.deepEqual(records.at(-1), records[0])
      const repeated = { count: 0 }
      const seen = new Set<string>()
      for (const rrset of records) {
        const question = `${printName(rrset.owner)} ${printType(rrset.type)}`
        const got = await askSubject(portOf(), question, { transport: 'tcp' })
        const answered = (got?.reply.answer ?? []).flatMap(printRecords)
        for (const line of printRecords(rrset)) {
          if (seen.has(line)) repeated.count++
          seen.add(line)
          assert.ok(answered.map(plain).includes(plain(line)), `${line} is not among ${answered.join('\n')}`)
        }
      }
      assert.ok(seen.size > 100)
      const lines = [...seen].map(plain)
      for (const known of [
        'svc1.testns.svc.cluster.local. IN A 10.96.1.1',
        '_http._tcp.svc1.testns.svc.cluster.local. IN SRV 0 WEIGHT 80 svc1.testns.svc.cluster.local.',
        'ext-in.testns.svc.cluster.local. IN CNAME svc1.testns.svc.cluster.local.',
        'db-0.hdls-dual.testns.svc.cluster.local. IN A 10.244.3.1',
      ]) {
        assert.ok(lines.includes(known), `${known} is not in the zone`)
      }
      compare(repeated.count, 1, 'CoreDNS sends some records twice')
    })

    test('TTLs and weights of a zone are those of answers', async () => {
      const { records } = await transferFrom(portOf(), 'cluster.local. AXFR')
      const differing: string[] = []
      for (const rrset of records.slice(1, -1)) {
        const question = `${printName(rrset.owner)} ${printType(rrset.type)}`
        const got = await askSubject(portOf(), question, { transport: 'tcp' })
        const answered = (got?.reply.answer ?? []).flatMap(printRecords)
        differing.push(...printRecords(rrset).filter((line) => !answered.includes(line)))
      }
      compare(differing, [], 'CoreDNS weighs records of a transfer by another rule, and gives glue a TTL of 0')
    })
  },
  { corefile },
)
