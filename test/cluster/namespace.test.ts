import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trimNamespace } from '../../src/cluster/namespace.ts'

const cases = [
  {
    object: { metadata: { name: 'Default' }, status: { phase: 'Terminating' } },
    is: { name: 'default' },
    complaints: [],
  },
  { object: { metadata: { name: 'a.b' } }, is: undefined, complaints: ['its name "a.b" is no label'] },
  { object: { metadata: 'x' }, is: undefined, complaints: ['it has no name'] },
  { object: 7, is: undefined, complaints: ['it has no name'] },
]

for (const { object, is, complaints } of cases) {
  test(`namespace: ${JSON.stringify(object)}`, () => {
    const heard: string[] = []
    assert.deepEqual(
      trimNamespace(object, (problem) => heard.push(problem)),
      is,
    )
    assert.deepEqual(heard, complaints)
  })
}
