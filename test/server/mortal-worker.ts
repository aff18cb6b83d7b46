// A worker that dies of a fault when it is told to, by the channel `mortal`: `die` is for all, a number for the one that said it.
import { BroadcastChannel, threadId } from 'node:worker_threads'
import '../../src/server/worker.ts'

const channel = new BroadcastChannel('mortal')
channel.onmessage = (event: unknown) => {
  const { data } = event as { readonly data: unknown }
  if (data === 'die' || data === threadId) throw new Error('a fault of the test')
  if (data === 'who') channel.postMessage({ threadId })
}
channel.unref()
