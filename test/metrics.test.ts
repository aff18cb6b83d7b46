import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import {
  AdoptedSeries,
  announceSeries,
  collectMetrics,
  counter,
  durationBuckets,
  gauge,
  histogram,
  type Series,
} from '../src/metrics.ts'
import { samplesOf } from './samples.ts'

test('a counter counts per set of label values, and is shown at 0', () => {
  const family = counter('test_counter_total', 'For this test.', ['a', 'b'])
  const one = family.with('x', 'y')
  assert.deepEqual(samplesOf('test_counter_total'), { 'a="x",b="y"': 0 })
  one.inc()
  one.inc(2)
  family.with('x', 'y').inc()
  family.with('y', 'x').inc()
  assert.deepEqual(samplesOf('test_counter_total'), { 'a="x",b="y"': 4, 'a="y",b="x"': 1 })
})

test('without labels there is one', () => {
  counter('test_plain_total', 'For this test.', []).with().inc()
  counter('test_plain_total', 'For this test.', []).with().inc()
  assert.deepEqual(samplesOf('test_plain_total'), { '': 2 })
})

test('a gauge is set and added to; what is removed is not shown until it begins anew', () => {
  const family = gauge('test_gauge', 'For this test.', ['a'])
  const one = family.with('x')
  one.set(5)
  one.add(-2)
  assert.deepEqual(samplesOf('test_gauge'), { 'a="x"': 3 })
  family.remove('x')
  family.remove('y')
  assert.deepEqual(samplesOf('test_gauge'), {})
  one.set(5)
  assert.deepEqual(samplesOf('test_gauge'), {})
  family.with('x').add(1)
  assert.deepEqual(samplesOf('test_gauge'), { 'a="x"': 1 })
})

test('a histogram puts each value into the first bucket that is as large', () => {
  const one = histogram('test_histogram', 'For this test.', ['a'], [0, 1, 2.5]).with('x')
  for (const value of [0, 0.5, 1, 2, 2.5, 3, 1000]) one.observe(value)
  const [series] = collectMetrics().find(({ definition }) => definition.name === 'test_histogram')?.series ?? []
  assert.deepEqual([...(series?.cells ?? [])], [1, 2, 2, 2, 1009])
})

test('equal definitions are one metric; another of the same name is refused', () => {
  const first = counter('test_twice_total', 'For this test.', ['a'])
  assert.equal(counter('test_twice_total', 'For this test.', ['a']), first)
  for (const other of [
    () => counter('test_twice_total', 'For this test.', ['b']),
    () => counter('test_twice_total', 'For another test.', ['a']),
    () => gauge('test_twice_total', 'For this test.', ['a']),
  ]) {
    assert.throws(other, /metric test_twice_total is defined twice, and differently/)
  }
})

test('more series than fit into one piece of memory do not touch each other', () => {
  const family = histogram('test_many', 'For this test.', ['n'], durationBuckets)
  for (let n = 0; n < 200; n++) for (let times = 0; times <= n; times++) family.with(`${n}`).observe(0.0001)
  const { series = [] } = collectMetrics().find(({ definition }) => definition.name === 'test_many') ?? {}
  assert.deepEqual(
    series.map(({ cells }) => cells[0]),
    Array.from({ length: 200 }, (_, n) => n + 1),
  )
})

suite('threads', () => {
  /** A thread that does what it is told with its own metrics. */
  async function startThread() {
    const worker = new Worker(new URL('./counting-thread.ts', import.meta.url))
    const counted = new AdoptedSeries()
    worker.on('message', (message: Series | 'done') => {
      if (message !== 'done') counted.add(message)
    })
    const tell = async (name: string, by: number) => {
      const done = new Promise<void>((resolve) => {
        worker.on('message', (message) => message === 'done' && resolve())
      })
      worker.postMessage({ name, by })
      await done
    }
    const end = async () => {
      const ended = once(worker, 'exit')
      await worker.terminate()
      await ended
    }
    return { counted, tell, end }
  }

  test('add up; what one counted outlives it, what it measured does not', async () => {
    const [own, first, second] = [
      counter('test_threads_total', 'Counted by threads.', ['label']),
      await startThread(),
      await startThread(),
    ]
    own.with('value').inc(1)
    await first.tell('test_threads_total', 10)
    await first.tell('test_threads', 3)
    await second.tell('test_threads_total', 100)
    await second.tell('test_threads', 4)
    await second.tell('test_only_there_total', 7)
    const counts = () => ['test_threads_total', 'test_threads', 'test_only_there_total'].map(samplesOf)
    assert.deepEqual(counts(), [{ 'label="value"': 111 }, { 'label="value"': 7 }, { 'label="value"': 7 }])

    await first.end()
    assert.deepEqual(counts()[0], { 'label="value"': 111 }, 'its memory is still there')
    first.counted.retire()
    first.counted.retire()
    await second.tell('test_threads_total', 1000)
    assert.deepEqual(counts(), [{ 'label="value"': 1111 }, { 'label="value"': 4 }, { 'label="value"': 7 }])

    await second.end()
    second.counted.retire()
    assert.deepEqual(counts(), [{ 'label="value"': 1111 }, {}, { 'label="value"': 7 }])
  })
})

test('series are announced: those there are, and those to come', () => {
  const family = counter('test_announced_total', 'For this test.', ['a'])
  family.with('before')
  const told: string[] = []
  announceSeries(({ definition, values }) => {
    if (definition.name === 'test_announced_total') told.push(...values)
  })
  family.with('after')
  family.with('before')
  assert.deepEqual(told, ['before', 'after'])
})
