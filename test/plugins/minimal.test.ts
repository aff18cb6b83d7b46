import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseRcode } from '../../src/dns/codes.ts'
import { type Reply, reply, silence } from '../../src/dns/reply.ts'
import { parseRecord, printRecords } from '../../src/dns/text.ts'
import { minimal } from '../../src/plugins/minimal.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

suite('stanzas', () => {
  test('minimal', () => assert.equal(configOf(minimal, 'minimal'), null))
  const bad: Readonly<Record<string, string>> = {
    'minimal x':
      "plugin/minimal: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'minimal {\n  x\n}': "plugin/minimal: Corefile:2 - Error during parsing: Unexpected token '{', expecting argument",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () => assert.throws(() => configOf(minimal, stanza), isCorefileError(message)))
  }
})

const a = 'www.example.org. 30 IN A 192.0.2.1'
const ns = 'example.org. 30 IN NS ns.example.org.'
const glue = 'ns.example.org. 30 IN A 192.0.2.2'
const soa = 'example.org. 30 IN SOA ns.example.org. root.example.org. 1 2 3 4 5'

suite('replies', () => {
  const handler = minimal.handler?.(null, workerContext())
  const section = (lines: readonly string[]) => lines.map((line) => parseRecord(line))
  type Sections = readonly [answer: readonly string[], authority: readonly string[], additional: readonly string[]]
  const cases: Readonly<
    Record<string, { readonly ask?: string; readonly rcode?: string; readonly given: Sections; readonly got: Sections }>
  > = {
    'a positive answer loses what is beside it': { given: [[a], [ns], [glue]], got: [[a], [], []] },
    'also if it is beside it that everything stands': { given: [[], [], [glue]], got: [[], [], []] },
    'a denial keeps it': { given: [[], [soa], [glue]], got: [[], [soa], [glue]] },
    'so does NXDOMAIN': { rcode: 'NXDOMAIN', given: [[], [soa], []], got: [[], [soa], []] },
    'so does NXDOMAIN after an alias': { rcode: 'NXDOMAIN', given: [[a], [soa], []], got: [[a], [soa], []] },
    'so does a failure': { rcode: 'SERVFAIL', given: [[], [ns], [glue]], got: [[], [ns], [glue]] },
    'so does a referral': { given: [[], [ns], [glue]], got: [[], [ns], [glue]] },
    'so does a transfer': { ask: 'example.org. AXFR', given: [[soa], [ns], [glue]], got: [[soa], [ns], [glue]] },
  }
  for (const [title, { ask = 'www.example.org. A', rcode = 'NOERROR', given, got }] of Object.entries(cases)) {
    test(title, async () => {
      assert(handler !== undefined)
      const [answer, authority, additional] = given.map(section)
      const value = reply({
        rcode: parseRcode(rcode) ?? 0,
        answer: answer ?? [],
        authority: authority ?? [],
        additional: additional ?? [],
        authoritative: true,
        fresh: true,
      })
      const found: Reply[] = [
        await handler(queryOf(ask), () => value),
        await handler(queryOf(ask), () => Promise.resolve(value)),
      ]
      for (const one of found) {
        assert.deepEqual(
          [one.answer, one.authority, one.additional].map((lines) => lines.flatMap(printRecords)),
          got,
        )
        assert.deepEqual(
          { ...one, answer: [], authority: [], additional: [] },
          { ...value, answer: [], authority: [], additional: [] },
        )
      }
    })
  }
  test('silence stays silence', async () => {
    assert(handler !== undefined)
    assert.equal(await handler(queryOf('www.example.org. A'), () => silence), silence)
  })
})
