import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CorefileError } from '../../src/corefile/directive.ts'
import { expandEnv } from '../../src/corefile/env.ts'

const env = {
  ZONE: 'example.org',
  PORT: '53',
  SPACE: 'a b',
  EMPTY: '',
  NESTED: '{$ZONE}',
  DOLLARS: '$& $1',
  SELF: 'x{$SELF}',
  PING: '{%PONG%}',
  PONG: '{%PING%}',
  'A-B': 'dash',
}
const at = { file: 'Corefile', line: 3 }

const cases: Readonly<Record<string, string>> = {
  plain: 'plain',
  '{$ZONE}': 'example.org',
  '{%ZONE%}': 'example.org',
  '{$ZONE}:{$PORT}': 'example.org:53',
  '{%ZONE%}:{$PORT}': 'example.org:53',
  '{$ZONE}{$ZONE}': 'example.orgexample.org',
  // It stays one word, and unset is empty.
  'x{$SPACE}y': 'xa by',
  'x{$UNSET}y': 'xy',
  'x{$EMPTY}y': 'xy',
  '{$toString}': '',
  '{$NESTED}': 'example.org',
  '{$DOLLARS}': '$& $1',
  '{$A-B}': 'dash',
  // Templates lose what looks like a variable.
  '{{$ZONE}}': '{example.org}',
  '{{ $ZONE }}': '{{ $ZONE }}',
  // No reference, or one without a name or an end.
  $ZONE: '$ZONE',
  '{ZONE}': '{ZONE}',
  '{$}': '{$}',
  '{%%}': '{%%}',
  '{$ZONE': '{$ZONE',
  '{%ZONE}': '{%ZONE}',
  '{$}{$ZONE}': '{$}{$ZONE}',
}

for (const [text, expected] of Object.entries(cases)) {
  test(`${text} is ${expected}`, () => assert.equal(expandEnv(text, env, at), expected))
}

for (const text of ['{$SELF}', '{%PING%}']) {
  test(`${text} refers to itself`, () => {
    assert.throws(
      () => expandEnv(text, env, at),
      (error) => {
        assert(error instanceof CorefileError)
        assert.match(
          error.message,
          /^Corefile:3 - Error during parsing: environment variable '[A-Z]+' refers to itself$/,
        )
        return true
      },
    )
  })
}
