import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { https } from '../../src/plugins/https.ts'
import { configOf, isCorefileError } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, object>> = {
    https: {},
    'https {\nmax_connections 100\n}': { connections: 100 },
    'https {\nmax_connections 0\n}': { connections: 0 },
    'https\nhttps {\nmax_connections 5\n}': { connections: 5 },
  }
  for (const [stanza, allowance] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => {
      assert.deepEqual(https.listen?.(configOf(https, stanza), { addresses: [], https: { connections: 7 } }), {
        addresses: [],
        https: { connections: 7, ...allowance },
      })
    })
  }

  const count = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`
  const bad: Readonly<Record<string, string>> = {
    'https x': `2 - Error during parsing: ${count('x')}`,
    'https {\nmax_connections\n}': `3 - Error during parsing: ${count('max_connections')}`,
    'https {\nmax_connections 1 2\n}': `3 - Error during parsing: ${count('2')}`,
    'https {\nmax_connections x\n}':
      '3 - Error during parsing: invalid max_connections value \'x\': strconv.Atoi: parsing "x": invalid syntax',
    'https {\nmax_connections -1\n}': '3 - Error during parsing: max_connections must be a non-negative integer: -1',
    'https {\nmax_connections 1\nmax_connections 1\n}':
      '4 - Error during parsing: max_connections already defined for this server block',
    'https {\nmax_streams 1\n}': "3 - Error during parsing: unknown property 'max_streams'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(https, stanza), isCorefileError(`plugin/https: Corefile:${message}`)),
    )
  }
})
