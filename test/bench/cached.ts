// What a query costs that is answered out of the cache, names of an upstream server: `npm run bench -- cached [--names 1000]`
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode } from 'dns-packet'
import { costRatios, measureCosts, toldOf } from './rig/cost.ts'
import { Report, readFlags } from './rig/report.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args, { names: '1000' })
  const report = new Report('cached', args)
  const upstream = await startUpstream()
  const count = Number(flags.more.names)
  const questions = Array.from({ length: count }, (_, n) => `name-${n}.example.org A`)
  try {
    await measureCosts({ flags, report, clusterOnly: true, upstream: upstream.address, questions })
  } finally {
    upstream.close()
  }
  const told = `${toldOf(flags, "kubeadm's whole chain")} The questions are for A records of ${count} names of an upstream server, which all are in the cache.`
  report.end({ told, write: flags.write, notes: costRatios(report) })
}

/** Knows every name, for an hour. */
async function startUpstream() {
  const socket = createSocket('udp4')
  socket.on('message', (message, { address, port }) => {
    const { id, questions = [] } = decode(message)
    const [question] = questions
    if (question === undefined) return
    const answers = [{ type: 'A' as const, name: question.name, ttl: 3600, data: '192.0.2.1' }]
    // Response and recursion available.
    socket.send(encode({ type: 'response', id: id ?? 0, flags: 0x80, questions, answers }), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() }
}
