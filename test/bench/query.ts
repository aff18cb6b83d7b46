// What a query costs: ours by the batch and by dgram, CoreDNS where COREDNS names a binary, and Knot with the same names as
// zone files where it is installed; on one cluster with the same questions, in alternating rounds. Load by dnsperf (Debian package dnsperf); CPU time of the server from the kernel's accounting.
//
//   npm run bench -- query [--services 1000] [--endpoints 5] [--seconds 5] [--rounds 3] [--qps 0]
//     [--chain stock|plain] [--only ours+knot] [--write]
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { cpuOf, memoryOf } from './process-cpu.ts'
import { type ClusterSize, objectsOf, questionsOf, zonesOf } from './synthetic-cluster.ts'

interface Subject {
  readonly name: string
  readonly command: readonly string[]
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  /** Printed when it answers. */
  readonly ready: string
}

interface Row {
  readonly subject: string
  readonly round: number
  /** Microseconds of CPU time for a query. */
  readonly cpu: number
  readonly qps: number
  readonly lost: number
  /** Of the answers, by rcode, as dnsperf prints it. */
  readonly rcodes: string
  readonly rss: number
  readonly peak: number
}

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      services: { type: 'string', default: '1000' },
      endpoints: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      qps: { type: 'string', default: '0' },
      chain: { type: 'string', default: 'stock' },
      only: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
    },
  })
  const size = { services: Number(values.services), endpoints: Number(values.endpoints), namespaces: 20 }
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-bench-'))
  const sandbox = await startSandbox({ serviceCidr: '10.96.0.0/11' })
  try {
    for (const object of objectsOf(size)) sandbox.apply(object as never)
    const kubeconfig = join(folder, 'kubeconfig')
    sandbox.writeKubeconfig(kubeconfig)
    const questions = join(folder, 'questions')
    writeFileSync(questions, [...questionsOf(size, 20_000)].join('\n'))
    const subjects = subjectsOf(folder, kubeconfig, size, values.chain).filter(({ name }) =>
      values.only === '' ? true : values.only.split('+').includes(name),
    )
    const rows: Row[] = []
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const subject of subjects) {
        const row = await measure(subject, round, questions, values.seconds, values.qps)
        rows.push(row)
        process.stdout.write(`${JSON.stringify({ bench: 'query', chain: values.chain, ...size, ...row })}\n`)
      }
    }
    const table = tableOf(rows)
    process.stdout.write(`\n${table}`)
    if (values.write) writeFileSync(new URL('../../docs/performance.md', import.meta.url), pageOf(args, table, size))
  } finally {
    await sandbox.close()
    rmSync(folder, { recursive: true })
  }
}

const blocks: Readonly<Record<string, string>> = {
  /** Nothing but what answers. */
  plain: '    errors\n    KUBERNETES\n',
  /** kubeadm's, with a port for each page, and an upstream that isn't there: nobody asks for its names. */
  stock: `    errors
    health 127.0.0.1:0 {
        lameduck 5s
    }
    ready 127.0.0.1:0
    KUBERNETES
    prometheus 127.0.0.1:0
    forward . 127.0.0.1:0 {
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

/** Ours by the batch and by dgram, and what else is at hand. */
function subjectsOf(folder: string, kubeconfig: string, size: ClusterSize, chain: string): Subject[] {
  const subject = (name: string, port: number, command: readonly string[], env = {}): Subject => {
    const file = join(folder, `${name}.Corefile`)
    const options = `kubeconfig ${kubeconfig}\n        pods insecure\n        ttl 30\n        fallthrough in-addr.arpa ip6.arpa`
    const stanza = `kubernetes cluster.local in-addr.arpa ip6.arpa {\n        ${options}\n    }`
    // Each subject its own ports, all of them on loopback.
    const body = (blocks[chain] ?? '')
      .replace('KUBERNETES', stanza)
      .replaceAll('127.0.0.1:0', () => `127.0.0.1:${++httpPort}`)
    writeFileSync(file, `.:${port} {\n    bind 127.0.0.1\n${body}}\n`)
    return { name, port, command: [...command, '-conf', file], env, ready: 'linux/' }
  }
  let httpPort = 15400
  const subjects = [
    subject('ours', 15353, [process.execPath, main]),
    subject('ours, dgram', 15355, [process.execPath, main], { CLUSTERDNS_UDP: 'dgram' }),
  ]
  if (process.env.COREDNS) subjects.push(subject('coredns', 15354, [process.env.COREDNS]))
  else process.stderr.write('missing: coredns (name a binary with COREDNS)\n')
  if (existsSync('/usr/sbin/knotd')) subjects.push(knot(folder, size))
  else process.stderr.write('missing: knot (Debian package knot)\n')
  return subjects
}

function knot(folder: string, size: ClusterSize): Subject {
  const { forward, reverse } = zonesOf(size)
  writeFileSync(join(folder, 'cluster.local.zone'), forward)
  writeFileSync(join(folder, 'in-addr.arpa.zone'), reverse)
  const file = join(folder, 'knot.conf')
  const zone = (name: string) => `  - domain: ${name}\n    storage: ${folder}\n    file: ${name}.zone\n`
  writeFileSync(
    file,
    `server:
    rundir: ${folder}
    listen: 127.0.0.1@15356
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: ${folder}
log:
  - target: stdout
    any: info
zone:
${zone('cluster.local')}${zone('in-addr.arpa')}`,
  )
  return { name: 'knot', port: 15356, command: ['/usr/sbin/knotd', '-c', file], env: {}, ready: 'server started' }
}

async function measure(subject: Subject, round: number, questions: string, seconds: string, qps: string): Promise<Row> {
  const [command = '', ...args] = subject.command
  // One core for the server, the other for the load.
  const server = spawn('taskset', ['-c', '0', command, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...subject.env },
  })
  server.stdout.setEncoding('utf8')
  const exit = once(server, 'exit')
  const pid = server.pid as number
  try {
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (chunk: string) => chunk.includes(subject.ready) && resolve())
      server.once('exit', (code) => reject(new Error(`${subject.name} ended with ${code}`)))
    })
    const load = async (length: string) => {
      const flags = [
        '-s',
        '127.0.0.1',
        '-p',
        `${subject.port}`,
        '-d',
        questions,
        '-l',
        length,
        '-c',
        '4',
        '-q',
        '200',
        '-e',
      ]
      const limit = qps === '0' ? [] : ['-Q', qps]
      const { stdout } = await promisify(execFile)('taskset', ['-c', '1', 'dnsperf', ...flags, ...limit])
      return stdout
    }
    await load('2')
    const before = cpuOf(pid)
    const told = await load(seconds)
    const used = cpuOf(pid) - before
    const number = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(told)?.[1])
    const { now, peak } = memoryOf(pid)
    return {
      subject: subject.name,
      round,
      cpu: Number(((used / number('Queries completed')) * 1e6).toFixed(2)),
      qps: Math.round(number('Queries per second')),
      lost: number('Queries lost'),
      rcodes: /Response codes:\s+(.*)/.exec(told)?.[1] ?? '',
      rss: Math.round(now),
      peak: Math.round(peak),
    }
  } finally {
    server.kill('SIGTERM')
    await exit
  }
}

function tableOf(rows: readonly Row[]): string {
  const head =
    '| subject | round | CPU µs per query | q/s | lost | RSS MiB | peak MiB | answers |\n|---|---|---|---|---|---|---|---|\n'
  const lines = rows.map(
    ({ subject, round, cpu, qps, lost, rss, peak, rcodes }) =>
      `| ${subject} | ${round} | ${cpu} | ${qps} | ${lost} | ${rss} | ${peak} | ${rcodes} |\n`,
  )
  return head + lines.join('')
}

/** docs/performance.md, but for what it can't know. */
function pageOf(args: readonly string[], table: string, size: ClusterSize): string {
  const [processor] = cpus()
  return `# Performance

Written by \`npm run bench -- query ${args.join(' ')}\` on ${new Date().toISOString().slice(0, 10)}: ${processor?.model.trim()}, ${cpus().length} CPUs, Linux
${release()}, Node ${process.version}.

Each subject is pinned to one CPU, dnsperf to the other, with 200 questions outstanding; rounds alternate. CPU time is the kernel's
account of the whole process. The cluster has ${size.services} services, one in ten headless, with ${size.endpoints} endpoints each; half of the
questions are A, two in ten AAAA, the rest SRV, PTR, pods by name, and names that don't exist. The chain is kubeadm's whole (\`--chain stock\`)
but for the upstream, which is not there. RSS is that of the program as \`node src/main.ts\` runs it, without the flags of \`npm start\`, with a kubeconfig.

${table}`
}
