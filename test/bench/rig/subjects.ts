// Who is measured: ours by the batch and by dgram, CoreDNS where COREDNS names a binary, Knot and NSD with the same names as
// zone files where they are installed; all of them over one cluster.
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from 'dns-packet'
import type { KubeObject } from '../../../src/sandbox/object.ts'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts'
import { type ClusterSize, objectsOf, questionsOf, zonesOf } from '../synthetic-cluster.ts'
import { descendants } from './process-cpu.ts'
import { type Program, programIn } from './program.ts'
import { startUpstream } from './upstream.ts'

/** Server blocks' bodies; PORT stands for one of loopback that nobody else has. */
export const chains: Readonly<Record<string, string>> = {
  /** Nothing but what answers. */
  plain: '    errors\n    KUBERNETES\n',
  /** kubeadm's. */
  stock: `    errors
    health 127.0.0.1:PORT {
        lameduck 5s
    }
    ready 127.0.0.1:PORT
    KUBERNETES
    prometheus 127.0.0.1:PORT
    forward . UPSTREAM {
        max_concurrent 1000
    }
    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
    loop
    reload
    loadbalance
`,
}

export interface Field {
  readonly folder: string
  readonly sandbox: Sandbox
  readonly size: ClusterSize
  /** Lines `NAME TYPE`. */
  readonly questions: string
  readonly subjects: readonly Subject[]
  close(): Promise<void>
}

export interface Subject {
  readonly name: string
  /** Knows the cluster, or the names as they were when it began. */
  readonly kind: 'cluster' | 'zone files'
  readonly port: number
  /** Of its page of metrics; undefined where it has none. */
  readonly metrics?: number | undefined
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Its configuration, which it can be told to read again. */
  readonly file: string
}

export interface FieldOptions {
  readonly size: ClusterSize
  /** The server block's body, one of `chains` or of that form. */
  readonly chain: string
  /** `ours+knot`; all where it is ''. */
  readonly only?: string
  readonly program?: 'bundle' | 'source'
  /** Names for zone files can't be what is asked for. */
  readonly clusterOnly?: boolean
}

/** Everything there must be before a subject can start. */
export async function prepare(options: FieldOptions): Promise<Field> {
  const { size, only = '' } = options
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-bench-'))
  // Knot and NSD may read it as users of their own.
  chmodSync(folder, 0o755)
  const upstream = await startUpstream()
  const sandbox = await startSandbox({ serviceCidr: '10.96.0.0/11', history: 100_000 })
  for (const object of objectsOf(size)) sandbox.apply(object as KubeObject)
  sandbox.writeKubeconfig(join(folder, 'kubeconfig'))
  const questions = join(folder, 'questions')
  writeFileSync(questions, [...questionsOf(size, 20_000)].join('\n'))
  const wanted = (name: string) => only === '' || only.split('+').includes(name)
  const subjects = subjectsOf({ ...options, folder, upstream: upstream.address }, wanted)
  return {
    folder,
    sandbox,
    size,
    questions,
    subjects,
    close: async () => {
      await sandbox.close()
      upstream.close()
      rmSync(folder, { recursive: true })
    },
  }
}

interface Surroundings extends FieldOptions {
  readonly folder: string
  /** Its address and port. */
  readonly upstream: string
}

function subjectsOf(options: Surroundings, wanted: (name: string) => boolean): Subject[] {
  const { folder } = options
  const subjects: Subject[] = []
  const missing = (name: string, how: string) => process.stderr.write(`missing: ${name} (${how})\n`)
  let program: Program | undefined
  const ours = (name: string, env: Readonly<Record<string, string>>) => {
    if (!wanted(name)) return
    program ??= programIn(join(folder, 'program'), options.program ?? 'bundle')
    subjects.push(fromCorefile(options, { name, ...program, env: { ...program.env, ...env } }))
  }
  ours('ours', {})
  ours('ours, dgram', { CLUSTERDNS_UDP: 'dgram' })
  if (wanted('coredns')) {
    const { COREDNS } = process.env
    if (COREDNS) subjects.push(fromCorefile(options, { name: 'coredns', command: [COREDNS], env: {} }))
    else missing('coredns', 'name a binary with COREDNS')
  }
  if (options.clusterOnly === true) return subjects
  if (wanted('knot') || wanted('nsd')) writeZones(folder, options.size)
  if (wanted('knot')) {
    if (existsSync('/usr/sbin/knotd')) subjects.push(knot(folder))
    else missing('knot', 'Debian package knot')
  }
  if (wanted('nsd')) {
    if (existsSync('/usr/sbin/nsd')) subjects.push(nsd(folder))
    else missing('nsd', 'Debian package nsd')
  }
  return subjects
}

/** Each subject has its own ports, all of them on loopback, and other ones than a benchmark beside this one. */
let nextPort = 20_000 + (process.pid % 200) * 50

function fromCorefile(
  { folder, upstream, chain }: Surroundings,
  { name, command, env }: Program & { readonly name: string },
): Subject {
  const port = ++nextPort
  const file = join(folder, `${name}.Corefile`)
  const stanza = `kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig ${join(folder, 'kubeconfig')}
        pods insecure
        ttl 30
        fallthrough in-addr.arpa ip6.arpa
    }`
  const body = chain
    .replace('KUBERNETES', stanza)
    .replace('UPSTREAM', upstream)
    .replaceAll('PORT', () => `${++nextPort}`)
  const metrics = /prometheus 127\.0\.0\.1:(\d+)/.exec(body)?.[1]
  writeFileSync(file, `.:${port} {\n    bind 127.0.0.1\n${body}}\n`)
  return {
    name,
    kind: 'cluster',
    port,
    metrics: metrics === undefined ? undefined : Number(metrics),
    command: [...command, '-conf', file],
    env,
    file,
  }
}

const zoneNames = ['cluster.local', 'in-addr.arpa']

function writeZones(folder: string, size: ClusterSize): void {
  const { forward, reverse } = zonesOf(size)
  writeFileSync(join(folder, 'cluster.local.zone'), forward)
  writeFileSync(join(folder, 'in-addr.arpa.zone'), reverse)
}

function knot(folder: string): Subject {
  const port = ++nextPort
  const file = join(folder, 'knot.conf')
  const zones = zoneNames.map(
    (name) => `  - domain: ${name}\n    storage: ${folder}\n    file: ${name}.zone\n    acl: all\n`,
  )
  writeFileSync(
    file,
    `server:
    rundir: ${folder}
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: ${folder}
log:
  - target: stderr
    any: warning
acl:
  - id: all
    address: 127.0.0.0/8
    action: transfer
zone:
${zones.join('')}`,
  )
  return { name: 'knot', kind: 'zone files', port, command: ['/usr/sbin/knotd', '-c', file], env: {}, file }
}

function nsd(folder: string): Subject {
  const port = ++nextPort
  const file = join(folder, 'nsd.conf')
  const zones = zoneNames.map(
    (name) => `zone:\n    name: ${name}\n    zonefile: ${folder}/${name}.zone\n    provide-xfr: 127.0.0.0/8 NOKEY\n`,
  )
  writeFileSync(
    file,
    `server:
    server-count: 1
    ip-address: 127.0.0.1@${port}
    username: ""
    chroot: ""
    zonesdir: ${folder}
    zonelistfile: ${folder}/nsd.zones
    xfrdfile: ${folder}/nsd.xfrd
    xfrdir: ${folder}
    pidfile: ${folder}/nsd.pid
    database: ""
remote-control:
    control-enable: no
${zones.join('')}`,
  )
  return { name: 'nsd', kind: 'zone files', port, command: ['/usr/sbin/nsd', '-d', '-c', file], env: {}, file }
}

export interface Running {
  /** Of the process and of those it started. */
  readonly pids: () => readonly number[]
  readonly process: ChildProcess
  /** From its start to the first answer about the last of the cluster's services, ms. */
  readonly started: number
  stop(): Promise<void>
}

/** Those that run; they are not to outlive a benchmark that is broken off. */
const all = new Set<() => void>()
process.on('exit', () => {
  for (const end of all) end()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

/** Starts a subject on the CPUs named as taskset does; resolves when it knows the last of the services. */
export async function start(subject: Subject, size: ClusterSize, cpus = '0'): Promise<Running> {
  const [command = '', ...args] = subject.command
  const since = performance.now()
  const child = spawn('taskset', ['-c', cpus, command, ...args], {
    // Its log goes nowhere, which costs everybody the same.
    stdio: [
      'ignore',
      ...(process.env.BENCH_VERBOSE ? (['inherit', 'inherit'] as const) : (['ignore', 'ignore'] as const)),
    ],
    env: { ...process.env, ...subject.env },
  })
  const pid = child.pid as number
  let ended: number | null | undefined
  const exit = once(child, 'exit').then(([code]) => {
    ended = code as number | null
  })
  const pids = () => [pid, ...descendants(pid)]
  const end = () => {
    // A lameduck would only be waited for.
    for (const each of pids()) kill(each)
  }
  all.add(end)
  const stop = async () => {
    all.delete(end)
    end()
    await exit
  }
  const last = size.services - 1
  const question = `svc-${last}.ns-${last % size.namespaces}.svc.cluster.local`
  while (!(await knows(subject.port, question))) {
    if (ended !== undefined) throw new Error(`${subject.name} ended with ${ended}`)
    if (performance.now() - since > 120_000) {
      await stop()
      throw new Error(`${subject.name} does not know ${question}`)
    }
  }
  return { pids, process: child, started: performance.now() - since, stop }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** NOERROR with records, if only there were room for them. */
function isPositive(reply: Buffer): boolean {
  const truncated = ((reply[2] as number) & 2) !== 0
  return ((reply[3] as number) & 15) === 0 && (truncated || reply.readUInt16BE(6) > 0)
}

/** Is there an address record? Waits 20 ms for the answer. */
async function knows(port: number, name: string): Promise<boolean> {
  const socket = createSocket('udp4')
  const answered = new Promise<boolean>((resolve) => {
    const late = setTimeout(() => resolve(false), 20)
    const settle = (known: boolean) => {
      clearTimeout(late)
      resolve(known)
    }
    socket.on('message', (reply) => settle(isPositive(reply)))
    // Nobody listens yet.
    socket.on('error', () => setTimeout(settle, 10, false))
  })
  socket.connect(port, '127.0.0.1', () => {
    socket.send(encode({ type: 'query', id: 1, questions: [{ type: 'A', name }] }))
  })
  const known = await answered
  socket.close()
  return known
}
