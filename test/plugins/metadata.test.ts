import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { metadata } from '../../src/plugins/metadata.ts'
import { configOf, isCorefileError } from '../context.ts'

suite('stanzas', () => {
  for (const stanza of [
    'metadata',
    'metadata cluster.local',
    'metadata cluster.local 10.0.0.0/8 b..a',
    'metadata {\n}',
  ]) {
    test(JSON.stringify(stanza), () => assert.equal(configOf(metadata, stanza), null))
  }

  const bad: Readonly<Record<string, string>> = {
    'metadata {\n  x y\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'metadata a {\n  x\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'metadata a\nmetadata b':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after 'metadata'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(metadata, stanza), isCorefileError(`plugin/metadata: Corefile:${message}`)),
    )
  }
})

test('no query meets it', () => assert.deepEqual(Object.keys(metadata), ['name', 'parse']))
