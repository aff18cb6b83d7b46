// How to know that there are more queries than there is time for: by a socket's buffer, or where that can't be seen by the
// event loop's having no time to wait.
import { existsSync, readFileSync } from 'node:fs'
import { counter } from '../metrics.ts'
import type { Pressure, Queue } from './overload.ts'
import type { Quota } from './socket-filter.ts'
import { limitSenders, socketState } from './socket-state.ts'

/** The part of a buffer that is taken when a worker comes to read it, from which on it is as good as full. */
const fullFrom = 0.75
/** The part of the time that an event loop waits, under which it has none to spare. */
const busyUnder = 0.01

const drops = counter(
  'clusterdns_udp_kernel_drops_total',
  'Counter of datagrams that the kernel dropped: no room in the receive buffer, or over the share of their client in overload.',
  ['server'],
)

/** By the buffer of a socket. */
export class SocketPressure implements Pressure {
  readonly #fd: number
  readonly #counter
  #seen = 0
  #lost = 0
  #peak = 0
  #lostSince = 0
  #limited = false
  #emptied = true

  constructor(fd: number, server: string) {
    this.#fd = fd
    this.#counter = drops.with(server)
  }

  /** Looks at the socket, for 0.5 µs. Returns how many datagrams the kernel has dropped since the last look. */
  look(): number {
    const state = socketState(this.#fd)
    if (state === undefined) return 0
    const lost = (state.drops - this.#seen) >>> 0
    this.#seen = state.drops
    this.#peak = Math.max(this.#peak, state.filled)
    if (lost === 0) return 0
    this.#lost += lost
    this.#lostSince += lost
    this.#counter.inc(lost)
    return lost
  }

  /** Nothing is waiting in the socket. */
  // hot
  emptied(): void {
    this.#emptied = true
  }

  /** A queue that is never empty only makes everybody wait (RFC 8289 4.1). */
  queue(): Queue {
    this.look()
    // What is lost while there is a filter may have met that.
    const full = this.#peak > fullFrom || (this.#lostSince > 0 && !this.#limited)
    const queue = full ? 'full' : this.#emptied ? 'emptied' : 'queued'
    this.#emptied = false
    this.#peak = 0
    this.#lostSince = 0
    return queue
  }

  limit(quotas: readonly Quota[]): boolean {
    const done = limitSenders(this.#fd, quotas)
    this.#limited = done && quotas.length > 0
    return done
  }

  get dropped(): number {
    return this.#lost
  }
}

/** By this thread's event loop, and what the kernel says of all sockets of some ports. */
export class LoopPressure implements Pressure {
  readonly dropped = 0
  readonly #ports = new Set<number>()
  #before = performance.eventLoopUtilization()
  #seen = 0

  watch(port: number): void {
    this.#ports.add(port)
    this.#seen = this.#drops()
  }

  /** Has the kernel dropped datagrams while there was no time to wait? To be asked now and then: where there wasn't it takes 0.1 ms. */
  lost(): boolean {
    if (this.queue() === 'emptied') return false
    const seen = this.#seen
    this.#seen = this.#drops()
    return this.#seen > seen
  }

  queue(): Queue {
    const now = performance.eventLoopUtilization()
    const { idle, active } = performance.eventLoopUtilization(now, this.#before)
    this.#before = now
    return idle < (idle + active) * busyUnder ? 'queued' : 'emptied'
  }

  limit(): boolean {
    return false
  }

  /** The last column of proc_net_udp(5), of all sockets with these ports. */
  #drops(): number {
    const lines = ['/proc/net/udp', '/proc/net/udp6'].flatMap((path) =>
      existsSync(path) ? readFileSync(path, 'latin1').split('\n').slice(1, -1) : [],
    )
    return lines.reduce((sum, line) => {
      const fields = line.trim().split(/\s+/)
      const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)
      return this.#ports.has(port) ? sum + Number(fields.at(-1)) : sum
    }, 0)
  }
}
