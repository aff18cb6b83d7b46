import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../src/explain/nearest.ts'

for (const [text, candidates, expected] of [
  ['mysql-scv', 'mysql-svc mysql web', 'mysql-svc'],
  ['wbe', 'web db', 'web'],
  ['bd', 'db web', 'db'],
  ['web', 'web', undefined],
  ['web', 'wex wey', 'wex'],
  ['kube-dsn', 'kube-dns kubernetes', 'kube-dns'],
  ['x', 'y', undefined],
  ['ab', 'xy', undefined],
  ['frontend', 'backend', undefined],
  ['checkout-service', 'checkout-servce checkout', 'checkout-servce'],
  ['nothing', '', undefined],
] as const) {
  test(`nearest to ${text} of ${candidates || 'none'}: ${expected}`, () => {
    assert.equal(
      nearest(
        text,
        candidates.split(' ').filter((word) => word !== ''),
      ),
      expected,
    )
  })
}
