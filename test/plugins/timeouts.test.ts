import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { timeouts } from '../../src/plugins/timeouts.ts'
import { configOf, isCorefileError } from '../context.ts'

suite('stanzas', () => {
  const unlimited = Number.POSITIVE_INFINITY
  const good: Readonly<Record<string, ReturnType<typeof configOf<unknown>>>> = {
    'timeouts {\n  read 30s\n  write 2m\n  idle 24h\n}': { frame: 30_000, write: 120_000, idle: 86_400_000 },
    'timeouts {\n  read 1\n}': { frame: 1000 },
    'timeouts {\n  idle 1500ms\n}': { idle: 1500 },
    'timeouts {\n  maxtcpqueries 100\n}': { queries: 100 },
    'timeouts {\n  maxtcpqueries -1\n}': { queries: unlimited },
    'timeouts {\n  read 1s\n  write 1s\n}\ntimeouts {\n  read 2s\n}': { frame: 2000, write: 1000 },
  }
  for (const [stanza, allowance] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(timeouts, stanza), allowance))
  }

  const count = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`
  const between = 'needs to be between 1 second and 24 hours'
  const bad: Readonly<Record<string, string>> = {
    timeouts: '2 - Error during parsing: timeouts block with no timeouts specified',
    'timeouts {\n}': '2 - Error during parsing: timeouts block with no timeouts specified',
    'timeouts 10s': `2 - Error during parsing: ${count('10s')}`,
    'timeouts {\n  read\n}': `3 - Error during parsing: ${count('read')}`,
    'timeouts {\n  read 1s 2s\n}': `3 - Error during parsing: ${count('2s')}`,
    'timeouts {\n  read 0\n}': `3 - Error during parsing: timeout provided '0s' ${between}`,
    'timeouts {\n  write 999ms\n}': `3 - Error during parsing: timeout provided '999ms' ${between}`,
    'timeouts {\n  idle 25h\n}': `3 - Error during parsing: timeout provided '25h0m0s' ${between}`,
    'timeouts {\n  idle -5\n}': `3 - Error during parsing: timeout provided '-5s' ${between}`,
    'timeouts {\n  idle 5x\n}': "3 - Error during parsing: failed to parse duration '5x'",
    'timeouts {\n  wait 5s\n}': "3 - Error during parsing: unknown option: 'wait'",
    'timeouts {\n  toString 5s\n}': "3 - Error during parsing: unknown option: 'toString'",
    'timeouts {\n  wait x\n}': "3 - Error during parsing: failed to parse duration 'x'",
    'timeouts {\n  read 1s {\n    x\n  }\n}': "3 - Error during parsing: Unexpected token '{', expecting argument",
    'timeouts {\n  maxtcpqueries 0\n}':
      "3 - Error during parsing: maxtcpqueries provided '0' needs to be -1 (unlimited) or a positive integer",
    'timeouts {\n  maxtcpqueries -2\n}':
      "3 - Error during parsing: maxtcpqueries provided '-2' needs to be -1 (unlimited) or a positive integer",
    'timeouts {\n  maxtcpqueries x\n}':
      '3 - Error during parsing: invalid value for maxtcpqueries \'x\': strconv.Atoi: parsing "x": invalid syntax',
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(timeouts, stanza), isCorefileError(`plugin/timeouts: Corefile:${message}`)),
    )
  }
})

test('what is listened on allows it', () => {
  assert.deepEqual(timeouts.listen?.({ frame: 1000 }, { addresses: ['::1'], tcp: { frame: 5, idle: 6 } }), {
    addresses: ['::1'],
    tcp: { frame: 1000, idle: 6 },
  })
})
