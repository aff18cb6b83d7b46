import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { errorReply, type Reply, reply } from '../../src/dns/reply.ts'
import { cancel } from '../../src/plugins/cancel.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, number>> = {
    cancel: 5001,
    'cancel {\n}': 5001,
    'cancel 1s': 1000,
    'cancel 500ms': 500,
    'cancel 1s\ncancel 2s': 2000,
    'cancel 1s\ncancel': 5001,
  }
  for (const [stanza, timeout] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.equal(configOf(cancel, stanza), timeout))
  }
  const bad: Readonly<Record<string, string>> = {
    'cancel x': '2 - Error during parsing: invalid duration: "x"',
    'cancel 5': '2 - Error during parsing: invalid duration: "5"',
    'cancel 0': '2 - Error during parsing: invalid negative duration: "0"',
    'cancel -1s': '2 - Error during parsing: invalid negative duration: "-1s"',
    'cancel 1s 2s': "2 - Error during parsing: Wrong argument count or unexpected line ending after '2s'",
    'cancel\ncancel x': '3 - Error during parsing: invalid duration: "x"',
    'cancel {\n  x\n}': "2 - Error during parsing: Unexpected token '{', expecting argument",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(cancel, stanza), isCorefileError(`plugin/cancel: Corefile:${message}`)),
    )
  }
})

suite('questions', () => {
  const ask = async (timeout: number, value: Reply | Promise<Reply>) => {
    const handler = cancel.handler?.(timeout, workerContext())
    assert(handler !== undefined)
    return handler(queryOf('example.org. A'), () => value)
  }
  const value = reply({ plugin: 'x' })

  test('what is answered at once', () => {
    const handler = cancel.handler?.(1, workerContext())
    // No promise comes of it.
    assert.equal(
      handler?.(queryOf('example.org. A'), () => value),
      value,
    )
  })
  test('what is answered in time', async () => assert.equal(await ask(60_000, Promise.resolve(value)), value))
  test('what fails in time fails', async () => {
    await assert.rejects(ask(60_000, Promise.reject(new Error('refused'))), { message: 'refused' })
  })
  test('what takes too long', async () => {
    const late = errorReply(2, { code: 0, text: 'no answer within 1ms' })
    assert.deepEqual(await ask(1, new Promise(() => undefined)), late)
  })
  test('what fails later does so unheard', async () => {
    const slow = Promise.withResolvers<Reply>()
    assert.equal((await ask(1, slow.promise)).rcode, 2)
    slow.reject(new Error('timeout'))
    await new Promise((resolve) => setImmediate(resolve))
  })
})
