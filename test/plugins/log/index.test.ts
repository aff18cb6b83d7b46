import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Rcode } from '../../../src/dns/codes.ts'
import { printName } from '../../../src/dns/name.ts'
import { errorReply, type Reply, reply, silence } from '../../../src/dns/reply.ts'
import { parseRecord } from '../../../src/dns/text.ts'
import { type Facets, Failure } from '../../../src/plugin.ts'
import { commonFormat } from '../../../src/plugins/log/format.ts'
import { log } from '../../../src/plugins/log/index.ts'
import { configOf, isCorefileError, queryOf, recordLog, workerContext } from '../../context.ts'

suite('stanzas', () => {
  /** Zone, format (empty: the common one) and classes of each rule. */
  const good: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
    log: [['.', '', 'all']],
    'log Example.org': [['example.org.', '', 'all']],
    'log a.org b.org.': [
      ['a.org.', '', 'all'],
      ['b.org.', '', 'all'],
    ],
    'log . {common}': [['.', '', 'all']],
    'log . "{combined} x"': [['.', `${commonFormat} "{>opcode}" x`, 'all']],
    'log a.org b.org {remote}': [
      ['a.org.', '{remote}', 'all'],
      ['b.org.', '{remote}', 'all'],
    ],
    // Without a label the last argument is a name; alone it always is.
    'log . plain': [
      ['.', '', 'all'],
      ['plain.', '', 'all'],
    ],
    'log {remote}': [['{remote}.', '', 'all']],
    'log {\n  class denial error\n}': [['.', '', 'denial error']],
    'log a.org b.org {\n  class success\n  class all\n}': [
      ['a.org.', '', 'success all'],
      ['b.org.', '', 'success all'],
    ],
    'log a.org\nlog b.org {remote} {\n  class error\n}': [
      ['a.org.', '', 'all'],
      ['b.org.', '{remote}', 'error'],
    ],
    // No query has such a name.
    'log a..org b.org': [['b.org.', '', 'all']],
  }
  for (const [stanza, rules] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => {
      assert.deepEqual(
        configOf(log, stanza).map(({ zone, format, classes }) => [printName(zone), format, classes.join(' ')]),
        rules.map(([zone, format, classes]) => [zone, format || commonFormat, classes]),
      )
    })
  }

  const bad: Readonly<Record<string, string>> = {
    'log {\n  class\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'class'",
    'log {\n  class none\n}': '3 - Error during parsing: invalid Class: none',
    'log {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(log, stanza), isCorefileError(`plugin/log: Corefile:${message}`)),
    )
  }
})

const soa = parseRecord('org. 30 IN SOA ns.org. host.org. 1 2 3 4 5')
const success = reply({ answer: [parseRecord('a.org. 30 IN A 10.0.0.1')] })
const nodata = reply({ authority: [soa] })
const nxdomain = reply({ rcode: Rcode.NXDOMAIN, authority: [soa] })

/** What is logged of a query that the rest of the chain answers so, at once or later. */
async function linesOf(
  stanza: string,
  ask: string,
  answer: Reply | Error,
  offers: Readonly<Record<string, Facets>> = {},
): Promise<readonly string[]> {
  const { log: sink, lines } = recordLog()
  const context = workerContext({ log: sink.plugin('log'), offers: new Map(Object.entries(offers)) })
  const handler = log.handler?.(configOf(log, stanza), context)
  assert(handler !== undefined)
  const next = () => {
    if (answer instanceof Error) throw answer
    return answer
  }
  for (const rest of [next, async () => next()]) {
    try {
      assert.equal(await handler(queryOf(ask), rest), answer)
    } catch (error) {
      assert.equal(error, answer)
    }
  }
  const [first, second] = [lines.slice(0, lines.length / 2), lines.slice(lines.length / 2)]
  const withoutTimes = (list: readonly string[]) => list.map((line) => line.replace(/[0-9.]+s$/, ''))
  assert.deepEqual(withoutTimes(first), withoutTimes(second))
  return first
}

suite('what is logged', () => {
  const cases: readonly {
    readonly stanza: string
    readonly ask?: string
    readonly answer?: Reply | Error
    readonly line: string | undefined
  }[] = [
    { stanza: 'log . "{name} {rcode}"', line: '[INFO] a.org. NOERROR' },
    // The first rule for the name, whatever its classes.
    { stanza: 'log org "1 {rcode}"\nlog a.org "2 {rcode}"', line: '[INFO] 1 NOERROR' },
    { stanza: 'log org "1 {rcode}" {\n  class error\n}\nlog a.org "2 {rcode}"', line: undefined },
    { stanza: 'log b.org\nlog A.org "{rcode}"', line: '[INFO] NOERROR' },
    { stanza: 'log a.org "{rcode}"', ask: 'x.A.ORG. A', line: '[INFO] NOERROR' },
    { stanza: 'log a.org "{rcode}"', ask: 'xa.org. A', line: undefined },
    // Classes.
    { stanza: 'log . {rcode} {\n  class success\n}', line: '[INFO] NOERROR' },
    { stanza: 'log . {rcode} {\n  class denial error\n}', line: undefined },
    { stanza: 'log . {rcode} {\n  class denial\n}', answer: nxdomain, line: '[INFO] NXDOMAIN' },
    { stanza: 'log . {rcode} {\n  class denial\n}', answer: nodata, line: '[INFO] NOERROR' },
    { stanza: 'log . {rcode} {\n  class success error\n}', answer: nodata, line: undefined },
    { stanza: 'log . {rcode} {\n  class error\n}', answer: errorReply(Rcode.REFUSED), line: '[INFO] REFUSED' },
    { stanza: 'log . {rcode} {\n  class error\n}', answer: errorReply(Rcode.SERVFAIL), line: '[INFO] SERVFAIL' },
    { stanza: 'log . {rcode} {\n  class error all\n}', line: '[INFO] NOERROR' },
    // What is thrown is an answer to the client all the same, and goes on.
    { stanza: 'log . "{rcode} {rsize} {>rflags}"', answer: new Error('fault'), line: '[INFO] SERVFAIL 23 qr,rd' },
    { stanza: 'log . {rcode} {\n  class success\n}', answer: new Error('fault'), line: undefined },
    {
      stanza: 'log . {rcode} {\n  class error\n}',
      answer: new Failure('x', errorReply(Rcode.REFUSED)),
      line: '[INFO] REFUSED',
    },
    // So is silence.
    { stanza: 'log . "{rcode} {rsize} {>rflags}" {\n  class error\n}', answer: silence, line: '[INFO] - 0 -' },
    // Metadata: the plugins' and our own.
    { stanza: 'log . "{/kubernetes/service} {/kubernetes/x} {/none/x}"', line: '[INFO] web - -' },
    { stanza: 'log . "{/log/type} {/log/class}"', answer: nodata, line: '[INFO] NODATA denial' },
  ]
  const offers: Readonly<Record<string, Facets>> = {
    kubernetes: { metadata: (_query, key) => (key === 'kubernetes/service' ? 'web' : undefined) },
    hosts: {},
  }
  for (const { stanza, ask = 'a.org. A', answer = success, line } of cases) {
    test(JSON.stringify([stanza, ask]), async () => {
      const lines = await linesOf(stanza, ask, answer, offers)
      assert.deepEqual(lines, line === undefined ? [] : [line])
    })
  }

  test('by default, in the common format', async () => {
    const lines = await linesOf('log', 'a.org. A', success)
    assert.match(
      lines.join(),
      /^\[INFO\] 10\.0\.0\.9:40000 - 4711 "A IN a\.org\. udp 23 false 512" NOERROR qr,rd 44 [0-9.]+s$/,
    )
  })
})
