// Questions at a rate or as fast as answers come, by dnsperf (Debian package dnsperf).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Load {
  readonly port: number
  /** A file of lines `NAME TYPE`. */
  readonly questions: string
  readonly seconds: number
  /** Questions a second; 0, the default, as many as answers allow. */
  readonly qps?: number
  /** Questions without an answer yet, at most; 200. */
  readonly outstanding?: number
  /** Sockets, or connections; 4. */
  readonly clients?: number
  readonly transport?: 'udp' | 'tcp'
  /** Where they come from. */
  readonly address?: string
  /** Seconds after which a question is lost; 5. */
  readonly timeout?: number
  /** Are the times of all answers wanted? */
  readonly timed?: boolean
  /** The CPUs it may use, as taskset says it. */
  readonly cpus?: string
}

export interface Told {
  readonly sent: number
  readonly completed: number
  readonly lost: number
  readonly qps: number
  /** By name, as dnsperf prints it. */
  readonly rcodes: string
  /** Of each answer, µs, ascending; where they were asked for. */
  readonly times: Float64Array
}

export async function ask(load: Load): Promise<Told> {
  const { outstanding = 200, clients = 4, qps = 0, transport = 'udp', timeout = 5, cpus = '1' } = load
  const args = ['-s', '127.0.0.1', '-p', `${load.port}`, '-d', load.questions, '-e', '-W', '-l', `${load.seconds}`]
  args.push('-c', `${clients}`, '-q', `${outstanding}`, '-t', `${timeout}`, '-m', transport)
  if (qps > 0) args.push('-Q', `${qps}`)
  if (load.address !== undefined) args.push('-a', load.address)
  if (load.timed === true) args.push('-v')
  // Read when it has ended: reading along would take time from the CPUs that are measured.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'clusterdns-load-'))
  try {
    const file = openSync(join(folder, 'told'), 'w')
    const child = spawn('taskset', ['-c', cpus, 'dnsperf', ...args], { stdio: ['ignore', file, 'ignore'] })
    closeSync(file)
    const [code] = (await once(child, 'close')) as [number | null]
    const told = readFileSync(join(folder, 'told'), 'latin1')
    if (code !== 0) throw new Error(`dnsperf ended with ${code}: ${told.replace(/^> .*\n/gm, '')}`)
    return read(told)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function read(output: string): Told {
  const times: number[] = []
  let told = ''
  for (const line of output.split('\n')) {
    // `> NOERROR name type seconds`; what got no answer has no time.
    if (!line.startsWith('> ')) told += `${line}\n`
    else if (!line.startsWith('> T ') && !line.startsWith('> I ')) {
      times.push(Number(line.slice(line.lastIndexOf(' '))) * 1e6)
    }
  }
  const number = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(told)?.[1])
  return {
    sent: number('Queries sent'),
    completed: number('Queries completed'),
    lost: number('Queries lost'),
    qps: Math.round(number('Queries per second')),
    rcodes: /Response codes:\s+(.*)/.exec(told)?.[1] ?? '',
    times: Float64Array.from(times).sort(),
  }
}

/** The time under which this part of the answers came, µs. */
export function quantile(times: Float64Array, part: number): number {
  return Math.round(times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN)
}
