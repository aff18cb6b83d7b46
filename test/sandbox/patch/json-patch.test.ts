import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonPatch } from '../../../src/sandbox/patch/json-patch.ts'

const document = { a: { b: [1, 2, 3], 'c/d': 'x', 'e~f': 'y' } }

// After RFC 6902, Appendix A.
const cases: readonly (readonly [operations: object[], result: unknown])[] = [
  [[{ op: 'add', path: '/new', value: null }], { ...document, new: null }],
  [[{ op: 'add', path: '/a/b/1', value: 9 }], { a: { ...document.a, b: [1, 9, 2, 3] } }],
  [[{ op: 'add', path: '/a/b/-', value: 9 }], { a: { ...document.a, b: [1, 2, 3, 9] } }],
  [[{ op: 'add', path: '/a/b/3', value: 9 }], { a: { ...document.a, b: [1, 2, 3, 9] } }],
  [[{ op: 'add', path: '', value: 9 }], 9],
  [[{ op: 'remove', path: '/a/b/0' }], { a: { ...document.a, b: [2, 3] } }],
  [[{ op: 'remove', path: '/a/c~1d' }], { a: { b: [1, 2, 3], 'e~f': 'y' } }],
  [[{ op: 'replace', path: '/a/e~0f', value: 'z' }], { a: { ...document.a, 'e~f': 'z' } }],
  [[{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
  [[{ op: 'move', from: '/a/b/0', path: '/a/b/2' }], { a: { ...document.a, b: [2, 3, 1] } }],
  [[{ op: 'copy', from: '/a/b', path: '/copy' }], { ...document, copy: [1, 2, 3] }],
  [[{ op: 'test', path: '/a/b', value: [1, 2, 3] }], document],
]

test('operations', () => {
  for (const [operations, result] of cases) {
    assert.deepEqual(jsonPatch(document, operations), result, JSON.stringify(operations))
  }
  assert.deepEqual(document.a.b, [1, 2, 3], 'the document stays as it is')
})

const refused: readonly (readonly [patch: unknown, code: number])[] = [
  [{}, 400],
  [[1], 400],
  [[{ op: 'add' }], 400],
  [[{ op: 'add', path: 'a', value: 1 }], 400],
  [[{ op: 'spoil', path: '/a' }], 400],
  [[{ op: 'move', path: '/a' }], 400],
  [[{ op: 'remove', path: '/none' }], 422],
  [[{ op: 'replace', path: '/none', value: 1 }], 422],
  [[{ op: 'add', path: '/none/deeper', value: 1 }], 422],
  [[{ op: 'add', path: '/a/b/4', value: 1 }], 422],
  [[{ op: 'add', path: '/a/b/01', value: 1 }], 422],
  [[{ op: 'test', path: '/a/b', value: [1] }], 422],
  [[{ op: 'add', path: '/__proto__/polluted', value: 1 }], 422],
]

test('what is refused', () => {
  for (const [patch, code] of refused) assert.throws(() => jsonPatch(document, patch), { code }, JSON.stringify(patch))
})
