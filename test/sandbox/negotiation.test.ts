import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negotiate } from '../../src/sandbox/negotiation.ts'

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

const cases: readonly (readonly [accept: string, as: string])[] = [
  ['', 'object'],
  ['*/*', 'object'],
  ['application/*', 'object'],
  ['application/json', 'object'],
  ['application/vnd.kubernetes.protobuf,application/json', 'object'],
  ['application/vnd.kubernetes.protobuf, */*', 'object'],
  ['application/json;stream=watch', 'object'],
  [table, 'Table'],
  [`${table},application/json`, 'Table'],
  [`application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,${table}`, 'Table'],
  [`application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`, 'object'],
  ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', 'PartialObjectMetadata'],
  ['application/json;q=0,application/json', 'object'],
]

test('the form of an answer', () => {
  for (const [accept, as] of cases) {
    assert.equal(negotiate(accept, ['Table', 'PartialObjectMetadata']).as, as, accept)
  }
  for (const accept of [
    'application/xml',
    'application/vnd.kubernetes.protobuf',
    'application/cbor',
    `${table};v=v9`,
  ]) {
    assert.throws(() => negotiate(accept, []), { code: 406 }, accept)
  }
})
