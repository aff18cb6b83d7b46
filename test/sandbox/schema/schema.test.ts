import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../../src/sandbox/kinds.ts'
import { objectType, objectTypes, typeOfKind } from '../../../src/sandbox/schema/schema.ts'

test('every kind has a type, every type that is named is there', () => {
  for (const kind of kinds) {
    const { fields } = typeOfKind(kind)
    for (const name of ['apiVersion', 'kind', 'metadata']) assert.ok(fields.has(name), `${kind.kind}.${name}`)
    assert.equal(fields.has('status'), kind.status, `${kind.kind}.status`)
  }
  for (const { name, fields } of objectTypes.values()) {
    for (const [fieldName, field] of fields) {
      if (field.scalar === undefined) assert.doesNotThrow(() => objectType(field.type), `${name}.${fieldName}`)
    }
  }
  assert.throws(() => objectType('Nonsense'), RangeError)
})

test('every field is described; keys are fields of the items; numbers and ids are unique', () => {
  const ids = new Set<string>()
  for (const { name, id, about, fields } of objectTypes.values()) {
    assert.notEqual(about, '', name)
    assert.equal(ids.has(id), false, id)
    ids.add(id)
    const numbers = [...fields.values()].flatMap(({ number }) => number ?? [])
    assert.equal(new Set(numbers).size, numbers.length, `${name}: ${numbers}`)
    for (const [fieldName, field] of fields) {
      assert.notEqual(field.about, '', `${name}.${fieldName}`)
      const merged = field.mergeKey ? [field.mergeKey] : []
      for (const key of field.scalar === undefined ? [...field.keys, ...merged] : []) {
        assert.ok(objectType(field.type).fields.has(key), `${name}.${fieldName} by ${key}`)
      }
    }
  }
})
