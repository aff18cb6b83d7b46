// A worker that dies of a fault when it is told to, by the channel `mortal`.
import { BroadcastChannel } from 'node:worker_threads'
import '../../src/server/worker.ts'

const channel = new BroadcastChannel('mortal')
channel.onmessage = () => {
  throw new Error('a fault of the test')
}
channel.unref()
