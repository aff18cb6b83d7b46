import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { changeQuery, type Query } from '../../src/dns/query.ts'
import { reply, silence } from '../../src/dns/reply.ts'
import { bufsize } from '../../src/plugins/bufsize.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, number>> = {
    bufsize: 1232,
    'bufsize 512': 512,
    'bufsize 4096': 4096,
    'bufsize +600': 600,
    'bufsize 600\nbufsize x y': 600,
  }
  for (const [stanza, size] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.equal(configOf(bufsize, stanza), size))
  }
  const count = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`
  const bad: Readonly<Record<string, string>> = {
    'bufsize 511': count('511'),
    'bufsize 4097': count('4097'),
    'bufsize abc': count('abc'),
    'bufsize 600 700': count('700'),
    'bufsize {\n  x\n}': "Unexpected token '{', expecting argument",
  }
  for (const [stanza, problem] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(
        () => configOf(bufsize, stanza),
        isCorefileError(`plugin/bufsize: Corefile:2 - Error during parsing: ${problem}`),
      ),
    )
  }
})

suite('sizes', () => {
  const edns = (udpSize: number) => ({ udpSize, version: 0, dnssecOk: true, options: [{ code: 10, data: 'x' }] })
  for (const [size, asked, passedOn] of [
    [1232, 4096, 1232],
    [1232, 1232, 1232],
    [1232, 512, 512],
    [4096, 1232, 1232],
    [512, 4096, 512],
  ] as const) {
    test(`${size}, and ${asked} of the client's`, async () => {
      const handler = bufsize.handler?.(size, workerContext())
      assert(handler !== undefined)
      const query = queryOf('a.example. A', { edns: edns(asked) })
      const seen: Query[] = []
      for (const value of [reply({ fresh: true }), Promise.resolve(reply({ fresh: true }))]) {
        const got = await handler(query, (question) => {
          seen.push(question)
          return value
        })
        assert.deepEqual(got, reply({ fresh: true, udpSize: size }))
      }
      const expected = asked === passedOn ? query : changeQuery(query, { edns: edns(passedOn) })
      assert.deepEqual(seen, [expected, expected])
    })
  }
  test('without EDNS nothing is said of sizes', async () => {
    const handler = bufsize.handler?.(700, workerContext())
    assert(handler !== undefined)
    const query = queryOf('a.example. A')
    const got = await handler(query, (question) => {
      assert.equal(question, query)
      return reply({})
    })
    assert.equal(got.udpSize, 700)
  })
  test('silence stays silence', async () => {
    const handler = bufsize.handler?.(700, workerContext())
    assert.equal(await handler?.(queryOf('a.example. A'), () => silence), silence)
  })
})
