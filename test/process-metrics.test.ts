import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processMetrics } from '../src/process-metrics.ts'

const read = () => new Map(processMetrics().map(({ name, value }) => [name, value]))
const everywhere = ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds']

test('there are those of every process', () => {
  const values = read()
  for (const name of everywhere) assert((values.get(name) ?? 0) > 0, name)
  for (const [name, value] of values) assert(Number.isFinite(value) && value >= 0, name)
  const start = values.get('process_start_time_seconds') as number
  assert(Math.abs(start - (Date.now() / 1000 - process.uptime())) < 5)
  assert(Math.abs((values.get('process_resident_memory_bytes') as number) / process.memoryUsage.rss() - 1) < 0.5)
})

test('processor time grows with work', () => {
  const before = read().get('process_cpu_seconds_total') as number
  while ((read().get('process_cpu_seconds_total') as number) < before + 0.01);
})

test('on Linux, those that Go programs have there', { skip: process.platform !== 'linux' }, () => {
  const values = read()
  assert.deepEqual(
    [...values.keys()].filter((name) => !everywhere.includes(name)),
    [
      'process_max_fds',
      'process_network_receive_bytes_total',
      'process_network_transmit_bytes_total',
      'process_open_fds',
      'process_virtual_memory_bytes',
      'process_virtual_memory_max_bytes',
    ],
  )
  assert((values.get('process_open_fds') as number) <= (values.get('process_max_fds') as number))
  const virtual = values.get('process_virtual_memory_bytes') as number
  assert(virtual > (values.get('process_resident_memory_bytes') as number))
  assert(virtual <= (values.get('process_virtual_memory_max_bytes') as number))
})
