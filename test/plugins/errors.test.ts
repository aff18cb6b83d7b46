import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Rcode } from '../../src/dns/codes.ts'
import { errorReply, reply, silence } from '../../src/dns/reply.ts'
import { Failure, type Next } from '../../src/plugin.ts'
import { errors } from '../../src/plugins/errors.ts'
import { configOf, isCorefileError, queryOf, recordLog, workerContext } from '../context.ts'

/** A handler for the stanza, and the lines it logs. */
function handlerOf(stanza: string) {
  const { log, lines } = recordLog()
  log.setDebug(true)
  const handler = errors.handler?.(configOf(errors, stanza), workerContext({ log: log.plugin('errors') }))
  assert(handler !== undefined)
  return { handler, lines }
}

const failing =
  (message: string): Next =>
  () => {
    throw new Error(message)
  }

suite('stanzas', () => {
  const none = { stacktrace: false, consolidations: [] }
  const timeout = { period: 300_000, pattern: '.* i/o timeout$', level: 'error', showFirst: false }
  const good: Readonly<Record<string, unknown>> = {
    errors: none,
    'errors stdout': none,
    'errors {\n}': none,
    'errors {\n  stacktrace\n}': { ...none, stacktrace: true },
    'errors {\n  consolidate 5m ".* i/o timeout$"\n}': { ...none, consolidations: [timeout] },
    'errors {\n  consolidate 5m ".* i/o timeout$" warning\n}': {
      ...none,
      consolidations: [{ ...timeout, level: 'warning' }],
    },
    'errors {\n  consolidate 5m ".* i/o timeout$" show_first\n}': {
      ...none,
      consolidations: [{ ...timeout, showFirst: true }],
    },
    'errors {\n  consolidate 1.5s a info show_first\n  consolidate -1s b debug\n}': {
      ...none,
      consolidations: [
        { period: 1500, pattern: 'a', level: 'info', showFirst: true },
        { period: -1000, pattern: 'b', level: 'debug', showFirst: false },
      ],
    },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(errors, stanza), config))
  }

  const bad: Readonly<Record<string, string>> = {
    'errors errors.log': '2 - Error during parsing: invalid log file: errors.log',
    'errors a b': "2 - Error during parsing: Wrong argument count or unexpected line ending after 'b'",
    'errors\nerrors': '3 - Error during parsing: this plugin can only be used once per Server Block',
    'errors {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
    'errors {\n  stacktrace x\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'errors {\n  consolidate\n}':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after 'consolidate'",
    'errors {\n  consolidate 5m\n}':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after '5m'",
    'errors {\n  consolidate 5m a error show_first x\n}':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'errors {\n  consolidate 5 a\n}': '3 - Error during parsing: time: missing unit in duration "5"',
    'errors {\n  consolidate 5m (\n}': '3 - Error during parsing: error parsing regexp: missing closing ): `(`',
    [`errors {\n  consolidate 5m ${'x'.repeat(10_001)}\n}`]:
      '3 - Error during parsing: regex pattern too long: 10001 > 10000',
    'errors {\n  consolidate 5m a fatal\n}': '3 - Error during parsing: unknown option in consolidate: fatal',
    'errors {\n  consolidate 5m a error info\n}':
      '3 - Error during parsing: multiple log levels specified in consolidate',
    'errors {\n  consolidate 5m a show_first info\n}':
      '3 - Error during parsing: log level must come before show_first in consolidate',
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza).slice(0, 80), () =>
      assert.throws(() => configOf(errors, stanza), isCorefileError(`plugin/errors: Corefile:${message}`)),
    )
  }
})

suite('what comes from further down', () => {
  test('replies pass, and nothing is logged', async () => {
    const { handler, lines } = handlerOf('errors')
    for (const value of [reply({ authoritative: true }), errorReply(Rcode.REFUSED), silence]) {
      assert.equal(
        handler(queryOf('example.org. A'), () => value),
        value,
      )
      assert.equal(await handler(queryOf('example.org. A'), async () => value), value)
    }
    assert.deepEqual(lines, [])
  })

  const line = '[ERROR] plugin/errors: 2 example.org. A: no next plugin found'
  test('what is thrown is logged and becomes SERVFAIL', async () => {
    const { handler, lines } = handlerOf('errors')
    const answer = await handler(queryOf('Example.ORG. A'), failing('no next plugin found'))
    assert.equal(answer.rcode, Rcode.SERVFAIL)
    assert.deepEqual(lines, [line])
  })
  test('what is rejected as well', async () => {
    const { handler, lines } = handlerOf('errors')
    const answer = await handler(queryOf('Example.ORG. A'), async () => {
      throw new Error('no next plugin found')
    })
    assert.equal(answer.rcode, Rcode.SERVFAIL)
    assert.deepEqual(lines, [line])
  })
  test('the client of a failure gets the reply it carries', async () => {
    const { handler, lines } = handlerOf('errors')
    const refusal = errorReply(Rcode.REFUSED)
    const answer = await handler(queryOf('Example.ORG. A'), () => {
      throw new Failure('concurrent queries exceeded maximum 1', refusal)
    })
    assert.equal(answer, refusal)
    assert.deepEqual(lines, ['[ERROR] plugin/errors: 5 example.org. A: concurrent queries exceeded maximum 1'])
  })
  test('and what is no error', async () => {
    const { handler, lines } = handlerOf('errors')
    await handler(queryOf('. NS'), () => {
      throw 'a word'
    })
    assert.deepEqual(lines, ['[ERROR] plugin/errors: 2 . NS: a word'])
  })
})

suite('stacktrace', () => {
  const fault: Next = () => {
    throw new TypeError('a fault of ours')
  }
  test('faults are logged with their stack', async () => {
    const { handler, lines } = handlerOf('errors {\n  stacktrace\n}')
    await handler(queryOf('example.org. A'), fault)
    assert.match(
      lines.join('\n'),
      /^\[ERROR\] plugin\/errors: 2 example\.org\. A: TypeError: a fault of ours\n +at .*errors\.test\.ts/,
    )
  })
  test('what plugins have to tell is not', async () => {
    const { handler, lines } = handlerOf('errors {\n  stacktrace\n}')
    await handler(queryOf('example.org. A'), failing('i/o timeout'))
    assert.deepEqual(lines, ['[ERROR] plugin/errors: 2 example.org. A: i/o timeout'])
  })
  test('nor are faults without the property', async () => {
    const { handler, lines } = handlerOf('errors')
    await handler(queryOf('example.org. A'), fault)
    assert.deepEqual(lines, ['[ERROR] plugin/errors: 2 example.org. A: a fault of ours'])
  })
})

/** Waits for as many lines as there are expected. */
async function settle(lines: readonly string[], count: number): Promise<void> {
  for (let tries = 0; lines.length < count && tries < 1000; tries++) await sleep(10)
}

suite('consolidate', () => {
  const stanza = (options: string) =>
    `errors {\n  consolidate 20ms "timeout$" ${options}\n  consolidate 1h "time" info\n}`

  test('counts, and tells once at the end of the period', async () => {
    const { handler, lines } = handlerOf(stanza(''))
    for (let i = 0; i < 3; i++) await handler(queryOf('a.org. A'), failing('i/o timeout'))
    await handler(queryOf('b.org. A'), failing('refused'))
    assert.deepEqual(lines, ['[ERROR] plugin/errors: 2 b.org. A: refused'])
    await settle(lines, 2)
    assert.deepEqual(lines.slice(1), ["[ERROR] plugin/errors: 3 errors like 'timeout$' occurred in last 20ms"])
    // The next period is another.
    await handler(queryOf('a.org. A'), failing('i/o timeout'))
    await settle(lines, 3)
    assert.deepEqual(lines.slice(2), ["[ERROR] plugin/errors: 1 errors like 'timeout$' occurred in last 20ms"])
  })

  test('the first pattern that matches counts', async () => {
    const { handler, lines } = handlerOf(stanza('warning'))
    await handler(queryOf('a.org. A'), failing('timeout'))
    await handler(queryOf('a.org. A'), failing('out of time'))
    await settle(lines, 1)
    assert.deepEqual(lines, ["[WARNING] plugin/errors: 1 errors like 'timeout$' occurred in last 20ms"])
  })

  test('show_first logs the first one as well', async () => {
    const { handler, lines } = handlerOf(stanza('debug show_first'))
    await handler(queryOf('a.org. A'), failing('1 timeout'))
    await handler(queryOf('a.org. A'), failing('2 timeout'))
    await settle(lines, 2)
    assert.deepEqual(lines, [
      '[DEBUG] plugin/errors: 2 a.org. A: 1 timeout',
      "[DEBUG] plugin/errors: 2 errors like 'timeout$' occurred in last 20ms",
    ])
  })

  test('show_first says no more of one alone', async () => {
    const { handler, lines } = handlerOf('errors {\n  consolidate 1ms alone show_first\n  consolidate 1ms other\n}')
    await handler(queryOf('a.org. A'), failing('alone'))
    await sleep(5)
    // Timers of equal length fire in order, so the first one's period is over when the second one is told.
    await handler(queryOf('a.org. A'), failing('other'))
    await settle(lines, 2)
    assert.deepEqual(lines, [
      '[ERROR] plugin/errors: 2 a.org. A: alone',
      "[ERROR] plugin/errors: 1 errors like 'other' occurred in last 1ms",
    ])
  })
})
