import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { printRcode, Rcode } from '../../src/dns/codes.ts'
import { reply } from '../../src/dns/reply.ts'
import { printRecords } from '../../src/dns/text.ts'
import { collectMetrics } from '../../src/metrics.ts'
import { local } from '../../src/plugins/local.ts'
import { configOf, isCorefileError, queryOf, recordLog, workerContext } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, boolean>> = {
    local: true,
    'local {\n  localhost_prefix on\n}': true,
    'local {\n  localhost_prefix off\n}': false,
    'local {\n  localhost_prefix off\n}\nlocal': false,
    'local {\n  localhost_prefix off\n  localhost_prefix on\n}': true,
  }
  for (const [stanza, localhostPrefix] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(local, stanza), { localhostPrefix }))
  }
  const count = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`
  const bad: Readonly<Record<string, string>> = {
    'local x': `2 - Error during parsing: ${count('x')}`,
    'local\nlocal x': `3 - Error during parsing: ${count('x')}`,
    'local {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
    'local {\n  localhost_prefix\n}': `3 - Error during parsing: ${count('localhost_prefix')}`,
    'local {\n  localhost_prefix on off\n}': `3 - Error during parsing: ${count('off')}`,
    'local {\n  localhost_prefix maybe\n}':
      "3 - Error during parsing: localhost_prefix expects 'on' or 'off', got \"maybe\"",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(local, stanza), isCorefileError(`plugin/local: Corefile:${message}`)),
    )
  }
})

const soaOf = (owner: string) => `${owner} 604800 IN SOA localhost. root.localhost. 1 0 0 0 604800`

/** What is answered: rcode where it isn't NOERROR, records, those of authority after `--`; or `next`. */
async function answerOf(question: string, localhostPrefix = true) {
  const handler = local.handler?.({ localhostPrefix }, workerContext())
  assert(handler !== undefined)
  const passed = reply({})
  const got = await handler(queryOf(question), () => passed)
  if (got === passed) return ['next']
  assert.deepEqual({ ...got, rcode: 0, answer: [], authority: [] }, reply({ plugin: 'local' }))
  return [
    ...(got.rcode === Rcode.NOERROR ? [] : [printRcode(got.rcode)]),
    ...got.answer.flatMap(printRecords),
    ...(got.authority.length === 0 ? [] : ['--', ...got.authority.flatMap(printRecords)]),
  ]
}

suite('answers', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'localhost. A': ['localhost. 604800 IN A 127.0.0.1'],
    'LocalHost. AAAA': ['LocalHost. 604800 IN AAAA ::1'],
    'localhost. NS': ['localhost. 604800 IN NS localhost.'],
    'LOCALHOST. SOA': [soaOf('LOCALHOST.')],
    'localhost. TXT': ['--', soaOf('localhost.')],
    'a.B.localhost. A': ['a.B.localhost. 604800 IN A 127.0.0.1'],
    'a.localhost. AAAA': ['a.localhost. 604800 IN AAAA ::1'],
    'a.localhost. MX': ['--', soaOf('a.localhost.')],
    'localhost.example.ORG. A': ['localhost.example.ORG. 604800 IN A 127.0.0.1'],
    'localhost.example.org. SRV': ['--', soaOf('localhost.example.org.')],
    'localhost.localhost. A': ['localhost.localhost. 604800 IN A 127.0.0.1'],
    '1.0.0.127.In-addr.arpa. PTR': ['1.0.0.127.In-addr.arpa. 604800 IN PTR localhost.'],
    '1.0.0.127.In-addr.arpa. A': ['--', soaOf('127.In-addr.arpa.')],
    '2.0.0.127.in-addr.arpa. PTR': ['NXDOMAIN', '--', soaOf('127.in-addr.arpa.')],
    '0.0.127.in-addr.arpa. PTR': ['NXDOMAIN', '--', soaOf('127.in-addr.arpa.')],
    '0.0.0.0.in-addr.arpa. PTR': ['NXDOMAIN', '--', soaOf('0.in-addr.arpa.')],
    '255.255.255.255.in-addr.arpa. PTR': ['NXDOMAIN', '--', soaOf('255.in-addr.arpa.')],
    '127.in-addr.arpa. SOA': [soaOf('127.in-addr.arpa.')],
    '0.in-addr.arpa. NS': ['0.in-addr.arpa. 604800 IN NS localhost.'],
    '255.in-addr.arpa. A': ['--', soaOf('255.in-addr.arpa.')],
    '127.in-addr.arpa. AAAA': ['--', soaOf('127.in-addr.arpa.')],
    '127.in-addr.arpa. PTR': ['--', soaOf('127.in-addr.arpa.')],
    'example.org. A': ['next'],
    'xlocalhost. A': ['next'],
    'localhosts.example.org. A': ['next'],
    'www.localhost.example.org. A': ['next'],
    '1.0.0.126.in-addr.arpa. PTR': ['next'],
  }
  for (const [question, lines] of Object.entries(cases)) {
    test(question, async () => assert.deepEqual(await answerOf(question), lines))
  }

  test('localhost_prefix off', async () => {
    assert.deepEqual(await answerOf('localhost.example.org. A', false), ['next'])
    assert.deepEqual(await answerOf('a.localhost. A', false), ['a.localhost. 604800 IN A 127.0.0.1'])
    assert.deepEqual(await answerOf('localhost. A', false), ['localhost. 604800 IN A 127.0.0.1'])
  })

  test('other names of this host are counted and can be seen in the log', async () => {
    const count = () =>
      collectMetrics()
        .find(({ definition }) => definition.name === 'coredns_local_localhost_requests_total')
        ?.series.map(({ cells }) => cells[0])
    const { log, lines } = recordLog()
    log.setDebug(true)
    const handler = local.handler?.({ localhostPrefix: true }, workerContext({ log: log.plugin('local') }))
    const [before = 0] = count() ?? []
    await handler?.(queryOf('A.localhost. AAAA'), () => assert.fail())
    await handler?.(queryOf('localhost. AAAA'), () => assert.fail())
    assert.deepEqual(count(), [before + 1])
    assert.deepEqual(lines, [
      '[DEBUG] plugin/local: Intercepting localhost query for "a.localhost." AAAA, from 10.0.0.9',
    ])
  })
})
