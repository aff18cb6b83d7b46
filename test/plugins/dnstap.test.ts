import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dnstap } from '../../src/plugins/dnstap.ts'
import { configOf, isCorefileError, mainContext, recordLog } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, string>> = {
    'dnstap /tmp/dnstap.sock': '/tmp/dnstap.sock',
    'dnstap tcp://tap:6000 full 2 3': 'tcp://tap:6000',
    'dnstap listen tls://:6000 full\ndnstap unix:///x': 'tls://:6000,unix:///x',
    'dnstap x {\n  skipverify\n  identity a\n  version b\n  extra "{type}"\n}': 'x',
    'dnstap listen x {\n  tls cert key\n}': 'x',
  }
  for (const [stanza, endpoints] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.equal(configOf(dnstap, stanza).endpoints.join(), endpoints))
  }

  const bad: Readonly<Record<string, string>> = {
    dnstap: "2 - Error during parsing: Wrong argument count or unexpected line ending after 'dnstap'",
    'dnstap listen': '2 - Error during parsing: dnstap listen requires an endpoint argument',
    'dnstap x full y':
      '2 - Error during parsing: dnstap: invalid MultipleTcpWriteBuf "y": strconv.Atoi: parsing "y": invalid syntax',
    'dnstap x full 1025':
      '2 - Error during parsing: dnstap: MultipleTcpWriteBuf must be between 1 and 1024 (MiB units): 1025',
    'dnstap x full 1 0':
      '2 - Error during parsing: dnstap: MultipleQueue must be between 1 and 4096 (x10k messages): 0',
    'dnstap x {\n  tls a b\n}': '3 - Error during parsing: tls directive only valid for listeners',
    'dnstap listen x {\n  tls a\n}': '3 - Error during parsing: tls requires cert and key file paths',
    'dnstap x {\n  identity\n}':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after 'identity'",
    'dnstap x {\n  version a b\n}': "3 - Error during parsing: unknown property 'b'",
    'dnstap x {\n  skipverify a\n}': "3 - Error during parsing: unknown property 'a'",
    'dnstap x {\n  y\n}': "3 - Error during parsing: unknown property 'y'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(dnstap, stanza), isCorefileError(`plugin/dnstap: Corefile:${message}`)),
    )
  }
})

test('the log says that it does nothing, and no query meets it', async () => {
  const { log, lines } = recordLog()
  const { signal } = new AbortController()
  await dnstap.background?.(
    configOf(dnstap, 'dnstap tcp://tap:6000'),
    mainContext(signal, { log: log.plugin('dnstap') }),
  )
  assert.deepEqual(lines, ['[WARNING] plugin/dnstap: no messages are copied to tcp://tap:6000: not supported here'])
  assert.equal(dnstap.handler, undefined)
})
