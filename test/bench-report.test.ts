import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, ratio, readFlags, withSection } from './bench/rig/report.ts'

test('a section takes the place of the one with its title, or comes at the end', () => {
  const page = '# Page\n\n## one\n\nold\n\n## two\n\nkept\n'
  assert.equal(withSection(page, 'one', '## one\n\nnew\n'), '# Page\n\n## one\n\nnew\n\n## two\n\nkept\n')
  assert.equal(withSection(page, 'two', '## two\n\nnew\n\n'), '# Page\n\n## one\n\nold\n\n## two\n\nnew\n')
  assert.equal(withSection(page, 'three', '## three\n\nnew'), `${page}\n## three\n\nnew\n`)
})

test('ratios are those of the medians over the rounds, where both are there', () => {
  assert.equal(median([3, 1, 2]), 2)
  const rows = [9, 2, 3]
    .map((cpu) => ({ subject: 'ours', cpu }))
    .concat([1, 2, 9].map((cpu) => ({ subject: 'knot', cpu })))
  assert.deepEqual(ratio(rows, 'cpu', 'ours', 'knot'), ['ours / knot, CPU µs per query: 1.50'])
  assert.deepEqual(ratio(rows, 'cpu', 'ours', 'nsd'), [])
})

test('flags are taken before what --smoke makes small, and that before the defaults', () => {
  const more = { qps: '8000', minutes: '10' }
  const flags = readFlags(['--smoke', '--services', '7'], more, { minutes: '0.1' })
  const { services, rounds, smoke } = flags
  assert.deepEqual(
    { services, rounds, smoke, more: flags.more },
    { services: 7, rounds: 1, smoke: true, more: { qps: '8000', minutes: '0.1' } },
  )
  assert.equal(readFlags([]).services, 1000)
})
