// What Prometheus wants to know of every process: processor time, memory, files, and octets over the network.
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessMetric {
  readonly name: string
  readonly help: string
  readonly kind: 'counter' | 'gauge'
  readonly value: number
}

/** Names and help are those of Prometheus's client for Go. Where there is no /proc, three of nine. All threads together. */
export function processMetrics(): readonly ProcessMetric[] {
  const { user, system } = process.cpuUsage()
  const limits = read('/proc/self/limits')
  const network = networkOctets(read('/proc/self/net/netstat'))
  const one = (kind: 'counter' | 'gauge', name: string, help: string, value: number | undefined): ProcessMetric[] =>
    value === undefined ? [] : [{ name: `process_${name}`, help, kind, value }]
  return [
    one('counter', 'cpu_seconds_total', 'Total user and system CPU time spent in seconds.', (user + system) / 1e6),
    one('gauge', 'max_fds', 'Maximum number of open file descriptors.', limit(limits, 'Max open files')),
    one(
      'counter',
      'network_receive_bytes_total',
      'Number of bytes received by the process over the network.',
      network.get('InOctets'),
    ),
    one(
      'counter',
      'network_transmit_bytes_total',
      'Number of bytes sent by the process over the network.',
      network.get('OutOctets'),
    ),
    one('gauge', 'open_fds', 'Number of open file descriptors.', openFiles()),
    one('gauge', 'resident_memory_bytes', 'Resident memory size in bytes.', process.memoryUsage.rss()),
    one(
      'gauge',
      'start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      Math.round(performance.timeOrigin) / 1000,
    ),
    one('gauge', 'virtual_memory_bytes', 'Virtual memory size in bytes.', virtualMemory()),
    one(
      'gauge',
      'virtual_memory_max_bytes',
      'Maximum amount of virtual memory available in bytes.',
      limit(limits, 'Max address space'),
    ),
  ].flat()
}

/** A file's text; '' where there is none. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The soft limit of a line of /proc/self/limits. */
function limit(limits: string, title: string): number | undefined {
  const [, value] = new RegExp(`^${title} +(\\S+)`, 'm').exec(limits) ?? []
  // As Go's client prints it, 2^64 - 1.
  return value === undefined ? undefined : value === 'unlimited' ? 2 ** 64 : Number(value)
}

function openFiles(): number | undefined {
  try {
    // One of them is the directory itself.
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return undefined
  }
}

function virtualMemory(): number | undefined {
  const [, kibibytes] = /^VmSize:\s+(\d+) kB/m.exec(read('/proc/self/status')) ?? []
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** The numbers of the lines IpExt of /proc/self/net/netstat, the first of which has their names. */
function networkOctets(netstat: string): ReadonlyMap<string, number> {
  const [names = [], values = []] = netstat
    .split('\n')
    .filter((line) => line.startsWith('IpExt: '))
    .map((line) => line.split(' ').slice(1))
  return new Map(names.map((name, at) => [name, Number(values[at])]))
}
