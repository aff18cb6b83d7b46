// A worker that begins when it is told to.
import { once } from 'node:events'
import { BroadcastChannel } from 'node:worker_threads'

const channel = new BroadcastChannel('late-worker')
await once(channel, 'message')
channel.close()
await import('../../src/server/worker.ts')
