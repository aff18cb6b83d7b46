// A long time at half of the capacity, while the cluster changes, the configuration is read again and everything is listed
// again: no query may be lost, memory and the tail may not grow. `npm run bench -- soak [--minutes 10] [--only ours]`
import type { KubeObject } from '../../src/sandbox/object.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { toldOf } from './rig/cost.ts'
import { ask, quantile, type Told } from './rig/load.ts'
import { memoryOf } from './rig/process-cpu.ts'
import { Report, readFlags } from './rig/report.ts'
import { chains, type Field, prepare, type Subject, start } from './rig/subjects.ts'

/** Loads one after the other; after each the configuration is read again, and everything listed. */
const slices = 40
/** Questions a second whose times are taken, beside the load. */
const probeRate = 1000
/** What RSS may be in the last quarter, of what it was in the first: it takes a while until everything was used once. */
const growth = 1.1

export async function run(args: readonly string[]): Promise<void> {
  const flags = readFlags(args, { minutes: '10' }, { minutes: '0.04' })
  const minutes = Number(flags.more.minutes)
  const report = new Report('soak', args)
  const field = await prepare({
    size: { services: flags.services, endpoints: flags.endpoints, namespaces: Math.min(20, flags.services) },
    chain: chains.stock as string,
    only: flags.only === '' ? 'ours' : flags.only,
    program: flags.smoke ? 'source' : 'bundle',
  })
  const notes: string[] = []
  try {
    for (const subject of field.subjects) {
      const quarters = await soak(subject, field, { seconds: minutes * 60, slices: flags.smoke ? 4 : slices })
      for (const quarter of quarters) report.add({ subject: subject.name, ...quarter })
      const [first, last] = [quarters[0], quarters.at(-1)]
      if (first === undefined || last === undefined) throw new Error('no quarters')
      const lost = quarters.reduce((sum, quarter) => sum + quarter.lost, 0)
      const grown = last.rss / first.rss
      notes.push(
        `${subject.name}: ${lost} queries lost; last quarter / first: RSS ${grown.toFixed(2)}, p99.9 ${(last['p99.9'] / first['p99.9']).toFixed(2)}`,
      )
      if (lost > 0 || (grown > growth && !flags.smoke)) process.exitCode = 1
    }
  } finally {
    await field.close()
  }
  const told = `${toldOf(flags)} For ${minutes} minutes half as much is asked as there is time for. Every 50 ms a service, or the endpoints of one, come, change or go; after
each of ${slices} parts the configuration is read again (SIGUSR1), and all watches expire, so that everything is listed again. Times are those of ${probeRate} questions
a second beside the load, µs. RSS is the mean of a quarter.`
  report.end({ told, write: flags.write, notes })
}

async function soak(subject: Subject, field: Field, length: { readonly seconds: number; readonly slices: number }) {
  const running = await start(subject, field.size)
  try {
    // Many sockets: what comes while dnsperf has no time must fit into their buffers, or it is lost there.
    const load = { port: subject.port, questions: field.questions, clients: 64 }
    const { qps: capacity } = await ask({ ...load, seconds: Math.min(3, length.seconds / 10) })
    const seconds = length.seconds / length.slices
    const told: { readonly load: Told; readonly probe: Told; readonly rss: number }[] = []
    const endChurn = churn(field.sandbox)
    for (let slice = 0; slice < length.slices; slice++) {
      running.process.kill('SIGUSR1')
      field.sandbox.trouble.expire()
      const [whole, probe] = await Promise.all([
        ask({ ...load, seconds, qps: Math.round(capacity / 2), outstanding: 2000 }),
        ask({ ...load, seconds, qps: probeRate, outstanding: 1000, clients: 4, timed: true }),
      ])
      told.push({ load: whole, probe, rss: memoryOf(running.pids()).now })
    }
    endChurn()
    const quarter = Math.ceil(told.length / 4)
    return [1, 2, 3, 4].map((n) => {
      const part = told.slice((n - 1) * quarter, n * quarter)
      const times = Float64Array.from(part.flatMap(({ probe }) => [...probe.times])).sort()
      const sum = (of: (one: (typeof part)[number]) => number) => part.reduce((total, one) => total + of(one), 0)
      return {
        quarter: n,
        'q/s asked': Math.round(capacity / 2) + probeRate,
        answered: sum(({ load, probe }) => load.completed + probe.completed),
        lost: sum(({ load, probe }) => load.lost + probe.lost),
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
        'p99.9': quantile(times, 0.999),
        rss: Math.round(sum(({ rss }) => rss) / part.length),
      }
    })
  } finally {
    await running.stop()
  }
}

/** Keeps the cluster changing, in what nobody asks for; returns what ends that. */
function churn(sandbox: Sandbox): () => void {
  const metadata = (n: number) => ({ name: `churn-${n % 50}`, namespace: 'ns-0' })
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }]
  let n = 0
  const timer = setInterval(() => {
    n++
    const { name } = metadata(n)
    if (n % 7 === 0 && sandbox.get('Service', 'ns-0', name) !== undefined) {
      sandbox.delete('Service', 'ns-0', name)
      return
    }
    const spec = { ports, clusterIP: 'None', clusterIPs: ['None'] }
    const service = { apiVersion: 'v1', kind: 'Service', metadata: metadata(n), spec }
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata(n), labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: [`172.31.${(n >> 8) & 255}.${n & 255}`], conditions: { ready: true } }],
    }
    for (const object of [service, slice]) sandbox.apply(object as KubeObject)
  }, 50)
  return () => clearInterval(timer)
}
