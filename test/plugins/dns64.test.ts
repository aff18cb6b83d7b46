import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Class, parseRcode, printRcode, Rcode, Type } from '../../src/dns/codes.ts'
import { changeQuery, type Query } from '../../src/dns/query.ts'
import { errorReply, type Reply, reply, silence } from '../../src/dns/reply.ts'
import { parseRecord, printRecords } from '../../src/dns/text.ts'
import { collectMetrics } from '../../src/metrics.ts'
import { dns64 } from '../../src/plugins/dns64.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

suite('stanzas', () => {
  const usual = { network: '64:ff9b::', bits: 96, all: false, overIpv4: false }
  const good: Readonly<Record<string, unknown>> = {
    dns64: usual,
    'dns64 64:1337::/96': { ...usual, network: '64:1337::' },
    'dns64 {\n  prefix 2001:db8:ffff::1/40\n}': { ...usual, network: '2001:db8:ff00::', bits: 40 },
    'dns64 {\n  translate_all\n  allow_ipv4\n}': { ...usual, all: true, overIpv4: true },
    'dns64 64::/32 {\n  allow_ipv4\n}': { ...usual, network: '64::', bits: 32, overIpv4: true },
    'dns64 64::/32\ndns64 {\n  translate_all\n}': { ...usual, network: '64::', bits: 32, all: true },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(dns64, stanza), config))
  }

  const bad: Readonly<Record<string, string>> = {
    'dns64 a b': "2 - Error during parsing: Wrong argument count or unexpected line ending after 'b'",
    'dns64 foobar': '2 - Error during parsing: invalid CIDR address: foobar',
    'dns64 64:ff9b::/120': '2 - Error during parsing: invalid prefix length "64:ff9b::/120"',
    'dns64 64::1/33': '2 - Error during parsing: invalid prefix length "64::/33"',
    'dns64 64::/24': '2 - Error during parsing: invalid prefix length "64::/24"',
    'dns64 {\n  prefix 10.0.0.1/8\n}': '3 - Error during parsing: invalid netmask 32 IPv6 address: "10.0.0.0/8"',
    'dns64 {\n  prefix\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'prefix'",
    'dns64 {\n  prefix 64::/96 b\n}': "3 - Error during parsing: unknown property 'b'",
    'dns64 {\n  translate_all now\n}': "3 - Error during parsing: unknown property 'now'",
    'dns64 {\n  allow_ipv4 now\n}': "3 - Error during parsing: unknown property 'now'",
    'dns64 {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(dns64, stanza), isCorefileError(`plugin/dns64: Corefile:${message}`)),
    )
  }
})

const address = '2001:db8::9'
const records = (lines: readonly string[]) => lines.map((line) => parseRecord(line))
const print = (value: Reply) => ({
  rcode: printRcode(value.rcode),
  answer: value.answer.flatMap(printRecords),
  authority: value.authority.flatMap(printRecords),
})

/** What comes back where the rest of the chain says `own`, and the whole server `found` of the question for A. */
async function ask(stanza: string, query: Query, own: Reply, found?: Reply): Promise<Reply | undefined> {
  const asked: Query[] = []
  const context = workerContext({
    ask: (one) => {
      asked.push(one)
      return Promise.resolve(found ?? assert.fail('not to be asked'))
    },
  })
  const got = await dns64.handler?.(configOf(dns64, stanza), context)(query, () => own)
  assert.deepEqual(asked, found === undefined ? [] : [changeQuery(query, { type: Type.A })])
  return got
}

suite('replies that are made', () => {
  const soa = (ttl: number) => `org. ${ttl} IN SOA ns.org. root.org. 1 2 3 4 5`
  const www = 'www.example.org. 300 IN A 192.0.2.33'
  interface Made {
    readonly stanza?: string
    readonly rcode?: string
    readonly own?: readonly string[]
    readonly denial?: readonly string[]
    readonly found: readonly string[]
    readonly foundRcode?: string
    readonly answer: readonly string[]
  }
  const at = (text: string, ttl: number = 300) => [`www.example.org. ${ttl} IN AAAA ${text}`]
  const cases: Readonly<Record<string, Made>> = {
    'the well-known prefix': { found: [www], answer: at('64:ff9b::c000:221') },
    // RFC 6052 2.4.
    '/32': { stanza: 'dns64 2001:db8::/32', found: [www], answer: at('2001:db8:c000:221::') },
    '/40': { stanza: 'dns64 2001:db8:100::/40', found: [www], answer: at('2001:db8:1c0:2:21::') },
    '/48': { stanza: 'dns64 2001:db8:122::/48', found: [www], answer: at('2001:db8:122:c000:2:2100::') },
    '/56': { stanza: 'dns64 2001:db8:122:300::/56', found: [www], answer: at('2001:db8:122:3c0:0:221::') },
    '/64': { stanza: 'dns64 2001:db8:122:344::/64', found: [www], answer: at('2001:db8:122:344:c0:2:2100:0') },
    '/96': { stanza: 'dns64 2001:db8:122:344::/96', found: [www], answer: at('2001:db8:122:344::c000:221') },
    'the TTL of a denial': { denial: [soa(60)], found: [www], answer: at('64:ff9b::c000:221', 60) },
    'a denial that lives longer': { denial: [soa(3600)], found: [www], answer: at('64:ff9b::c000:221') },
    'ten minutes without a denial': {
      found: ['www.example.org. 3600 IN A 192.0.2.33'],
      answer: at('64:ff9b::c000:221', 600),
    },
    'an alias before it': {
      own: ['www.example.org. 30 IN CNAME a.org.'],
      found: ['www.example.org. 30 IN CNAME a.org.', 'a.org. 30 IN A 192.0.2.33'],
      answer: ['www.example.org. 30 IN CNAME a.org.', 'a.org. 30 IN AAAA 64:ff9b::c000:221'],
    },
    'a failure': { rcode: 'SERVFAIL', found: [www], answer: at('64:ff9b::c000:221') },
    'two failures': { rcode: 'SERVFAIL', found: [], foundRcode: 'SERVFAIL', answer: [] },
    'no address at all': { denial: [soa(60)], found: [], answer: [] },
    'addresses of its own, with translate_all': {
      stanza: 'dns64 {\n  translate_all\n}',
      own: at('2001:db8::1'),
      found: [www],
      answer: at('64:ff9b::c000:221'),
    },
  }
  for (const [title, { stanza = 'dns64', rcode = 'NOERROR', own = [], denial = [], found, ...rest }] of Object.entries(
    cases,
  )) {
    test(title, async () => {
      const { answer, foundRcode = 'NOERROR' } = rest
      const query = queryOf('www.example.org. AAAA', { client: { address } })
      const before = reply({ rcode: parseRcode(rcode) ?? 0, answer: records(own), authority: records(denial) })
      const after = reply({
        rcode: parseRcode(foundRcode) ?? 0,
        answer: records(found),
        authority: records([soa(7)]),
        authoritative: true,
        authenticData: true,
        recursionAvailable: true,
        fresh: true,
      })
      const got = await ask(stanza, query, before, after)
      assert(got !== undefined)
      assert.deepEqual(print(got), { rcode: foundRcode, answer, authority: [soa(7)] })
      const { authoritative, authenticData, recursionAvailable, fresh, plugin } = got
      assert.deepEqual(
        { authoritative, authenticData, recursionAvailable, fresh, plugin },
        { authoritative: false, authenticData: false, recursionAvailable: true, fresh: true, plugin: 'dns64' },
      )
    })
  }

  test('for clients with IPv4 where they are to have them', async () => {
    const got = await ask(
      'dns64 {\n  allow_ipv4\n}',
      queryOf('www.example.org. AAAA'),
      reply({}),
      reply({ answer: records([www]) }),
    )
    assert.deepEqual(got?.answer.flatMap(printRecords), at('64:ff9b::c000:221'))
  })
  test('silence about the addresses is silence', async () => {
    const query = queryOf('a. AAAA', { client: { address } })
    assert.equal(await ask('dns64', query, reply({}), silence), silence)
  })
  test('they are counted', async () => {
    const server = 'dns://192.0.2.64:53'
    const query = queryOf('a. AAAA', { client: { address, server } })
    await ask('dns64', query, reply({}), reply({}))
    await ask('dns64', query, errorReply(Rcode.NXDOMAIN))
    const metric = collectMetrics().find(
      ({ definition }) => definition.name === 'coredns_dns64_requests_translated_total',
    )
    assert.deepEqual(
      metric?.series.filter(({ values }) => values[0] === server).map(({ cells }) => cells[0]),
      [1],
    )
  })
})

suite('replies that stay', () => {
  const client = { address }
  const own = reply({ answer: records(['a. 30 IN AAAA 2001:db8::1']) })
  const cases: Readonly<Record<string, readonly [Query, Reply]>> = {
    'addresses of its own': [queryOf('a. AAAA', { client }), own],
    'no such name': [queryOf('a. AAAA', { client }), errorReply(Rcode.NXDOMAIN)],
    'an alias to no such name': [
      queryOf('a. AAAA', { client }),
      reply({ rcode: Rcode.NXDOMAIN, answer: records(['a. 30 IN CNAME b.']) }),
    ],
    silence: [queryOf('a. AAAA', { client }), silence],
    'another type': [queryOf('a. A', { client }), reply({})],
    'another class': [queryOf('a. AAAA', { client, class: Class.CH }), reply({})],
    'a client with IPv4': [queryOf('a. AAAA'), reply({})],
  }
  for (const [title, [query, value]] of Object.entries(cases)) {
    test(title, async () => assert.equal(await ask('dns64', query, value), value))
  }
})
