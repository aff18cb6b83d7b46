import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Client, EdnsOption, Query } from '../../../src/dns/query.ts'
import { reply } from '../../../src/dns/reply.ts'
import type { Facets, Next } from '../../../src/plugin.ts'
import { rewrite } from '../../../src/plugins/rewrite/index.ts'
import { configOf, queryOf, workerContext } from '../../context.ts'

/** `CODE:HEX CODE:HEX` */
const printOptions = (options: readonly EdnsOption[]): string =>
  options.map(({ code, data }) => `${code}:${Buffer.from(data, 'latin1').toString('hex')}`).join(' ')

const parseOptions = (text: string): EdnsOption[] =>
  text.split(' ').flatMap((word) => {
    const [code = '', hex = ''] = word.split(':')
    return word === '' ? [] : [{ code: Number(code), data: Buffer.from(hex, 'hex').toString('latin1') }]
  })

/** What other plugins of the block tell. */
const offers = new Map<string, Facets>([
  ['whoami', { metadata: (_, key) => (key === 'whoami/name' ? 'é' : undefined) }],
])

/** The options of the question that arrives behind the rules, and those that the client gets of a reply's. */
async function exchange(
  rules: string,
  sent: string | undefined,
  replied: string,
  client: Partial<Client> = {},
): Promise<{ readonly arrived: string | undefined; readonly got: string; readonly query: Query }> {
  let arrived: Query | undefined
  const handler = rewrite.handler?.(configOf(rewrite, rules), workerContext({ offers }))
  const next: Next = (query) => {
    arrived = query
    return reply({ options: parseOptions(replied) })
  }
  const edns = { udpSize: 1400, version: 0, dnssecOk: true, options: parseOptions(sent ?? '') }
  const asked = queryOf('Example.org. AAAA', { client, edns: sent === undefined ? undefined : edns })
  const { options = [] } = (await handler?.(asked, next)) ?? {}
  assert(arrived !== undefined)
  const read = arrived.edns === undefined ? undefined : printOptions(arrived.edns.options)
  return { arrived: read, got: printOptions(options), query: arrived }
}

suite('what a question has behind a rule', () => {
  const cases: readonly (readonly [rule: string, sent: string | undefined, arrived: string | undefined])[] = [
    ['local set 0xffee abc', '', '65518:616263'],
    ['local set 65518 0xabcd', '1:00 65518:61 2:00', '1:00 65518:abcd 2:00'],
    ['local append 0xffee é', '65518:61', '65518:61 65518:c3a9'],
    ['local replace 0xffee x', '65518:61', '65518:78'],
    ['local replace 0xffee x', '1:00', '1:00'],
    ['local unset 0xffee', '65518:61 1:00 65518:62', '1:00'],
    ['local set 010 x', '', '8:78'],
    ['local set 0xffee {qname}', '', `65518:${Buffer.from('Example.org.').toString('hex')}`],
    ['local set 0xffee {qtype}', '', '65518:001c'],
    ['local set 0xffee {client_ip}', '', '65518:0a000009'],
    ['local set 0xffee {client_port}', '', '65518:9c40'],
    ['local set 0xffee {server_ip}', '', '65518:0a000035'],
    ['local set 0xffee {server_port}', '', '65518:0035'],
    ['local set 0xffee {protocol}', '', '65518:756470'],
    ['local set 0xffee {whoami/name}', '', '65518:c3a9'],
    ['local set 0xffee {whoami/other}', '', ''],
    ['local set 0xffee {nobody/name}', '', ''],
    ['local append 0xffee {qtype}', '65518:61', '65518:61'],
    ['nsid set', '3:61', '3:'],
    ['nsid append', undefined, '3:'],
    ['nsid replace', '1:00', '1:00'],
    ['nsid unset', '1:00 3:', '1:00'],
    ['subnet set 24 56', '', '8:000118000a0000'],
    ['subnet set 0 0', '', '8:00010000'],
    ['subnet set 30 56', '', '8:00011e000a000008'],
    ['subnet replace 32 56', '8:00', '8:000120000a000009'],
    ['subnet replace 32 56', undefined, undefined],
    ['subnet append 24 56', '8:00', '8:00'],
    ['subnet unset', '8:00', ''],
  ]
  for (const [rule, sent, arrived] of cases) {
    test(`${rule}, of ${sent ?? 'none'}`, async () => {
      assert.equal((await exchange(`rewrite edns0 ${rule}`, sent, '')).arrived, arrived)
    })
  }
  test('subnet of an IPv6 client', async () => {
    const client = { address: '2001:db8:1:ffff::9%eth0' }
    const { arrived } = await exchange('rewrite edns0 subnet set 24 49', '', '', client)
    assert.equal(arrived, '8:0002310020010db8000180')
  })
  test('protocol of a client by TCP', async () => {
    const { arrived } = await exchange('rewrite edns0 local set 1 {protocol}', '', '', { transport: 'tcp' })
    assert.equal(arrived, '1:746370')
  })
  test('the rest of what the client says of EDNS', async () => {
    const { query } = await exchange('rewrite edns0 nsid set', '', '')
    assert.deepEqual({ ...query.edns, options: [] }, { udpSize: 1400, version: 0, dnssecOk: true, options: [] })
  })
})

suite('what a client gets', () => {
  const cases: readonly (readonly [rule: string, sent: string, replied: string, got: string])[] = [
    ['local set 0xffee x', '', '65518:79 1:00', '65518:79 1:00'],
    ['local set 0xffee x revert', '', '65518:79 1:00', '1:00'],
    ['local set 0xffee x revert', '65518:61', '65518:79', '65518:61'],
    ['local set 0xffee x revert', '65518:61', '1:00', '1:00'],
    ['nsid append revert', '', '3:61', ''],
    ['subnet set 24 56 revert', '8:00', '1:00 8:000118180a0000', '1:00 8:00'],
  ]
  for (const [rule, sent, replied, got] of cases) {
    test(`${rule}, of ${replied}`, async () => {
      assert.equal((await exchange(`rewrite edns0 ${rule}`, sent, replied)).got, got)
    })
  }
})

test('a rule that is not for the question is not the last one', async () => {
  const rules = 'rewrite edns0 local replace 1 x\nrewrite edns0 local set 2 x\nrewrite edns0 local set 3 x'
  assert.equal((await exchange(rules, '', '')).arrived, '2:78')
})
