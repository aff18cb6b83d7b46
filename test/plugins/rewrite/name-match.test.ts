import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  compileReplacement,
  compileSubstitution,
  type NameMatch,
  normalize,
} from '../../../src/plugins/rewrite/name-match.ts'

suite('names as text', () => {
  const cases: Readonly<Record<string, string>> = {
    '': '.',
    '.': '.',
    A: 'a.',
    'a.': 'a.',
    'a\\.': 'a\\..',
    'a\\\\.': 'a\\\\.',
    '.Example': '.example.',
  }
  for (const [text, normal] of Object.entries(cases)) {
    test(JSON.stringify(text), () => assert.equal(normalize(text), normal))
  }
})

suite('what becomes of a name', () => {
  const cases: readonly (readonly [
    NameMatch['kind'],
    from: string,
    to: string,
    text: string,
    expected: string | undefined,
  ])[] = [
    ['exact', 'a.', 'b.', 'a.', 'b.'],
    ['exact', 'a.', 'b.', 'a.a.', undefined],
    ['prefix', 'a.', 'b.', 'a.a.', 'b.a.'],
    ['prefix', 'a.', 'b.', 'x.a.', undefined],
    ['suffix', 'a.', 'b.', 'a.a.', 'a.b.'],
    ['suffix', '.a.', '.b.', 'a.', undefined],
    ['suffix', 'a.', 'b.', 'aa.', 'ab.'],
    ['substring', 'a.', '$&.', 'a.a.', '$&.$&.'],
    ['substring', 'a.', 'b.', 'ab.', undefined],
    ['regex', '(a)(x)?', '{1}{2}{3}{0}$1.', 'bab.', 'a{3}a$1.'],
    ['regex', '^a', 'b.', 'ba.', undefined],
    // Nothing in a name is a group.
    ['regex', '(.*)\\.(b)\\.', '{1}-{2}.', '{2}.b.', '{2}-b.'],
  ]
  for (const [kind, from, to, text, expected] of cases) {
    test(`${kind} ${from} ${to}: ${text}`, () => assert.equal(compileSubstitution({ kind, from }, to)(text), expected))
  }
})

test('a hostile name costs no more than its length', () => {
  const replace = compileReplacement('^(([a-z])+.)+[A-Z]([a-z])+$', '{1}')
  // Backtracking would take longer than the universe is old.
  assert.equal(replace('a'.repeat(250)), undefined)
})
