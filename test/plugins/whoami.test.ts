import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Rcode } from '../../src/dns/codes.ts'
import type { Client } from '../../src/dns/query.ts'
import { printRecords } from '../../src/dns/text.ts'
import { whoami } from '../../src/plugins/whoami.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

suite('stanzas', () => {
  test('whoami', () => assert.equal(configOf(whoami, 'whoami'), null))
  const bad: Readonly<Record<string, string>> = {
    'whoami x':
      "plugin/whoami: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'whoami {\n  x\n}': "plugin/whoami: Corefile:2 - Error during parsing: Unexpected token '{', expecting argument",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () => assert.throws(() => configOf(whoami, stanza), isCorefileError(message)))
  }
})

suite('answers', () => {
  const handler = whoami.handler?.(null, workerContext())
  const cases: readonly {
    readonly ask: string
    readonly client?: Partial<Client>
    readonly additional: readonly string[]
  }[] = [
    {
      ask: 'example.org. A',
      additional: ['example.org. 0 IN A 10.0.0.9', '_udp.example.org. 0 IN SRV 0 0 40000 .'],
    },
    {
      ask: 'eXample.ORG. MX',
      client: { transport: 'tcp', port: 1 },
      additional: ['eXample.ORG. 0 IN A 10.0.0.9', '_tcp.eXample.ORG. 0 IN SRV 0 0 1 .'],
    },
    // Encrypted transports run over TCP.
    {
      ask: 'example.org. AAAA',
      client: { transport: 'tls', address: '2001:db8::9' },
      additional: ['example.org. 0 IN AAAA 2001:db8::9', '_tcp.example.org. 0 IN SRV 0 0 40000 .'],
    },
    { ask: '. NS', additional: ['. 0 IN A 10.0.0.9', '_udp. 0 IN SRV 0 0 40000 .'] },
    // No room for another label.
    {
      ask: `${'x.'.repeat(126)} A`,
      additional: [`${'x.'.repeat(126)} 0 IN A 10.0.0.9`],
    },
  ]
  for (const { ask, client, additional } of cases) {
    test(`${ask} ${client?.transport ?? ''}`, async () => {
      assert(handler !== undefined)
      const reply = await handler(queryOf(ask, client === undefined ? {} : { client }), () =>
        assert.fail('it answers itself'),
      )
      assert.equal(reply.rcode, Rcode.NOERROR)
      assert.equal(reply.authoritative, true)
      assert.equal(reply.plugin, 'whoami')
      assert.deepEqual([reply.answer, reply.authority], [[], []])
      assert.deepEqual(reply.additional.flatMap(printRecords), additional)
    })
  }
})
