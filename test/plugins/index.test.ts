import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coreDnsDirectives, knownDirectives, plugins } from '../../src/plugins/index.ts'

const names = plugins.map((plugin) => plugin.name)

test('plugins are met in the order of CoreDNS', () => {
  assert.deepEqual(
    names,
    coreDnsDirectives.filter((name) => names.includes(name)),
  )
})

test('every directive of CoreDNS is supported or missing', () => {
  const { supported, missing } = knownDirectives
  assert.deepEqual([...supported], names)
  assert.deepEqual(
    coreDnsDirectives.filter((name) => supported.has(name) === missing.has(name)),
    [],
  )
  assert.equal(new Set(coreDnsDirectives).size, coreDnsDirectives.length)
})
