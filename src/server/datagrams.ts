// Datagrams by the batch: buffers for many of them, received with one call and sent with one call (recvmmsg(2), sendmmsg(2)).
//
//   struct mmsghdr (64 octets): name (8) namelen (4) - (4) iov (8) iovlen (8) control (8) controllen (8) flags (4) - (4)
//                               len (4) - (4)
//   struct iovec (16 octets):   base (8) len (8)
//   struct sockaddr_in (16):    family (2) port (2, network order) address (4) - (8)
//   struct sockaddr_in6 (28):   family (2) port (2, network order) flow (4) address (16) scope (4)
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { parseAddress, printAddress, unmappedAddress } from '../dns/address.ts'
import { type Libc, libc } from './libc.ts'

/** As many as a call takes. */
export const batchSize = 64
/** Octets of a query that are read; longer ones are cut, and are no queries. */
const questionRoom = 4096
/** Octets of a reply: what `bufsize` may allow at most. */
const replyRoom = 4096
/** Between two buffers: at a distance of 4096 octets all of them would share the same few lines of a processor's first cache. */
const gap = 256
const headerSize = 64
const vectorSize = 16
/** Room for an address of either family. */
export const addressRoom = 28

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_REUSEPORT = 15
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const MSG_DONTWAIT = 0x40
const EINTR = 4
const EAGAIN = 11

/** Half of a batch: the headers, vectors and buffers of one direction. */
interface Lane {
  readonly headers: Buffer
  readonly headerWords: Uint32Array
  readonly vectorWords: Uint32Array
  readonly addresses: Buffer
  readonly addressWords: Uint32Array
  readonly octets: readonly Buffer[]
}

/**
 * The buffers that all sockets of a thread share: what is received is answered before anything else is received. They are
 * never freed, for C has their addresses.
 */
export class Datagrams {
  readonly #libc: Libc
  readonly #received: Lane
  readonly #sent: Lane
  /** Datagrams of the last batch. */
  #taken = 0
  /** Replies waiting to be sent. */
  #waiting = 0

  constructor(c: Libc) {
    this.#libc = c
    this.#received = makeLane(c, questionRoom)
    this.#sent = makeLane(c, replyRoom)
  }

  /** Takes what has come in, at most a batch: how many, 0 for none. Throws the system's error. */
  // hot
  receive(fd: number): number {
    const { headers, headerWords } = this.#received
    // What the last batch left in the headers.
    for (let i = 0; i < this.#taken; i++) headerWords[i * (headerSize >> 2) + 2] = addressRoom
    const count = this.#libc.recvmmsg(fd, headers, batchSize, MSG_DONTWAIT, null)
    this.#taken = Math.max(0, count)
    if (count >= 0) return count
    const code = this.#libc.errno()
    if (code === EAGAIN || code === EINTR) return 0
    throw systemError('recvmmsg', code)
  }

  /** The buffer that received datagram `index` begins in; good until the next `receive`. */
  // hot
  question(index: number): Buffer {
    return this.#received.octets[index] as Buffer
  }

  /** Octets of received datagram `index`. */
  // hot
  length(index: number): number {
    return this.#received.headerWords[index * (headerSize >> 2) + 14] as number
  }

  /** The sockaddr of who sent datagram `index` begins at `index * addressRoom`. */
  get senders(): Buffer {
    return this.#received.addresses
  }

  /** Where the next reply is to be written. */
  // hot
  reply(): Buffer {
    return this.#sent.octets[this.#waiting] as Buffer
  }

  /** Puts the reply written there, of this length, in line for the sockaddr at `from` in `address`. */
  // hot
  push(length: number, address: Buffer, from: number, addressLength: number): void {
    const { headerWords, vectorWords, addresses, addressWords } = this.#sent
    const index = this.#waiting++
    if (address === this.#received.addresses) {
      const words = this.#received.addressWords
      const to = index * (addressRoom >> 2)
      for (let i = 0; i < addressLength >> 2; i++) addressWords[to + i] = words[(from >> 2) + i] as number
    } else address.copy(addresses, index * addressRoom, from, from + addressLength)
    headerWords[index * (headerSize >> 2) + 2] = addressLength
    vectorWords[index * (vectorSize >> 2) + 2] = length
  }

  get full(): boolean {
    return this.#waiting === batchSize
  }

  /**
   * Sends what is in line. What the system refuses is counted and left out: its client is gone, filtered or unreachable, or
   * the network has no room. Returns how many were refused.
   */
  // hot
  flush(fd: number): number {
    let from = 0
    let refused = 0
    while (from < this.#waiting) {
      const headers = from === 0 ? this.#sent.headers : this.#sent.headers.subarray(from * headerSize)
      const count = this.#libc.sendmmsg(fd, headers, this.#waiting - from, MSG_DONTWAIT)
      if (count > 0) from += count
      else if (count < 0 && this.#libc.errno() !== EINTR) {
        // The error is the first one's; those after it may fare better.
        from++
        refused++
      }
    }
    this.#waiting = 0
    return refused
  }
}

function makeLane(c: Libc, room: number): Lane {
  const headers = Buffer.alloc(batchSize * headerSize)
  const vectors = Buffer.alloc(batchSize * vectorSize)
  const addresses = Buffer.alloc(batchSize * addressRoom)
  const stride = room + gap
  const storage = Buffer.alloc(batchSize * stride)
  const [addressesAt, vectorsAt, storageAt] = [c.address(addresses), c.address(vectors), c.address(storage)]
  for (let i = 0; i < batchSize; i++) {
    headers.writeBigUInt64LE(addressesAt + BigInt(i * addressRoom), i * headerSize)
    headers.writeUInt32LE(addressRoom, i * headerSize + 8)
    headers.writeBigUInt64LE(vectorsAt + BigInt(i * vectorSize), i * headerSize + 16)
    headers.writeBigUInt64LE(1n, i * headerSize + 24)
    vectors.writeBigUInt64LE(storageAt + BigInt(i * stride), i * vectorSize)
    vectors.writeBigUInt64LE(BigInt(room), i * vectorSize + 8)
  }
  const octets = Array.from({ length: batchSize }, (_, i) => storage.subarray(i * stride, i * stride + room))
  const [headerWords, vectorWords, addressWords] = [wordsOf(headers), wordsOf(vectors), wordsOf(addresses)]
  return { headers, headerWords, vectorWords, addresses, addressWords, octets }
}

/** The same memory, in words of the machine; little-endian, as all that libc.ts is for. */
function wordsOf(buffer: Buffer): Uint32Array {
  return new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length >> 2)
}

/** A bound UDP socket, for dgram to take over by its descriptor. Throws the system's error. */
export function openSocket(
  place: { readonly address: string; readonly port: number; readonly reusePort: boolean },
  receiveBuffer: number,
): number {
  const c = libc()
  if (c === undefined) throw new Error('the C library cannot be called here')
  const v6 = isIPv6(place.address)
  const fd = c.socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw systemError('socket', c.errno())
  const set = (level: number, option: number, value: number): void => {
    const octets = Buffer.alloc(4)
    octets.writeInt32LE(value)
    if (c.setsockopt(fd, level, option, octets, 4) < 0) fail('setsockopt')
  }
  const fail = (call: string): never => {
    const error = systemError(call, c.errno())
    c.close(fd)
    throw error
  }
  if (v6) set(IPPROTO_IPV6, IPV6_V6ONLY, 1)
  if (place.reusePort) set(SOL_SOCKET, SO_REUSEPORT, 1)
  set(SOL_SOCKET, SO_RCVBUF, receiveBuffer)
  const address = encodeSocketAddress(place.address, place.port)
  if (c.bind(fd, address, address.length) < 0) fail(`bind ${place.address}:${place.port}`)
  return fd
}

/** The sockaddr of an address, with its interface's index where it is good on one link only. */
export function encodeSocketAddress(address: string, port: number): Buffer {
  const [bare = '', interfaceName] = address.split('%')
  const octets = Buffer.from(parseAddress(bare) ?? '', 'latin1')
  const encoded = Buffer.alloc(octets.length === 4 ? 16 : 28)
  encoded.writeUInt16LE(octets.length === 4 ? AF_INET : AF_INET6, 0)
  encoded.writeUInt16BE(port, 2)
  octets.copy(encoded, octets.length === 4 ? 4 : 8)
  if (interfaceName !== undefined) encoded.writeUInt32LE(scopeOf(interfaceName, bare), 24)
  return encoded
}

function scopeOf(interfaceName: string, address: string): number {
  return networkInterfaces()[interfaceName]?.find((known) => known.address === address)?.scopeid ?? 0
}

/** Octets of the sockaddr at `at`. */
// hot
export function socketAddressLength(addresses: Buffer, at: number): number {
  return addresses[at] === AF_INET ? 16 : 28
}

/** The port in the sockaddr at `at`. */
// hot
export function portAt(addresses: Buffer, at: number): number {
  return ((addresses[at + 2] as number) << 8) | (addresses[at + 3] as number)
}

/** IPv4 addresses and their text, each in the one place that its bits lead to: most clients ask again soon. */
const knownPlaces = 1024
const knownAddresses = new Int32Array(knownPlaces)
const knownTexts = new Array<string>(knownPlaces).fill('0.0.0.0')

/** The address in the sockaddr at `at`, as text; an IPv4-mapped one as IPv4. */
// hot
export function addressAt(addresses: Buffer, at: number): string {
  if (addresses[at] !== AF_INET) return unmappedAddress(printAddress(addresses.toString('latin1', at + 8, at + 24)))
  const address = addresses.readInt32BE(at + 4)
  const place = Math.imul(address, 0x9e3779b1) >>> 22
  if (knownAddresses[place] === address) return knownTexts[place] as string
  const text = printAddress(addresses.toString('latin1', at + 4, at + 8))
  knownAddresses[place] = address
  knownTexts[place] = text
  return text
}

function systemError(call: string, code: number): Error {
  const name = { 1: 'EPERM', 9: 'EBADF', 13: 'EACCES', 98: 'EADDRINUSE', 99: 'EADDRNOTAVAIL' }[code] ?? `errno ${code}`
  return Object.assign(new Error(`${call}: ${name}`), { code: name })
}

let shared: Datagrams | undefined

/** This thread's buffers; undefined where the C library can't be called. */
export function datagrams(): Datagrams | undefined {
  const c = libc()
  if (c !== undefined) shared ??= new Datagrams(c)
  return shared
}
