import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { HttpListener } from '../../src/http.ts'
import type { MainContext } from '../../src/plugin.ts'
import { health } from '../../src/plugins/health.ts'
import { configOf, isCorefileError, mainContext, recordLog } from '../context.ts'
import { samplesOf } from '../samples.ts'

const end = new AbortController()
after(() => end.abort())

suite('stanzas', () => {
  const good: Readonly<Record<string, unknown>> = {
    health: { address: { host: '', port: 8080 }, lameduck: 0 },
    'health {\n}': { address: { host: '', port: 8080 }, lameduck: 0 },
    'health localhost:8091': { address: { host: 'localhost', port: 8091 }, lameduck: 0 },
    'health [::1]:8091': { address: { host: '::1', port: 8091 }, lameduck: 0 },
    'health {\n  lameduck 5s\n}': { address: { host: '', port: 8080 }, lameduck: 5000 },
    'health {\n  lameduck 1s\n  lameduck -2s\n}': { address: { host: '', port: 8080 }, lameduck: -2000 },
    // Of several each replaces what it names.
    'health :1 {\n  lameduck 1s\n}\nhealth :2\nhealth': { address: { host: '', port: 2 }, lameduck: 1000 },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(health, stanza), config))
  }

  const bad: Readonly<Record<string, string>> = {
    'health 8080': '2 - Error during parsing: address 8080: missing port in address',
    'health ::1:8080': '2 - Error during parsing: address ::1:8080: too many colons in address',
    'health :1 :2': "2 - Error during parsing: Wrong argument count or unexpected line ending after ':2'",
    'health {\n  lameduck\n}':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after 'lameduck'",
    'health {\n  lameduck 1s 2s\n}':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after '2s'",
    'health {\n  lameduck 5\n}':
      '3 - Error during parsing: unable to parse lameduck duration value: \'5\' : time: missing unit in duration "5"',
    'health {\n  duck\n}': "3 - Error during parsing: unknown property 'duck'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(health, stanza), isCorefileError(`plugin/health: Corefile:${message}`)),
    )
  }
})

type Server = MainContext['server']

/** Begins the background work of a stanza on a free port; what is not given is a server that is well. */
async function begin(stanza: string, server: Partial<Server>, log = recordLog().log) {
  const listener = await HttpListener.open('127.0.0.1', 0, end.signal)
  const keys: string[] = []
  const share = <T>(key: string): T => {
    keys.push(key)
    return Promise.resolve(listener) as T
  }
  const background = await health.background?.(
    configOf(health, stanza),
    mainContext(end.signal, { server, share, log: log.plugin('health') }),
  )
  assert.equal(background?.pending, undefined)
  return { keys, url: `http://127.0.0.1:${listener.port}/health` }
}

// Before the others begin checks of their own, which count too.
suite('the check', () => {
  const counts = () => [
    samplesOf('coredns_health_request_duration_seconds')[''] ?? 0,
    samplesOf('coredns_health_request_failures_total')[''] ?? 0,
  ]
  test('once a second: is timed, and told of where something is wrong', async (t) => {
    // Before the listener and its timers are there, so that they too have the test's clock.
    t.mock.timers.enable({ apis: ['setInterval'] })
    const [checks = 0, failed = 0] = counts()
    let ailment: string | undefined
    const { log, lines } = recordLog()
    await begin('health', { ailing: async () => ailment }, log)
    const pass = async () => {
      t.mock.timers.tick(1000)
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    }
    assert.deepEqual(counts(), [checks, failed])
    await pass()
    assert.deepEqual([...counts(), ...lines], [checks + 1, failed])
    ailment = 'no worker is running'
    await pass()
    assert.deepEqual(counts(), [checks + 2, failed + 1])
    assert.deepEqual(lines, ['[WARNING] plugin/health: Local health request failed: no worker is running'])
  })
  test('is not begun anew before it is done', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let asked = 0
    const answer = Promise.withResolvers<undefined>()
    await begin('health', {
      ailing: () => {
        asked++
        return answer.promise
      },
    })
    t.mock.timers.tick(1000)
    t.mock.timers.tick(1000)
    assert.equal(asked, 1)
    answer.resolve(undefined)
  })
})

suite('the page', () => {
  test('is OK while the server is well', async () => {
    const { url, keys } = await begin('health 127.0.0.1:8091', {})
    const response = await fetch(url)
    assert.deepEqual([response.status, await response.text()], [200, 'OK'])
    assert.deepEqual(keys, ['http 127.0.0.1:8091'])
  })
  test('says what ails it, as long as it does', async () => {
    let ailment: string | undefined = '1 of 2 workers gave no sign of life for 1000 ms'
    const { url } = await begin('health', { ailing: async () => ailment })
    const ill = await fetch(url)
    assert.deepEqual([ill.status, await ill.text()], [503, '1 of 2 workers gave no sign of life for 1000 ms'])
    ailment = undefined
    assert.equal((await fetch(url)).status, 200)
  })
  test('an address that is taken is an error', async () => {
    const { port } = await HttpListener.open('127.0.0.1', 0, end.signal)
    const config = configOf(health, `health 127.0.0.1:${port}`)
    await assert.rejects(async () => health.background?.(config, mainContext(end.signal)), {
      message: `listen tcp 127.0.0.1:${port}: bind: address already in use`,
    })
  })
})

suite('lameduck', () => {
  async function hooksOf(stanza: string) {
    const hooks: (() => unknown)[] = []
    const { log, lines } = recordLog()
    await begin(stanza, { onStop: (hook) => hooks.push(hook) }, log)
    return { hooks, lines }
  }
  test('holds up the stop, and says so', async () => {
    const { hooks, lines } = await hooksOf('health {\n  lameduck 50ms\n}')
    assert.equal(hooks.length, 1)
    assert.deepEqual(lines, [])
    const start = performance.now()
    await hooks[0]?.()
    assert(performance.now() - start > 45)
    assert.deepEqual(lines, ['[INFO] plugin/health: Going into lameduck mode for 50ms'])
  })
  for (const stanza of ['health', 'health {\n  lameduck 0\n}', 'health {\n  lameduck -1s\n}']) {
    test(`none: ${JSON.stringify(stanza)}`, async () => assert.deepEqual((await hooksOf(stanza)).hooks, []))
  }
})
