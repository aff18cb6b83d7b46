import assert from 'node:assert/strict'
import { test } from 'node:test'
import { debug } from '../../src/plugins/debug.ts'
import { configOf, isCorefileError } from '../context.ts'

test('debug', () => assert.equal(configOf(debug, 'debug'), null))
test('debug, twice', () => assert.equal(configOf(debug, 'debug\ndebug'), null))

const bad: Readonly<Record<string, string>> = {
  'debug\ndebug x':
    "plugin/debug: Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
  'debug {\n  x\n}': "plugin/debug: Corefile:2 - Error during parsing: Unexpected token '{', expecting argument",
}
for (const [stanza, message] of Object.entries(bad)) {
  test(JSON.stringify(stanza), () => assert.throws(() => configOf(debug, stanza), isCorefileError(message)))
}

test('it is no part of the chain', () => assert.equal(debug.handler, undefined))
