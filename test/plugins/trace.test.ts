import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { trace } from '../../src/plugins/trace.ts'
import { configOf, isCorefileError, mainContext, recordLog } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, string>> = {
    trace: 'http://localhost:9411/api/v2/spans',
    'trace tracer:1': 'http://tracer:1/api/v2/spans',
    'trace https://tracer/spans': 'https://tracer/spans',
    'trace DataDog tracer:8126': 'tracer:8126',
    'trace zipkin tracer:1\ntrace datadog ""': 'localhost:8126',
    'trace {\n  every 100\n  service x\n  client_server\n  client_server T\n  datadog_analytics_rate\n  datadog_analytics_rate 0.5\n  zipkin_max_backlog_size 1\n  zipkin_max_batch_size -1\n  zipkin_max_batch_interval 2s\n}':
      'http://localhost:9411/api/v2/spans',
  }
  for (const [stanza, endpoint] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.equal(configOf(trace, stanza).endpoint, endpoint))
  }

  const bad: Readonly<Record<string, string>> = {
    'trace a b c': "2 - Error during parsing: Wrong argument count or unexpected line ending after 'c'",
    'trace jaeger b': "2 - Error during parsing: tracing endpoint type 'jaeger' is not supported",
    'trace {\n  every\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'every'",
    'trace {\n  every -1\n}': '3 - Error during parsing: strconv.ParseUint: parsing "-1": invalid syntax',
    'trace {\n  every 18446744073709551616\n}':
      '3 - Error during parsing: strconv.ParseUint: parsing "18446744073709551616": value out of range',
    'trace {\n  service\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'service'",
    'trace {\n  client_server yes\n}': '3 - Error during parsing: strconv.ParseBool: parsing "yes": invalid syntax',
    'trace {\n  datadog_analytics_rate 1.5\n}':
      "3 - Error during parsing: datadog analytics rate must be between 0 and 1, '1.500000' is not supported",
    'trace {\n  zipkin_max_batch_size x\n}': '3 - Error during parsing: strconv.Atoi: parsing "x": invalid syntax',
    'trace {\n  zipkin_max_batch_interval 5\n}': '3 - Error during parsing: time: missing unit in duration "5"',
    'trace {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(trace, stanza), isCorefileError(`plugin/trace: Corefile:${message}`)),
    )
  }
})

test('the log says that it does nothing, and no query meets it', async () => {
  const { log, lines } = recordLog()
  const { signal } = new AbortController()
  await trace.background?.(configOf(trace, 'trace tracer:1'), mainContext(signal, { log: log.plugin('trace') }))
  assert.deepEqual(lines, [
    '[WARNING] plugin/trace: no traces are sent to http://tracer:1/api/v2/spans: not supported here',
  ])
  assert.equal(trace.handler, undefined)
})
