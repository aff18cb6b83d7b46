import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { suite, test } from 'node:test'
import { multisocket } from '../../src/plugins/multisocket.ts'
import { configOf, isCorefileError } from '../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, number | undefined>> = {
    multisocket: undefined,
    'multisocket 1': 1,
    'multisocket 1024': 1024,
  }
  for (const [stanza, count] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.equal(configOf(multisocket, stanza), count))
  }
  const count = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`
  const bad: Readonly<Record<string, string>> = {
    'multisocket 0': '2 - Error during parsing: num sockets can not be zero or negative: 0',
    'multisocket -1': '2 - Error during parsing: num sockets can not be zero or negative: -1',
    'multisocket 1025': '2 - Error during parsing: num sockets exceeds maximum (1024): 1025',
    'multisocket x': '2 - Error during parsing: invalid num sockets: strconv.Atoi: parsing "x": invalid syntax',
    'multisocket 2 3': `2 - Error during parsing: ${count('3')}`,
    'multisocket\nmultisocket 2': `3 - Error during parsing: ${count('multisocket')}`,
    'multisocket {\n  x\n}': "2 - Error during parsing: Unexpected token '{', expecting argument",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(multisocket, stanza), isCorefileError(`plugin/multisocket: Corefile:${message}`)),
    )
  }
})

suite('workers', () => {
  const listen = { addresses: ['192.0.2.1'] }
  test('as many as it says', () => {
    assert.deepEqual(multisocket.listen?.(3, listen), { ...listen, workers: 3 })
  })
  test('as many as CPUs where it says nothing', () => {
    assert.deepEqual(multisocket.listen?.(undefined, listen), { ...listen, workers: availableParallelism() })
  })
})
