import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { suite, test } from 'node:test'
import { type Reply, reply, silence } from '../../src/dns/reply.ts'
import { nsid } from '../../src/plugins/nsid.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, string | undefined>> = {
    nsid: undefined,
    'nsid x': 'x',
    'nsid Use The   Force': 'Use The Force',
    'nsid "a  b" c': 'a  b c',
  }
  for (const [stanza, text] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.equal(configOf(nsid, stanza), text))
  }
  const bad: Readonly<Record<string, string>> = {
    'nsid\nnsid': '3 - Error during parsing: this plugin can only be used once per Server Block',
    'nsid a {\n  b\n}': "2 - Error during parsing: Unexpected token '{', expecting argument",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(nsid, stanza), isCorefileError(`plugin/nsid: Corefile:${message}`)),
    )
  }
})

suite('options', () => {
  const ask = async (text: string | undefined, codes: readonly number[] | undefined, value: Reply) => {
    const handler = nsid.handler?.(text, workerContext())
    assert(handler !== undefined)
    const options = (codes ?? []).map((code) => ({ code, data: '' }))
    const edns = codes === undefined ? undefined : { udpSize: 1232, version: 0, dnssecOk: false, options }
    const query = queryOf('a.example. A', { edns })
    const [now, later] = [await handler(query, () => value), await handler(query, () => Promise.resolve(value))]
    assert.deepEqual(later, now)
    return now
  }
  const cookie = { code: 10, data: 'cookie' }

  test('who asks is told', async () => {
    const got = await ask('server 1', [10, 3], reply({ options: [cookie], fresh: true }))
    assert.deepEqual(got, reply({ options: [cookie, { code: 3, data: 'server 1' }], fresh: true }))
  })
  test('the name of the host where there is no text', async () => {
    assert.deepEqual((await ask(undefined, [3], reply({}))).options, [{ code: 3, data: hostname() }])
  })
  test('text beyond ASCII is UTF-8', async () => {
    assert.deepEqual((await ask('é', [3], reply({}))).options, [{ code: 3, data: '\xc3\xa9' }])
  })
  test("it takes the place of another server's", async () => {
    const got = await ask('x', [3], reply({ options: [{ code: 3, data: 'upstream' }, cookie] }))
    assert.deepEqual(got.options, [cookie, { code: 3, data: 'x' }])
  })
  test('who does not ask is not', async () => {
    const value = reply({ options: [cookie] })
    for (const codes of [undefined, [], [10]]) assert.equal(await ask('x', codes, value), value)
  })
  test('silence stays silence', async () => assert.equal(await ask('x', [3], silence), silence))
})
