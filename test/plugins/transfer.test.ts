import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { printRcode } from '../../src/dns/codes.ts'
import { decodeMessage } from '../../src/dns/decode.ts'
import { encodeTransfer } from '../../src/dns/encode-transfer.ts'
import { parseName } from '../../src/dns/name.ts'
import type { Transport } from '../../src/dns/query.ts'
import { errorReply, type Reply } from '../../src/dns/reply.ts'
import type { Rrset } from '../../src/dns/rrset.ts'
import { parseRecord, printRecords } from '../../src/dns/text.ts'
import type { Next, Plugin } from '../../src/plugin.ts'
import { plugins } from '../../src/plugins/index.ts'
import { transfer } from '../../src/plugins/transfer.ts'
import { handlerFor } from '../ask.ts'
import { configOf, isCorefileError, queryOf, recordLog } from '../context.ts'

suite('stanzas', () => {
  for (const [stanza, config] of [
    ['transfer {\n to *\n}', [{ zones: ['\0'], to: ['*'] }]],
    [
      'transfer example.org example.net {\n to 192.0.2.1 192.0.2.2:5353\n to [2001:DB8::1]:53\n}',
      [
        {
          zones: [parseName('example.org.'), parseName('example.net.')],
          to: ['192.0.2.1', '192.0.2.2', '2001:db8::1'],
        },
      ],
    ],
    [
      'transfer example.org {\n to ::ffff:192.0.2.1 fe80::1%eth0\n source 192.0.2.53\n}\ntransfer example.net {\n to *\n}',
      [
        { zones: [parseName('example.org.')], to: ['192.0.2.1', 'fe80::1%eth0'] },
        { zones: [parseName('example.net.')], to: ['*'] },
      ],
    ],
  ] as const) {
    test(stanza.replace(/\s+/g, ' '), () => assert.deepEqual(configOf(transfer, stanza), config))
  }

  for (const [stanza, message] of [
    ['transfer', "plugin/transfer: Corefile:2 - Error during parsing: 'to' is required"],
    [
      'transfer {\n to example.org\n}',
      "plugin/transfer: Corefile:3 - Error during parsing: must specify an IP address: `example.org'",
    ],
    ['transfer {\n to *\n notify\n}', 'plugin/transfer: Corefile:4 - Error during parsing: unknown property "notify"'],
  ] as const) {
    test(`${stanza.replace(/\s+/g, ' ')} is refused`, () =>
      assert.throws(() => configOf(transfer, stanza), isCorefileError(message)))
  }
})

const serial = 1_700_000_000
const soa = `example.org. 300 IN SOA ns.example.org. admin.example.org. ${serial} 7200 1800 86400 300`
const records = [
  soa,
  'example.org. 300 IN NS ns.example.org.',
  'ns.example.org. 300 IN A 192.0.2.53',
  'www.example.org. 300 IN A 192.0.2.80',
  soa,
].map((line) => parseRecord(line))

/** A plugin that has zones: these records, for `example.org.` */
function holding(zones: Readonly<Record<string, readonly Rrset[]>>): Plugin {
  return {
    name: 'whoami',
    parse: () => null,
    handler: () => () => errorReply(9),
    offers: () => ({ transfer: (zone) => Object.entries(zones).find(([name]) => parseName(name) === zone)?.[1] }),
  }
}

const { log, lines } = recordLog()
const zones = { 'example.org.': records, 'www.example.org.': [], 'example.net.': records }

function serving(body: string): Next {
  const others = plugins.filter(({ name }) => name !== 'whoami')
  return handlerFor(`${body}\nwhoami`, {
    plugins: [...others, holding(zones)] as unknown as readonly Plugin<never>[],
    log,
  })
}

const rules = `
transfer example.org {
  to 10.0.0.9 2001:db8::1
}
transfer www.example.org {
  to 10.0.0.10
}
transfer other.org {
  to *
}`

const single = [soa]
const whole = records.flatMap(printRecords)

interface Case {
  readonly ask: string
  readonly over?: Transport
  readonly from?: string
  readonly serial?: number
  /** NOTAUTH is the next plugin's. */
  readonly rcode?: string
  readonly records?: readonly string[]
}

const cases: readonly Case[] = [
  { ask: 'example.org. AXFR', records: whole },
  { ask: 'Example.ORG. AXFR', records: whole },
  { ask: 'example.org. AXFR', over: 'tls', records: whole },
  { ask: 'example.org. AXFR', from: '2001:db8::1', records: whole },
  // Who may.
  { ask: 'example.org. AXFR', from: '10.0.0.10', rcode: 'REFUSED' },
  { ask: 'example.org. IXFR', from: '10.0.0.10', serial, rcode: 'REFUSED' },
  { ask: 'www.example.org. AXFR', from: '10.0.0.9', rcode: 'REFUSED' },
  // By UDP: nothing but where an incremental transfer would lead to.
  { ask: 'example.org. AXFR', over: 'udp', rcode: 'REFUSED' },
  { ask: 'nowhere.test. AXFR', over: 'udp', rcode: 'REFUSED' },
  { ask: 'example.org. IXFR', over: 'udp', serial: 1, records: single },
  { ask: 'example.org. IXFR', over: 'udp', serial, records: single },
  { ask: 'example.org. IXFR', over: 'udp', rcode: 'SERVFAIL' },
  { ask: 'example.org. IXFR', over: 'udp', serial, from: '10.0.0.10', rcode: 'REFUSED' },
  { ask: 'nowhere.test. IXFR', over: 'udp', serial, rcode: 'REFUSED' },
  { ask: 'other.org. IXFR', over: 'udp', serial, rcode: 'REFUSED' },
  // There is no such thing over HTTPS.
  { ask: 'example.org. AXFR', over: 'https', rcode: 'REFUSED' },
  // Incremental ones (RFC 1995 2, 4).
  { ask: 'example.org. IXFR', serial: serial - 1, records: whole },
  { ask: 'example.org. IXFR', serial, records: single },
  { ask: 'example.org. IXFR', serial: serial + 1, records: single },
  { ask: 'example.org. IXFR', serial: serial + 2 ** 31, records: whole },
  { ask: 'example.org. IXFR', serial: 0, records: whole },
  { ask: 'example.org. IXFR', rcode: 'SERVFAIL' },
  { ask: 'example.org. AXFR', serial, records: whole },
  // Nobody's zones, and those that no rule is for, are for the next plugin; so are other questions.
  { ask: 'sub.example.org. AXFR', rcode: 'NOTAUTH' },
  { ask: 'other.org. AXFR', rcode: 'NOTAUTH' },
  { ask: 'example.net. AXFR', rcode: 'NOTAUTH' },
  { ask: 'example.org. SOA', rcode: 'NOTAUTH' },
  { ask: 'example.org. SOA', over: 'udp', rcode: 'NOTAUTH' },
]

function recordsOf(reply: Reply): string[] {
  const streamed = reply.transfer === undefined ? [] : [...reply.transfer]
  return [...reply.answer, ...streamed].flatMap(printRecords)
}

suite('transfers', () => {
  const ask = serving(rules)
  for (const {
    ask: question,
    over = 'tcp',
    from = '10.0.0.9',
    serial: has,
    rcode = 'NOERROR',
    records = [],
  } of cases) {
    const title = `${question}${has === undefined ? '' : `=${has}`} over ${over} from ${from}`
    test(title, async () => {
      const client = { transport: over, address: from }
      const reply = await ask(queryOf(question, { client, ...(has === undefined ? {} : { serial: has }) }))
      assert.equal(printRcode(reply.rcode), rcode)
      assert.deepEqual(recordsOf(reply), records)
      assert.equal(reply.authoritative, rcode === 'NOERROR')
    })
  }
})

test('a transfer is told of when its last record was taken', async () => {
  lines.length = 0
  const query = queryOf('example.org. AXFR', { client: { transport: 'tcp' } })
  const reply = await serving(rules)(query)
  const messages = encodeTransfer(query, reply, reply.transfer ?? [])
  assert.deepEqual(lines, [])
  assert.equal([...messages].length, 1)
  assert.deepEqual(lines, [
    `[INFO] plugin/transfer: Outgoing transfer of 5 records of zone "example.org." to 10.0.0.9 for ${serial} SOA serial`,
  ])
  lines.length = 0
  await serving(rules)(queryOf('example.org. IXFR', { client: { transport: 'tcp' }, serial }))
  assert.deepEqual(lines, [
    `[INFO] plugin/transfer: Outgoing noop, incremental transfer for up to date zone "example.org." to 10.0.0.9 for ${serial} SOA serial`,
  ])
})

test('a plugin whose zone begins with something else is at fault', () => {
  const ask = serving('transfer www.example.org {\n to *\n}')
  assert.throws(() => ask(queryOf('www.example.org. AXFR', { client: { transport: 'tcp' } })), /SOA record/)
})

test("a cluster's zone is handed over, name by name", async () => {
  const ask = handlerFor('transfer cluster.local {\n to *\n}\nkubernetes cluster.local')
  const query = queryOf('cluster.local. AXFR', { client: { transport: 'tcp' } })
  const reply = await ask(query)
  const got = [...encodeTransfer(query, reply, reply.transfer ?? [])].flatMap(
    (message) => decodeMessage(message).answer,
  )
  const [first, ...others] = got.flatMap(printRecords)
  assert.match(first ?? '', /^cluster\.local\. 5 IN SOA /)
  assert.equal(others.at(-1), first)
  assert.ok(others.length > 20)
  const denied = await ask(queryOf('svc.cluster.local. AXFR', { client: { transport: 'tcp' } }))
  assert.equal(printRcode(denied.rcode), 'REFUSED')
})

test('other plugins of the block let a transfer pass as it is', async () => {
  const stanzas = [
    ...[
      'errors',
      'log',
      'loadbalance',
      'cache',
      'minimal',
      'dns64',
      'any',
      'prometheus 127.0.0.1:0',
      'bufsize 512',
      'nsid x',
    ],
    ...['header {\n response set ra\n}', 'rewrite name www.example.org www.example.net', 'rewrite ttl regex .* 1'],
    ...[
      'template IN A {\n rcode NXDOMAIN\n}',
      'acl {\n allow net 10.0.0.0/8\n block\n}',
      'hosts /nowhere {\n fallthrough\n}',
    ],
  ]
  const hosts = { entries: () => undefined, heard: new Promise(() => undefined) }
  const body = `${stanzas.join('\n')}\ntransfer {\n to *\n}\nwhoami`
  const others = plugins.filter(({ name }) => name !== 'whoami')
  const ask = handlerFor(body, {
    plugins: [...others, holding(zones)] as unknown as readonly Plugin<never>[],
    feeds: { hosts, prometheus: undefined },
    log,
  })
  const reply = await ask(queryOf('example.org. AXFR', { client: { transport: 'tcp' } }))
  assert.deepEqual(recordsOf(reply), whole)
})
