import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  annotationFaults,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  endpointAddressFault,
  labelFaults,
  type NameRule,
  portFault,
} from '../../src/sandbox/names.ts'

const longest = 'a'.repeat(63)

const cases: readonly (readonly [rule: NameRule, good: readonly string[], bad: readonly string[]])[] = [
  [dnsLabel, ['a', 'a-b', '1a', longest], ['', '-a', 'a-', 'A', 'a.b', 'a_b', `${longest}a`]],
  [dns1035Label, ['a', 'a-1'], ['1a', 'A', '']],
  [dnsSubdomain, ['a', 'a.b', '1.2'], ['a..b', '.a', 'a.', 'A', 'a'.repeat(254)]],
]

test('names', () => {
  for (const [rule, good, bad] of cases) {
    for (const name of good) assert.equal(rule(name), undefined, name)
    for (const name of bad) assert.equal(typeof rule(name), 'string', name)
  }
})

test('labels and annotations', () => {
  const faults = (labels: Record<string, unknown>) => labelFaults('metadata.labels', labels).length
  assert.equal(faults({ a: 'b', 'example.org/a': 'B_1.c', empty: '' }), 0)
  for (const key of ['', 'a b', '/a', 'Example.org/a', 'a/b/c', `${longest}a`])
    assert.equal(faults({ [key]: '' }), 1, key)
  for (const value of ['a b', '-a', `${longest}a`, 7]) assert.equal(faults({ a: value }), 1, String(value))
  assert.equal(annotationFaults({ 'Example.org/A': 'anything: at all' }).length, 0)
  assert.equal(annotationFaults({ 'a b': '' }).length, 1)
})

test('ports and addresses', () => {
  for (const port of [1, 80, 65535]) assert.equal(portFault(port), undefined)
  for (const port of [0, -1, 65536, 1.5, '80', undefined]) assert.equal(typeof portFault(port), 'string')
  for (const address of ['10.0.0.1', 'fd00::1']) assert.equal(endpointAddressFault(address), undefined)
  for (const address of ['', 'x', '127.0.0.1', '::1', '0.0.0.0', '169.254.1.1', 'fe80::1']) {
    assert.equal(typeof endpointAddressFault(address), 'string', address)
  }
})
