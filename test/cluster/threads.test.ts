import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { Feed } from '../../src/cluster/feed.ts'
import { Mirror } from '../../src/cluster/mirror.ts'
import { randomFrom } from './churn.ts'
import { until } from './following.ts'
import { nameCount, nthService, nthSlice, type Reading } from './reading-worker.ts'

/** A thread that is fed. */
function started(mirror: Mirror): { readonly worker: Worker; readonly feed: Feed } {
  const { port1, port2 } = new MessageChannel()
  const file = new URL('./reading-worker.ts', import.meta.url)
  const worker = new Worker(file, { workerData: port2, transferList: [port2] })
  return { worker, feed: new Feed(mirror, port1, { changes: 16, octets: 2000, graceMs: 0 }) }
}

test('threads: what they read is whole, however fast it changes', async () => {
  const mirror = new Mirror()
  const random = randomFrom(7)
  const below = (limit: number): number => Math.floor(random() * limit)
  let threads = [started(mirror), started(mirror)]
  try {
    for (let version = 1; version <= 60_000; version++) {
      const n = below(nameCount)
      const key = `n${n % 7}/s${n}`
      const what = below(20)
      if (what < 9) mirror.apply('services', key, nthService(n, version))
      else if (what < 18) mirror.apply('endpointslices', `${key}-a`, nthSlice(n, version))
      else if (what === 18) mirror.remove('services', key)
      else mirror.remove('endpointslices', `${key}-a`)
      if (version % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      if (version % 20_000 !== 0) continue
      await threads[0]?.worker.terminate()
      threads = [...threads.slice(1), started(mirror)]
    }
    for (const kind of ['services', 'endpointslices'] as const) mirror.setSynced(kind)
    await until('both threads', () => threads.every(({ feed }) => feed.told('services') && feed.told('endpointslices')))
    for (const { worker } of threads) {
      const said = once(worker, 'message') as Promise<[Reading]>
      worker.postMessage('over')
      const [{ read, wrong }] = await said
      assert.deepEqual(wrong, [])
      assert.ok(read > 0)
    }
  } finally {
    for (const { worker } of threads) await worker.terminate()
  }
})
