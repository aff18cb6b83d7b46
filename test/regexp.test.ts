import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { compilePattern, countGroups, PatternError } from '../src/regexp.ts'

suite('what matches', () => {
  const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
    ['^Failed to .*', 'Failed to connect', true],
    ['^Failed to .*', 'It Failed to connect', false],
    ['.* i/o timeout$', 'read udp: i/o timeout', true],
    ['(?i)TIMEOUT', 'i/o timeout', true],
    ['', 'anything', true],
    ['a{2}[[:digit:]]\\d\\pL\\z', 'xaa12é', true],
    // Go's dot matches no line break, unless it is told to.
    ['^a.b$', 'a\nb', false],
    ['(?s)^a.b$', 'a\nb', true],
  ]
  for (const [pattern, text, matches] of cases) {
    test(JSON.stringify([pattern, text]), () => {
      const compiled = compilePattern(pattern)
      assert.equal(compiled.source, pattern)
      // Twice: nothing is carried over.
      assert.equal(compiled.test(text), matches)
      assert.equal(compiled.test(text), matches)
    })
  }
})

suite('what groups hold', () => {
  const cases: readonly (readonly [pattern: string, text: string, groups: readonly string[] | undefined])[] = [
    ['b+', 'abbc', ['bb']],
    ['(a)|(b)', 'xb', ['b', '', 'b']],
    ['^(?P<a>[0-9]*)-(?P<b>.*)$', '12-x', ['12-x', '12', 'x']],
    ['^(a*?)(a*)$', 'aaa', ['aaa', '', 'aaa']],
    ['c', 'ab', undefined],
  ]
  for (const [pattern, text, groups] of cases) {
    test(JSON.stringify([pattern, text]), () => assert.deepEqual(compilePattern(pattern).match(text), groups))
  }
  test('groups have names', () => {
    assert.deepEqual(compilePattern('(x)(?P<a>y)(?<b>z)').groups, { a: 2, b: 3 })
    assert.deepEqual(compilePattern('(x)').groups, {})
  })
})

// The messages of Go 1.26's regexp.
const bad: Readonly<Record<string, string>> = {
  '(': 'missing closing ): `(`',
  'x)': 'unexpected ): `x)`',
  'a**': 'invalid nested repetition operator: `**`',
  '[b-a]': 'invalid character class range: `b-a`',
  '*': 'missing argument to repetition operator: `*`',
  'a{1001}': 'invalid repeat count: `{1001}`',
  '\\8': 'invalid escape sequence: `\\8`',
  '(?=a)': 'invalid or unsupported Perl syntax: `(?=`',
}
for (const [pattern, problem] of Object.entries(bad)) {
  test(`${pattern} is no pattern`, () => {
    assert.throws(
      () => compilePattern(pattern),
      (error) => {
        assert(error instanceof PatternError)
        assert.equal(error.message, `error parsing regexp: ${problem}`)
        return true
      },
    )
  })
}

test('what makes other engines backtrack for years ends', () => {
  const text = `${'a'.repeat(20_000)}!`
  for (const pattern of ['^(a+)+$', '^(a|aa)+$', '^(.*a){12}b']) assert.equal(compilePattern(pattern).test(text), false)
})

suite('how many groups there are', () => {
  const cases: Readonly<Record<string, number>> = {
    '': 0,
    'a|b': 0,
    '(a)|(b)': 2,
    '((?:a)(?P<x>b))?': 2,
    '(?i)^(a)$': 1,
  }
  for (const [source, count] of Object.entries(cases)) {
    test(JSON.stringify(source), () => assert.equal(countGroups(source), count))
  }
  test('of what is none', () => assert.throws(() => countGroups('('), PatternError))
})
