// A thread with metrics of its own, for the tests of metrics: adds to the one it is told.
import { parentPort } from 'node:worker_threads'
import { announceSeries, counter, gauge } from '../src/metrics.ts'

announceSeries((series) => parentPort?.postMessage(series))

parentPort?.on('message', ({ name, by }: { readonly name: string; readonly by: number }) => {
  if (name.endsWith('_total')) counter(name, 'Counted by threads.', ['label']).with('value').inc(by)
  else gauge(name, 'Measured by threads.', ['label']).with('value').add(by)
  parentPort?.postMessage('done')
})
