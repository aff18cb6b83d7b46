// A worker that hangs, for a while, when it is asked for a sign of life.
import { parentPort } from 'node:worker_threads'
import type { ToWorker } from '../../src/server/messages.ts'

parentPort?.on('message', (message: ToWorker) => {
  const end = Date.now() + 1500
  while (message.say === 'ping' && Date.now() < end);
})
// Its listener comes after ours.
await import('../../src/server/worker.ts')
