import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { rewrite } from '../../../src/plugins/rewrite/index.ts'
import { configOf, isCorefileError } from '../../context.ts'

// What else is wrong with stanzas, in CoreDNS's words, is in test/fixtures/verdicts/rewrite.txt.
suite('stanzas', () => {
  const long = 'x'.repeat(10_001)
  const bad: Readonly<Record<string, string>> = {
    [`rewrite name regex ${long} b`]: 'regex pattern too long: 10001 > 10000',
    [`rewrite name regex (${long}) {1}`]: 'regex pattern too long: 10003 > 10000',
    [`rewrite ttl regex ${long} 1`]: 'regex pattern too long in a ttl rule: 10001 > 10000',
    [`rewrite rcode regex ${long} 1 2`]: 'regex pattern too long in a rcode rule: 10001 > 10000',
    [`rewrite cname regex ${long} b`]: 'regex pattern too long in a cname rule: 10001 > 10000',
  }
  for (const [stanza, problem] of Object.entries(bad)) {
    test(problem, () =>
      assert.throws(
        () => configOf(rewrite, stanza),
        isCorefileError(`plugin/rewrite: Corefile:2 - Error during parsing: ${problem}`),
      ),
    )
  }
  test('a block in a block is at its line', () =>
    assert.throws(
      () => configOf(rewrite, 'rewrite stop {\n  name a b {\n    c\n  }\n}'),
      isCorefileError('plugin/rewrite: Corefile:3 - Error during parsing: no rule type specified for rewrite'),
    ))

  test('are one rule each', () => {
    const rules = configOf(
      rewrite,
      'rewrite name A b\nrewrite continue {\n  ttl suffix .C. 1-2\n}\nrewrite rcode d 3 0',
    )
    assert.deepEqual(rules, [
      {
        mode: 'stop',
        change: { field: 'name', match: { kind: 'exact', from: 'a.' }, to: 'b.', auto: true, answers: [] },
      },
      { mode: 'continue', change: { field: 'ttl', match: { kind: 'suffix', from: '.c.' }, least: 1, most: 2 } },
      { mode: 'stop', change: { field: 'rcode', match: { kind: 'exact', from: 'd.' }, from: 3, to: 0 } },
    ])
  })
})
