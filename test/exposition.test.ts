import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exposeMetrics, exposeRuntime } from '../src/exposition.ts'
import { counter, gauge, histogram } from '../src/metrics.ts'

/** The lines of one metric. */
async function linesOf(name: string): Promise<string> {
  const blocks = (await exposeMetrics()).split('\n\n')
  return blocks.find((block) => block.startsWith(`# HELP ${name} `))?.trimEnd() ?? ''
}

test('counters and gauges, their labels in order and escaped', async () => {
  counter('test_counter_total', 'Says "what"\nand \\why.', ['b', 'a']).with('x"y\\z\n', '1').inc(3)
  assert.equal(
    await linesOf('test_counter_total'),
    [
      '# HELP test_counter_total Says "what"\\nand \\\\why.',
      '# TYPE test_counter_total counter',
      'test_counter_total{a="1",b="x\\"y\\\\z\\n"} 3',
    ].join('\n'),
  )
  gauge('test_gauge', 'For this test.', []).with().set(-0.5)
  assert.equal(
    await linesOf('test_gauge'),
    '# HELP test_gauge For this test.\n# TYPE test_gauge gauge\ntest_gauge -0.5',
  )
})

test('histograms, their buckets cumulative', async () => {
  const one = histogram('test_histogram', 'For this test.', ['x'], [0.25, 1, 64e3]).with('y')
  for (const value of [0.1, 0.5, 0.5, 2, 1e6]) one.observe(value)
  assert.equal(
    await linesOf('test_histogram'),
    [
      '# HELP test_histogram For this test.',
      '# TYPE test_histogram histogram',
      'test_histogram_bucket{x="y",le="0.25"} 1',
      'test_histogram_bucket{x="y",le="1"} 3',
      'test_histogram_bucket{x="y",le="64000"} 4',
      'test_histogram_bucket{x="y",le="+Inf"} 5',
      'test_histogram_sum{x="y"} 1000003.1',
      'test_histogram_count{x="y"} 5',
    ].join('\n'),
  )
})

test('what nobody counts is not there, what was removed neither', async () => {
  counter('test_unused_total', 'For this test.', ['a'])
  const removed = gauge('test_removed', 'For this test.', [])
  removed.with().set(1)
  removed.remove()
  assert.equal(await linesOf('test_unused_total'), '')
  assert.equal(await linesOf('test_removed'), '')
})

test('the process is there, and the engine once it was asked for', async () => {
  assert.match(await linesOf('process_resident_memory_bytes'), /^process_resident_memory_bytes \d+$/m)
  assert.doesNotMatch(await exposeMetrics(), /^nodejs_/m)
  await exposeRuntime()
  await exposeRuntime()
  const text = await exposeMetrics()
  assert.match(text, /^nodejs_heap_size_used_bytes \d+$/m)
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  assert.deepEqual(names, [...new Set(names)], 'each metric once')
})
