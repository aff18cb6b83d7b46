import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { HttpListener } from '../../src/http.ts'
import { ready } from '../../src/plugins/ready.ts'
import { configOf, isCorefileError, mainContext, recordLog } from '../context.ts'

const end = new AbortController()
after(() => end.abort())

suite('stanzas', () => {
  const good: Readonly<Record<string, unknown>> = {
    ready: { address: { host: '', port: 8181 }, continuously: false },
    'ready localhost:8091': { address: { host: 'localhost', port: 8091 }, continuously: false },
    'ready {\n  monitor until-ready\n}': { address: { host: '', port: 8181 }, continuously: false },
    'ready :1 {\n  monitor continuously\n}': { address: { host: '', port: 1 }, continuously: true },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(ready, stanza), config))
  }

  const bad: Readonly<Record<string, string>> = {
    'ready 8181': '2 - Error during parsing: address 8181: missing port in address',
    'ready :1 :2': "2 - Error during parsing: Wrong argument count or unexpected line ending after ':2'",
    'ready\nready': '3 - Error during parsing: this plugin can only be used once per Server Block',
    'ready {\n  monitor\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'monitor'",
    'ready {\n  monitor always\n}': "3 - Error during parsing: monitor type 'always' not supported",
    'ready {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(ready, stanza), isCorefileError(`plugin/ready: Corefile:${message}`)),
    )
  }
})

/** Asks the page after each of these: which plugins wait for something. Tells status and body each time. */
async function ask(stanza: string, moments: readonly (readonly string[] | 'stopping')[]) {
  const listener = await HttpListener.open('127.0.0.1', 0, end.signal)
  const { log, lines } = recordLog()
  let moment: readonly string[] | 'stopping' = []
  const server = {
    pending: () => new Map(moment === 'stopping' ? [] : moment.map((plugin) => [plugin, ['something']])),
    stopping: () => moment === 'stopping',
  }
  const share = <T>(): T => Promise.resolve(listener) as T
  await ready.background?.(
    configOf(ready, stanza),
    mainContext(end.signal, { server, share, log: log.plugin('ready') }),
  )
  const told: string[] = []
  for (moment of moments) {
    const response = await fetch(`http://127.0.0.1:${listener.port}/ready`)
    told.push(`${response.status} ${await response.text()}`)
  }
  return { told, lines }
}

suite('the page', () => {
  test('is OK when nothing is missing', async () => {
    assert.deepEqual(await ask('ready', [[]]), { told: ['200 OK'], lines: [] })
  })
  test('names the plugins that wait, in order', async () => {
    assert.deepEqual(await ask('ready', [['kubernetes', 'etcd'], ['kubernetes'], []]), {
      told: ['503 etcd,kubernetes', '503 kubernetes', '200 OK'],
      lines: [
        '[INFO] plugin/ready: Plugins not ready: "etcd,kubernetes"; etcd waits for something; kubernetes waits for something',
        '[INFO] plugin/ready: Plugins not ready: "kubernetes"; kubernetes waits for something',
      ],
    })
  })
  test('who was ready once stays so', async () => {
    const moments = [['kubernetes', 'etcd'], ['etcd'], ['kubernetes', 'etcd'], [], ['kubernetes', 'etcd']]
    const { told } = await ask('ready', moments)
    assert.deepEqual(told, ['503 etcd,kubernetes', '503 etcd', '503 etcd', '200 OK', '200 OK'])
  })
  test('but with monitor continuously', async () => {
    const { told } = await ask('ready {\n  monitor continuously\n}', [['kubernetes'], [], ['kubernetes']])
    assert.deepEqual(told, ['503 kubernetes', '200 OK', '503 kubernetes'])
  })
  test('says that the server is shutting down', async () => {
    assert.deepEqual(await ask('ready', [[], 'stopping']), { told: ['200 OK', '503 Shutting down'], lines: [] })
  })
})
