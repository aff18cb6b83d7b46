// What a query costs: ours, and CoreDNS where COREDNS names a binary, on one cluster with the same questions, in
// alternating rounds. Load by dnsperf (Debian package dnsperf); CPU time of the server from the kernel's accounting.
//
//   npm run bench -- query [--services 1000] [--endpoints 5] [--seconds 5] [--rounds 3] [--qps 0]
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { cpuOf, memoryOf } from './process-cpu.ts'
import { objectsOf, questionsOf } from './synthetic-cluster.ts'

interface Subject {
  readonly name: string
  readonly command: readonly string[]
  readonly port: number
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
    const subjects = subjectsOf(folder, kubeconfig)
    if (subjects.length === 1) process.stderr.write('missing: coredns (name a binary with COREDNS)\n')
    const rows: Row[] = []
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const subject of subjects) {
        const row = await measure(subject, round, questions, values.seconds, values.qps)
        rows.push(row)
        process.stdout.write(`${JSON.stringify({ bench: 'query', ...size, ...row })}\n`)
      }
    }
    print(rows)
  } finally {
    await sandbox.close()
    rmSync(folder, { recursive: true })
  }
}

function subjectsOf(folder: string, kubeconfig: string): Subject[] {
  const subject = (name: string, port: number, command: readonly string[]): Subject => {
    const file = join(folder, `${name}.Corefile`)
    const block = `cluster.local:${port} in-addr.arpa:${port} ip6.arpa:${port}`
    const options = `kubeconfig ${kubeconfig}\n        pods insecure\n        ttl 30`
    writeFileSync(file, `${block} {\n    errors\n    bind 127.0.0.1\n    kubernetes {\n        ${options}\n    }\n}\n`)
    return { name, port, command: [...command, '-conf', file] }
  }
  const subjects = [subject('ours', 15353, [process.execPath, main])]
  if (process.env.COREDNS) subjects.push(subject('coredns', 15354, [process.env.COREDNS]))
  return subjects
}

async function measure(subject: Subject, round: number, questions: string, seconds: string, qps: string): Promise<Row> {
  const [command = '', ...args] = subject.command
  // One core for the server, the other for the load.
  const server = spawn('taskset', ['-c', '0', command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(server, 'exit')
  const pid = server.pid as number
  try {
    for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
      if (String(chunk).includes('linux/')) break
    }
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

function print(rows: readonly Row[]): void {
  process.stdout.write(
    '\n| subject | round | CPU µs per query | q/s | lost | RSS MiB | peak MiB | rcodes |\n|---|---|---|---|---|---|---|---|\n',
  )
  for (const { subject, round, cpu, qps, lost, rss, peak, rcodes } of rows) {
    process.stdout.write(`| ${subject} | ${round} | ${cpu} | ${qps} | ${lost} | ${rss} | ${peak} | ${rcodes} |\n`)
  }
}
