// A worker's view of the cluster, kept up by the main thread.
import type { MessagePort } from 'node:worker_threads'
import type { Batch } from './feed.ts'
import type { FreshnessMessage } from './freshness.ts'
import { type Cluster, Store } from './store.ts'

/** The cluster as the feed on the other end of the port tells it; nothing is synced before it has begun to. */
export function replica(port: MessagePort): Cluster {
  const store = new Store()
  port.on('message', (message: Batch | FreshnessMessage) => {
    if ('freshness' in message) return
    const { chunks, changes, synced, serial } = message
    for (const [number, chunk] of chunks) store.setChunk(number, chunk)
    for (const [kind, slot, address] of changes) store.put(kind, slot, address)
    for (const kind of synced) store.setSynced(kind)
    store.setSerial(serial)
    port.postMessage('taken in')
  })
  port.unref()
  return store
}
