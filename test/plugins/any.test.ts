import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { reply } from '../../src/dns/reply.ts'
import { printRecords } from '../../src/dns/text.ts'
import { any } from '../../src/plugins/any.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

suite('stanzas', () => {
  test('any', () => assert.equal(configOf(any, 'any'), null))
  const bad: Readonly<Record<string, string>> = {
    'any x': "plugin/any: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'any {\n  x\n}': "plugin/any: Corefile:2 - Error during parsing: Unexpected token '{', expecting argument",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () => assert.throws(() => configOf(any, stanza), isCorefileError(message)))
  }
})

suite('answers', () => {
  const handler = any.handler?.(null, workerContext())
  test('any type', async () => {
    assert(handler !== undefined)
    const got = await handler(queryOf('Www.example.ORG. ANY'), () => assert.fail('it answers itself'))
    const line = 'Www.example.ORG. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"'
    assert.deepEqual(got.answer.flatMap(printRecords), [line])
    assert.deepEqual({ ...got, answer: [] }, reply({ plugin: 'any' }))
  })
  test('other types are for those after us', async () => {
    assert(handler !== undefined)
    const value = reply({})
    for (const type of ['A', 'HINFO', 'TYPE254']) {
      assert.equal(await handler(queryOf(`www.example.org. ${type}`), () => value), value)
    }
  })
})
