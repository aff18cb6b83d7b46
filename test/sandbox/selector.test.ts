import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  hasLabels,
  labelSelectorTest,
  parseFieldSelector,
  parseLabelSelector,
  printLabelSelector,
} from '../../src/sandbox/selector.ts'

const web = { app: 'web', tier: 'front', weight: '7' }

const labelCases: readonly (readonly [selector: string, fits: boolean])[] = [
  ['', true],
  ['app=web', true],
  ['app==web', true],
  ['app = web , tier=front', true],
  ['app!=web', false],
  ['other!=web', true],
  ['app in (api, web)', true],
  ['app notin (api, web)', false],
  ['other notin (a)', true],
  ['app in (api,db),tier=front', false],
  ['app', true],
  ['!app', false],
  ['!other', true],
  ['weight>6', true],
  ['weight < 7', false],
  ['app=', false],
]

test('label selectors as text', () => {
  for (const [selector, fits] of labelCases) assert.equal(parseLabelSelector(selector)(web), fits, selector)
  for (const selector of ['a b', 'app in web', '=web', 'a=b=c', 'app in (a']) {
    assert.throws(() => parseLabelSelector(selector), { code: 400 }, selector)
  }
})

test('label selectors of objects', () => {
  assert.equal(labelSelectorTest(undefined)(web), false)
  assert.equal(labelSelectorTest({})(web), true)
  assert.equal(labelSelectorTest({ matchLabels: { app: 'web' } })(web), true)
  const expressions = [
    { key: 'app', operator: 'In', values: ['web'] },
    { key: 'other', operator: 'NotIn', values: ['x'] },
    { key: 'tier', operator: 'Exists' },
    { key: 'none', operator: 'DoesNotExist' },
  ] as const
  assert.equal(labelSelectorTest({ matchExpressions: expressions })(web), true)
  for (const each of expressions) {
    const other = { app: 'x', other: 'x', none: 'x' }
    assert.equal(labelSelectorTest({ matchExpressions: [each] })(other), false, each.operator)
  }
  const printed = printLabelSelector({ matchLabels: { a: 'b' }, matchExpressions: expressions })
  assert.equal(printed, 'a=b,app in (web),other notin (x),tier,!none')
  assert.equal(parseLabelSelector(printed)({ ...web, a: 'b' }), true)
  assert.equal(hasLabels({ app: 'web' }, web), true)
  assert.equal(hasLabels({ app: 'web', x: 'y' }, web), false)
})

test('field selectors', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, status: { phase: 'Running' } }
  const fields = ['metadata.name', 'status.phase', 'spec.nodeName']
  const fits = (text: string) => parseFieldSelector(text, fields)(pod)
  assert.equal(fits('metadata.name=a'), true)
  assert.equal(fits('metadata.name=a,status.phase!=Running'), false)
  assert.equal(fits('spec.nodeName='), true)
  assert.throws(() => fits('spec.hostname=a'), { code: 400 })
  assert.throws(() => fits('metadata.name'), { code: 400 })
})
