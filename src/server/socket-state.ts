// What the kernel knows of a socket that Node doesn't ask: how full its buffer is, and what it dropped; and the filter before it.
import { libc } from './libc.ts'
import { encodeFilter, type Quota } from './socket-filter.ts'

const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_ATTACH_FILTER = 26
const SO_DETACH_FILTER = 27
const SO_MEMINFO = 55
/** Indices of SO_MEMINFO's numbers (linux/sock_diag.h). */
const SK_MEMINFO_RMEM_ALLOC = 0
const SK_MEMINFO_RCVBUF = 1
const SK_MEMINFO_DROPS = 8

const numbers = Buffer.alloc(9 * 4)
const length = Buffer.alloc(4)

export interface SocketState {
  /** The part of the receive buffer that is taken, 0 to 1 and a little above. */
  readonly filled: number
  /** Datagrams dropped since it was opened: no room, a filter, a wrong checksum. Modulo 2^32. */
  readonly drops: number
}

/** Undefined where the system doesn't tell (Linux before 4.12, sandboxes that imitate it). */
export function socketState(fd: number): SocketState | undefined {
  length.writeUInt32LE(numbers.length)
  if ((libc()?.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, numbers, length) ?? -1) < 0) return undefined
  return {
    filled: numbers.readUInt32LE(SK_MEMINFO_RMEM_ALLOC * 4) / numbers.readUInt32LE(SK_MEMINFO_RCVBUF * 4),
    drops: numbers.readUInt32LE(SK_MEMINFO_DROPS * 4),
  }
}

/** Octets of its receive buffer; Linux counts what it keeps beside them too, and says twice as many as it was asked for. */
export function receiveBufferOf(fd: number): number | undefined {
  length.writeUInt32LE(4)
  return (libc()?.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, numbers, length) ?? -1) < 0 ? undefined : numbers.readUInt32LE()
}

/**
 * Lets the kernel drop what is over these quotas; none lifts them all. Returns whether it does: it may be forbidden to.
 */
export function limitSenders(fd: number, quotas: readonly Quota[]): boolean {
  const c = libc()
  if (c === undefined) return false
  if (quotas.length === 0) return c.setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, length, 4) >= 0
  const program = encodeFilter(quotas)
  // struct sock_fprog: instructions (2) - (6) address (8). The kernel has copied both when the call returns.
  const header = Buffer.alloc(16)
  header.writeUInt16LE(program.length / 8, 0)
  header.writeBigUInt64LE(c.address(program), 8)
  return c.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, header, header.length) >= 0
}
