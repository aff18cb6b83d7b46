// What the transfer of the cluster's whole zone costs (AXFR, RFC 5936): `npm run bench -- transfer [--services 10000]`
import { connect } from 'node:net'
import { decode, encode } from 'dns-packet'
import { Frames } from '../../src/dns/frames.ts'
import { toldOf } from './rig/cost.ts'
import { cpuOf, memoryOf } from './rig/process-cpu.ts'
import { Report, ratio, readFlags } from './rig/report.ts'
import { chains, prepare, start } from './rig/subjects.ts'

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args)
  const report = new Report('transfer', args)
  const field = await prepare({
    size: { services: flags.services, endpoints: flags.endpoints, namespaces: Math.min(20, flags.services) },
    chain: `    transfer {\n        to *\n    }\n${chains.stock}`,
    only: flags.only,
    program: flags.smoke ? 'source' : 'bundle',
  })
  try {
    for (let round = 1; round <= flags.rounds; round++) {
      for (const subject of field.subjects) {
        const running = await start(subject, field.size)
        try {
          await transfer(subject.port)
          const before = cpuOf(running.pids())
          const since = performance.now()
          let [records, octets, count] = [0, 0, 0]
          for (; count === 0 || performance.now() - since < flags.seconds * 1000; count++) {
            const got = await transfer(subject.port)
            records += got.records
            octets += got.octets
          }
          const used = cpuOf(running.pids()) - before
          report.add({
            subject: subject.name,
            round,
            transfers: count,
            'records each': records / count,
            'KiB each': Math.round(octets / count / 1024),
            'CPU ms each': Number(((used * 1000) / count).toFixed(1)),
            'CPU ns a record': Math.round((used * 1e9) / records),
            peak: memoryOf(running.pids()).peak,
          })
        } finally {
          await running.stop()
        }
      }
    }
  } finally {
    await field.close()
  }
  const notes = ['coredns', 'knot', 'nsd'].flatMap((by) => ratio(report.rows, 'CPU ns a record', 'ours', by))
  report.end({
    told: `${toldOf(flags)} The zone is fetched again and again, one transfer at a time.`,
    write: flags.write,
    notes,
  })
}

/** Fetches cluster.local; resolves at the second SOA record. */
async function transfer(port: number): Promise<{ readonly records: number; readonly octets: number }> {
  const question = encode({ type: 'query', id: 1, questions: [{ type: 'AXFR', name: 'cluster.local' }] })
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(Buffer.concat([Buffer.from([question.length >> 8, question.length & 255]), question]))
  const frames = new Frames()
  let [records, octets] = [0, 0]
  for await (const chunk of socket) {
    frames.push(chunk as Buffer)
    for (let message = frames.shift(); message !== undefined; message = frames.shift()) {
      const rcode = (message[3] as number) & 15
      if (rcode !== 0) throw new Error(`the transfer was answered with rcode ${rcode}`)
      const first = records === 0
      records += message.readUInt16BE(6)
      octets += message.length
      if (isLast(message, first)) {
        socket.destroy()
        return { records, octets }
      }
    }
  }
  throw new Error('the transfer ended in the middle')
}

/** Does a message end with the SOA record, which in the first message comes at the beginning too? */
function isLast(message: Buffer, first: boolean): boolean {
  const { answers = [] } = decode(message)
  return answers.at(-1)?.type === 'SOA' && (!first || answers.length > 1)
}
