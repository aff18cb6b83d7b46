// A worker that dies of a fault when it is asked for a sign of life.
import { parentPort } from 'node:worker_threads'
import type { ToWorker } from '../../src/server/messages.ts'
import '../../src/server/worker.ts'

parentPort?.on('message', (message: ToWorker) => {
  if (message.say === 'ping') throw new Error('a fault of the test')
})
