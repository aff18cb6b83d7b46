import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { pprof } from '../../src/plugins/pprof.ts'
import { configOf, isCorefileError, mainContext, recordLog } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, string>> = {
    pprof: 'localhost:6053',
    'pprof :6060': ':6060',
    'pprof localhost:1 {\n  block\n}': 'localhost:1',
    'pprof {\n  block -5\n}': 'localhost:6053',
  }
  for (const [stanza, address] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.equal(configOf(pprof, stanza).address, address))
  }

  const bad: Readonly<Record<string, string>> = {
    'pprof localhost': '2 - Error during parsing: address localhost: missing port in address',
    'pprof :1 :2': "2 - Error during parsing: Wrong argument count or unexpected line ending after ':2'",
    'pprof\npprof': '3 - Error during parsing: this plugin can only be used once per Server Block',
    'pprof {\n  block x\n}': "3 - Error during parsing: property 'block' invalid integer value 'x'",
    'pprof {\n  block 1 2\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after '2'",
    'pprof {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(pprof, stanza), isCorefileError(`plugin/pprof: Corefile:${message}`)),
    )
  }
})

test('the log says that it does nothing, and no query meets it', async () => {
  const { log, lines } = recordLog()
  const { signal } = new AbortController()
  await pprof.background?.(configOf(pprof, 'pprof :6060'), mainContext(signal, { log: log.plugin('pprof') }))
  assert.deepEqual(lines, ['[WARNING] plugin/pprof: no profiles are served at :6060: not supported here'])
  assert.equal(pprof.handler, undefined)
})
