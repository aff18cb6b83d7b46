// What following a big cluster costs: time and memory from the start through relists, a reload and a restart of the API
// server, how answers fare meanwhile, and how soon a change is answered. Ours, bundled and with the flags of `npm start`,
// and CoreDNS where COREDNS names a binary; one after the other, on an API server that does nothing but send (rig/api-double.ts).
//
//   npm run bench -- cluster [--services 10000] [--endpoints 5] [--pods 0,50000] [--workers 1,2] [--qps 500] [--seconds 5]
//     [--only ours-1+coredns] [--write] [--smoke]
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type DoubleCall, type DoubleSize, firstAddress, serviceName } from './rig/api-double.ts'
import { DnsProbe, told } from './rig/dns-probe.ts'
import { CpuWatch, clock, type Span, timeWithout } from './rig/pauses.ts'
import { precede, precedeSession, takeMachine } from './rig/precedence.ts'
import { memoryOf } from './rig/process-cpu.ts'
import { type Program, programIn } from './rig/program.ts'
import { Report, type Row, readFlags } from './rig/report.ts'

interface Subject extends Program {
  readonly name: string
  /** Workers, where it can be told. */
  readonly workers: number | undefined
}

interface Plan {
  readonly size: DoubleSize
  /** Questions a second while something happens. */
  readonly qps: number
  readonly events: number
  readonly burst: number
  /** Milliseconds after which memory counts as settled. */
  readonly settleMs: number
  readonly outageMs: number
}

interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly worst: number
  /** Answers that were not what they had to be, or never came. */
  readonly wrong: number
  /** Milliseconds that don't count. */
  readonly paused: number
}

export async function run(args: readonly string[]): Promise<void> {
  const more = { services: '10000', pods: '0', workers: '1,2', qps: '500' }
  const flags = readFlags(args, more, { services: '100', workers: '1', only: 'ours-1' })
  const { services, endpoints, smoke } = flags
  const size = { services, endpoints, pods: 0 }
  const plan: Plan = {
    size,
    qps: Number(flags.more.qps),
    events: Math.round(200 * flags.seconds),
    burst: Math.min(5000, services),
    settleMs: smoke ? 20 : 4000,
    outageMs: smoke ? 0 : 1000,
  }
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-bench-'))
  const report = new Report('cluster', args)
  if (!precede(0, -10)) process.stderr.write('measuring without priority, which takes root\n')
  const leave = await takeMachine()
  const recede = precedeSession(-15)
  try {
    const program = programIn(join(folder, 'program'), smoke ? 'source' : 'bundle')
    const ours = numbersOf(flags.more.workers).map((workers) => ({ name: `ours-${workers}`, workers, ...program }))
    const subjects = [...ours, ...coredns()].filter(
      ({ name }) => flags.only === '' || flags.only.split('+').includes(name),
    )
    for (const pods of numbersOf(flags.more.pods)) {
      for (const subject of subjects) {
        const sized = { ...size, pods }
        const row = await measure(subject, { ...plan, size: sized }, folder).catch((error: Error) => {
          process.stderr.write(`${error.stack}\n`)
          const [problem = ''] = error.message.split('\n')
          return { subject: subject.name, ...sized, problem }
        })
        report.add(row)
      }
    }
    report.end({ told: toldOf(plan), write: flags.write })
  } finally {
    recede()
    leave()
    rmSync(folder, { recursive: true })
  }
}

function numbersOf(list = ''): number[] {
  return list.split(',').map(Number)
}

function coredns(): Subject[] {
  const { COREDNS } = process.env
  if (COREDNS !== undefined)
    return [{ name: 'coredns', command: [COREDNS], env: { GOMAXPROCS: '1' }, workers: undefined }]
  process.stderr.write('missing: coredns (name a binary with COREDNS)\n')
  return []
}

/** kubeadm's, with ports of loopback, and an upstream that isn't there: nobody asks for its names. */
function corefileOf({ workers }: Subject, { size }: Plan, api: Api, port: number, ttl: number): string {
  return `.:${port} {
    bind 127.0.0.1
    errors
    health 127.0.0.1:${port + 1} {
        lameduck 5s
    }
    ready 127.0.0.1:${port + 2}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        endpoint ${api.url}
        tls ${api.files.join(' ')}
        pods ${size.pods > 0 ? 'verified' : 'insecure'}
        fallthrough in-addr.arpa ip6.arpa
        ttl ${ttl}
        startup_timeout 60s
    }
    prometheus 127.0.0.1:${port + 3}
    forward . 127.0.0.1:${port + 4} {
        max_concurrent 1000
    }
    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
    loop
    reload 1h
    loadbalance${workers === undefined ? '' : `\n    multisocket ${workers}`}
}
`
}

/** The process that stands for the API server. */
interface Api {
  readonly url: string
  /** Client certificate, key and authority. */
  readonly files: readonly string[]
  call<T>(call: DoubleCall): Promise<T>
  close(): void
}

async function startApi(size: DoubleSize, folder: string): Promise<Api> {
  const program = fileURLToPath(new URL('rig/api-double.ts', import.meta.url))
  const child = fork(program, [JSON.stringify(size)])
  // Not before those who are measured, and who measure.
  precede(child.pid as number, -4)
  const [opened] = (await once(child, 'message')) as [{ port: number; ca: string; certificate: string; key: string }]
  const files = (['certificate', 'key', 'ca'] as const).map((name) => {
    const file = join(folder, `${name}.pem`)
    writeFileSync(file, opened[name])
    return file
  })
  return {
    url: `https://127.0.0.1:${opened.port}`,
    files,
    async call<T>(call: DoubleCall) {
      child.send(call)
      const [{ result, error }] = (await once(child, 'message')) as [{ result?: T; error?: string }]
      if (error !== undefined) throw new Error(error)
      return result as T
    },
    close: () => child.disconnect(),
  }
}

/** Each subject its own ports. */
let port = 16_400

/** Milliseconds and MiB. */
async function measure(subject: Subject, plan: Plan, folder: string): Promise<Row> {
  port += 10
  const { size } = plan
  const api = await startApi(size, folder)
  const file = join(folder, `${subject.name}.Corefile`)
  const configure = (ttl: number) => writeFileSync(file, corefileOf(subject, plan, api, port, ttl))
  configure(30)
  const [program = '', ...args] = subject.command
  const lines: string[] = []
  const start = performance.now()
  const server = spawn(...inPlace(program, [...args, '-conf', file]), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...subject.env },
  })
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => lines.push(String(chunk)))
  const pid = server.pid as number
  precede(pid, -5)
  const peaks: Record<string, number> = {}
  const mark = (phase: string): void => {
    peaks[`${phase} MiB`] = memoryOf([pid]).peak
  }
  const cpuWatch = isPlaced ? await CpuWatch.start(subjectCpu) : undefined
  if (cpuWatch === undefined) process.stderr.write('measuring without a watch on pauses of the host\n')
  try {
    const probe = new DnsProbe(port)
    const firstAnswer = await timeOfFirstAnswer(probe, size, start, server)
    await sleep(plan.settleMs)
    const settled = memoryOf([pid]).now
    mark('start')
    const kinds = size.pods > 0 ? 4 : 3
    const relist = await under(probe, cpuWatch, plan, async () => {
      for (let i = 0; i < 2; i++) await listsAfter(api, kinds, () => api.call({ call: 'expire' }))
    })
    mark('relists')
    await cpuWatch?.take()
    const events = await api.call<Span[]>({ call: 'events', port, perSecond: 200, count: plan.events })
    const event = summary(events, (await cpuWatch?.take()) ?? [], 0)
    const burst = await api.call<{ sent: number; seen: number[] }>({ call: 'burst', port, count: plan.burst })
    mark('events')
    const reload = await under(probe, cpuWatch, plan, async () => {
      configure(31)
      server.kill('SIGUSR1')
      await printed(lines, /Reloading complete/)
    })
    mark('reload')
    const restart = await under(probe, cpuWatch, plan, () =>
      listsAfter(api, kinds, () => api.call({ call: 'restart', milliseconds: plan.outageMs })),
    )
    mark('API restart')
    probe.close()
    return {
      subject: subject.name,
      ...size,
      'first answer ms': Math.round(firstAnswer),
      'settled MiB': settled,
      ...peaks,
      'relists p99.9 ms': relist.p999,
      'relists worst ms': relist.worst,
      'reload worst ms': reload.worst,
      'restart worst ms': restart.worst,
      'event p50 ms': event.p50,
      'event p99 ms': event.p99,
      'burst ms': Math.round(Math.max(...burst.seen)),
      wrong: relist.wrong + reload.wrong + restart.wrong,
      'paused ms': Math.round(relist.paused + event.paused + reload.paused + restart.paused),
    }
  } catch (error) {
    throw new Error(
      `${subject.name}: ${error instanceof Error ? error.message : error}\n${lines.join('').slice(-2000)}`,
      {
        cause: error,
      },
    )
  } finally {
    // What it has still to say to nobody is no part of it.
    server.kill('SIGKILL')
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    api.close()
    cpuWatch?.end()
  }
}

/** Where there are CPUs to choose from, the server has this one, and all others the rest. */
const subjectCpu = 0
const isPlaced = cpus().length > 1 && spawnSync('taskset', ['-V']).error === undefined

function inPlace(program: string, args: readonly string[]): [string, string[]] {
  return isPlaced ? ['taskset', ['-c', String(subjectCpu), program, ...args]] : [program, [...args]]
}

async function timeOfFirstAnswer(
  probe: DnsProbe,
  { services }: DoubleSize,
  start: number,
  server: ChildProcess,
): Promise<number> {
  const service = services - 2
  const expected = `NOERROR ${firstAddress(service)}`
  for (;;) {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`)
    if ((await probe.answer(serviceName(service), 20)) === expected) return performance.now() - start
    if (performance.now() - start > 180_000) throw new Error('no right answer within three minutes')
    await sleep(2)
  }
}

async function listsAfter(api: Api, lists: number, act: () => Promise<unknown>): Promise<void> {
  const before = await api.call<number>({ call: 'lists' })
  await act()
  const deadline = performance.now() + 300_000
  while ((await api.call<number>({ call: 'lists' })) < before + lists) {
    if (performance.now() > deadline) throw new Error('nobody lists again')
    await sleep(50)
  }
}

async function printed(lines: readonly string[], pattern: RegExp): Promise<void> {
  const deadline = performance.now() + 120_000
  while (!pattern.test(lines.join(''))) {
    if (performance.now() > deadline) throw new Error(`it never says ${pattern}`)
    await sleep(20)
  }
}

/** The times of answers while something happens, and for a moment after it. */
async function under(
  probe: DnsProbe,
  cpuWatch: CpuWatch | undefined,
  plan: Plan,
  act: () => Promise<unknown>,
): Promise<Latencies> {
  const { size, qps } = plan
  const times: Span[] = []
  let wrong = 0
  let asked = 0
  await cpuWatch?.take()
  const start = clock()
  /** When we could do nothing ourselves, on a host that had other things to do: no answer is to be blamed for that. */
  const pauses: Span[] = []
  let awake = start
  const notePause = (): number => {
    const now = clock()
    if (now - awake > longestTurn) pauses.push([awake, now])
    awake = now
    return now
  }
  const timer = setInterval(() => {
    const now = notePause()
    for (; asked < ((now - start) / 1000) * qps; asked++) {
      // Those that neither come nor go.
      const service = ((asked * 7919) % size.services) & ~1
      probe.ask(serviceName(service), (reply, milliseconds) => {
        const came = notePause()
        times.push([came - milliseconds, came])
        if (!told(reply).startsWith('NOERROR ')) wrong++
      })
    }
  }, 1)
  try {
    await act()
    await sleep(plan.settleMs / 2)
  } finally {
    clearInterval(timer)
  }
  await sleep(100)
  // What never came was waited for in vain as long as anything.
  return summary(times, [...pauses, ...((await cpuWatch?.take()) ?? [])], wrong + (asked - times.length))
}

/** A turn of the event loop that takes longer, milliseconds, is a pause. */
const longestTurn = 4

function summary(times: readonly Span[], pauses: readonly Span[], wrong: number): Latencies {
  const sorted = times.map(([start, end]) => timeWithout(pauses, start, end)).sort((a, b) => a - b)
  const at = (part: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)
  const paused = pauses.reduce((sum, [start, end]) => sum + end - start, 0)
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), worst: at(1), wrong, paused }
}

const round = (value: number): number => Number(value.toPrecision(3))

function toldOf({ qps, burst }: Plan): string {
  return `Services have a slice each, one in ten is headless; objects are of real size (3 KB, pods 6 KB), sent over TLS as fast as the
subject takes them. Each subject has one CPU, the API server and the questions (${qps} a second) have the others. Ours is the bundle with the
flags of \`npm start\`, ours-2 with two workers on that one CPU; CoreDNS has \`GOMAXPROCS=1\`, and gets JSON as all do here, where a
real API server would give it protobuf. The Corefile is kubeadm's, with \`pods verified\` where there are
pods. MiB are the highest RSS up to the end of each phase, in the order of the columns: start, two relists forced by 410 (one object in 200
changed, one in 250 gone or come), 200 events a second and then ${burst} at once, a reload, a restart of the API server, which is away for a
second and has forgotten its history. \`event\` is from an event to the first answer that knows of it, \`burst\` from the first of many
events until the last is answered. \`wrong\` counts answers in relists, reload and restart that were wrong or never came. While the host
of this virtual machine kept its CPUs from it, as who asks and a process that only watches the clock saw it, no time is counted:
\`paused\`, of all phases but the burst.`
}
