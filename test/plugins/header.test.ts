import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { changeQuery, type Query } from '../../src/dns/query.ts'
import { errorReply, type Reply, reply, silence } from '../../src/dns/reply.ts'
import { header } from '../../src/plugins/header.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

const stanzaOf = (...rules: readonly string[]) => `header {\n${rules.map((rule) => `  ${rule}\n`).join('')}}`

suite('stanzas', () => {
  const good: Readonly<Record<string, unknown>> = {
    [stanzaOf('response set aa')]: { query: {}, response: { authoritative: true } },
    [stanzaOf('response set ra aa', 'query clear rd')]: {
      query: { recursionDesired: false },
      response: { authoritative: true, recursionAvailable: true },
    },
    [stanzaOf('Response CLEAR Rd', 'response set rd ra')]: {
      query: {},
      response: { recursionDesired: true, recursionAvailable: true },
    },
    [stanzaOf('query set aa ra')]: { query: {}, response: {} },
    'header x {\n  query set rd\n}': { query: { recursionDesired: true }, response: {} },
    'header\nheader {\n  query set rd\n}\nheader {\n  nonsense\n}': { query: { recursionDesired: true }, response: {} },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(header, stanza), config))
  }

  const bad: Readonly<Record<string, string>> = {
    header: "2 - Error during parsing: Wrong argument count or unexpected line ending after 'header'",
    'header a b': "2 - Error during parsing: Wrong argument count or unexpected line ending after 'b'",
    [stanzaOf('foo')]: '3 - Error during parsing: setting up rule: invalid selector=foo should be query or response',
    [stanzaOf('query set rd {\n  x\n  }')]:
      '3 - Error during parsing: setting up rule: invalid selector={ should be query or response',
    [stanzaOf('query')]: '3 - Error during parsing: setting up rule: no flag action provided',
    [stanzaOf('response set')]:
      '3 - Error during parsing: setting up rule: invalid length for flags, at least one should be provided',
    [stanzaOf('response set aa', 'query FOO rd')]:
      '4 - Error during parsing: setting up rule: unknown flag action=foo, should be set or clear',
    [stanzaOf('response set aa AD')]: '3 - Error during parsing: setting up rule: unknown/unsupported flag=ad',
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(header, stanza), isCorefileError(`plugin/header: Corefile:${message}`)),
    )
  }
})

/** What comes back, and the question that the plugins after it saw. */
async function ask(rules: readonly string[], query: Query, answer: Reply): Promise<readonly [Reply, Query]> {
  const handler = header.handler?.(configOf(header, stanzaOf(...rules)), workerContext())
  assert(handler !== undefined)
  const seen: Query[] = []
  const got = await handler(query, (one) => {
    seen.push(one)
    return answer
  })
  const later = await handler(query, () => Promise.resolve(answer))
  assert.deepEqual(later, got)
  assert(seen[0] !== undefined)
  return [got, seen[0]]
}

suite('flags', () => {
  const question = queryOf('example.org. A')
  const bare = reply({ plugin: 'x' })
  const full = reply({ authoritative: true, recursionAvailable: true, plugin: 'x' })
  const cases: readonly (readonly [rules: readonly string[], given: Reply, got: Reply])[] = [
    [['response set aa'], bare, { ...bare, authoritative: true }],
    [['response set ra'], bare, { ...bare, recursionAvailable: true }],
    [['response set rd'], bare, { ...bare, recursionDesired: true }],
    [['response clear rd'], full, { ...full, recursionDesired: false }],
    [['response clear aa ra'], full, bare],
    [['response clear aa', 'response set aa'], bare, { ...bare, authoritative: true }],
    [['response set ra'], errorReply(2), { ...errorReply(2), recursionAvailable: true }],
    [['query set aa ra rd'], full, full],
  ]
  for (const [rules, given, expected] of cases) {
    test(`${rules.join(', ')} of ${JSON.stringify([given.authoritative, given.recursionAvailable, given.rcode])}`, async () => {
      const [got, seen] = await ask(rules, question, given)
      assert.deepEqual(got, expected)
      assert.deepEqual(seen, question)
    })
  }

  for (const [rule, before, afterwards] of [
    ['query set rd', false, true],
    ['query set rd', true, true],
    ['query clear rd', true, false],
    ['query clear aa', true, true],
  ] as const) {
    test(`${rule} of a question with RD ${before}`, async () => {
      const query = queryOf('a. A', { recursionDesired: before })
      const [got, seen] = await ask([rule], query, bare)
      assert.deepEqual(seen, before === afterwards ? query : changeQuery(query, { recursionDesired: afterwards }))
      assert.deepEqual(got, bare)
    })
  }

  test('silence stays silence', async () => {
    const [got] = await ask(['response set ra'], question, silence)
    assert.equal(got, silence)
  })
})
