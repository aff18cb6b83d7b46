// A worker that does nothing but tell how many it was told there are, and when it is told to stop.
import { BroadcastChannel, parentPort, threadId } from 'node:worker_threads'
import type { FromWorker, ToWorker } from '../../src/server/messages.ts'

const channel = new BroadcastChannel('telling-worker')
channel.unref()

parentPort?.on('message', (message: ToWorker) => {
  if (message.say === 'prepare') channel.postMessage({ threadId, told: message.setup.workers })
  if (message.say === 'stop') channel.postMessage({ threadId, told: 'stop' })
  parentPort?.postMessage({ say: 'done', id: message.id } satisfies FromWorker)
  if (message.say === 'stop') parentPort?.close()
})
