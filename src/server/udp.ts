// A UDP socket on one address (RFC 1035 4.2.1): dns2's listener, fed with octets.
//
// The event loop wakes us with the first datagram. Where the C library can be called, the rest of what is waiting is then
// taken, answered and sent by the batch; elsewhere every datagram comes and goes through dgram.
import type { RemoteInfo, SocketType } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { unmappedAddress } from '../dns/address.ts'
import type { Client } from '../dns/query.ts'
import { UDPServer } from '../dns2.ts'
import type { Log } from '../log.ts'
import { gauge } from '../metrics.ts'
import type { Answer, Answered } from './answer.ts'
import {
  addressAt,
  addressRoom,
  batchSize,
  type Datagrams,
  datagrams,
  encodeSocketAddress,
  openSocket,
  portAt,
  socketAddressLength,
} from './datagrams.ts'
import type { Place } from './listeners.ts'
import { type ClientKey, Overload } from './overload.ts'
import { LoopPressure, SocketPressure } from './pressure.ts'
import { receiveBufferOf } from './socket-state.ts'

/** Octets asked of the kernel for datagrams not yet read; it gives no more than net.core.rmem_max. */
const receiveBuffer = 4 << 20
/** Batches taken in one turn of the event loop, at most: TCP, timers and the cluster's news want their turn too. */
const batchesPerTurn = 16
/** The largest reply that dgram is handed. */
const replyRoom = 4096
/** Datagrams that dgram reads one by one where no batch was waiting behind one. */
const looksSkipped = 3
/** Datagrams of dgram after which a socket asks whether any were lost. */
const loopCheck = 1024

const sockets = gauge(
  'clusterdns_udp_sockets',
  'Open sockets, of all workers, by the way in which datagrams come in.',
  ['server', 'mode'],
)

export class UdpListener extends UDPServer {
  readonly #answer: Answer
  readonly #place: Place
  readonly #log: Log
  /** Undefined where datagrams come and go one by one. */
  readonly #batch = datagrams()
  #fd = -1
  /** Of the socket; undefined where datagrams come one by one. */
  #pressure: SocketPressure | undefined
  /** Undefined until it is open. */
  #overload: Overload | undefined
  /** Datagrams read by dgram. */
  #read = 0
  #resting = false
  /** Datagrams of dgram after which no batch is looked for. */
  #skips = 0
  #inFlight = 0
  #idle: (() => void) | undefined

  constructor(place: Place, answer: Answer, log: Log) {
    const type: SocketType = isIPv6(place.address) ? 'udp6' : 'udp4'
    // dns2 hands its `type` on to dgram, which also takes an object of options there.
    const options = {
      type,
      ipv6Only: type === 'udp6',
      reusePort: place.reusePort,
      recvBufferSize: receiveBuffer,
      lookup: sameAddress,
    }
    super({ type: options as unknown as 'udp4' })
    this.#place = place
    this.#answer = answer
    this.#log = log
  }

  /** Resolves when the socket is bound; rejects with the system's error where it can't be. */
  async open(): Promise<void> {
    const where =
      this.#batch === undefined
        ? { port: this.#place.port, address: this.#place.address }
        : { fd: openSocket(this.#place, receiveBuffer) }
    if (where.fd !== undefined) {
      this.#fd = where.fd
      this.#pressure = new SocketPressure(where.fd, this.#place.server)
      this.#overload = new Overload(this.#place.server, this.#pressure, this.#log)
    }
    await new Promise<void>((resolve, reject) => {
      this.once('error', reject)
      this.bind(where, () => {
        this.off('error', reject)
        this.on('error', (error: Error) => this.#log.error(`${this.#place.server} udp: ${error.message}`))
        resolve()
      })
    })
    if (this.#batch === undefined) loopState(this.#log).pressure.watch(this.address().port)
    sockets.with(this.#place.server, this.#mode).add(1)
    this.once('close', () => {
      sockets.with(this.#place.server, this.#mode).add(-1)
      if (this.#pressure !== undefined) this.#overload?.end()
    })
  }

  get #mode(): 'batch' | 'dgram' {
    return this.#batch === undefined ? 'dgram' : 'batch'
  }

  /** How datagrams come in, in words for an operator. */
  get told(): string {
    const got = (this.#batch === undefined ? this.getRecvBufferSize() : (receiveBufferOf(this.#fd) ?? 0)) >> 10
    // Linux says twice what it was asked for, net.core.rmem_max at most.
    const asked = process.platform === 'linux' ? receiveBuffer >> 9 : receiveBuffer >> 10
    const how = this.#batch === undefined ? 'datagrams one by one (dgram)' : 'datagrams by the batch'
    return `udp: ${how}, receive buffers of ${got} KiB${got < asked ? `, ${asked} asked for` : ''}`
  }

  /** dns2 calls it for every datagram that dgram read. */
  override handle(message: Buffer, sender: RemoteInfo): void {
    this.#read++
    if (this.#batch === undefined) {
      this.#handleAlone(message, sender)
      return
    }
    writeSender(sender)
    const overload = this.#overload as Overload
    if (!overload.on || overload.admit(clientAt(alone, 0))) this.#serve(message, message.length, alone, 0)
    // dgram itself looks for a second one before it waits; where there was none the last time it is left to do so.
    if (this.#skips > 0) this.#skips--
    else if (!this.#resting) this.#skips = this.#takeWaiting() === 0 ? looksSkipped : 0
    this.#flush()
  }

  /** Answers what waits in the socket, by the batch. Returns how many there were. */
  // hot
  #takeWaiting(): number {
    const batch = this.#batch as Datagrams
    const overload = this.#overload as Overload
    const counting = overload.on
    const pressure = this.#pressure as SocketPressure
    if (counting) pressure.look()
    let taken = 0
    let turn = 0
    for (; turn < batchesPerTurn; turn++) {
      if (counting) overload.look(performance.now())
      const count = batch.receive(this.#fd)
      taken += count
      for (let i = 0; i < count; i++) {
        const at = i * addressRoom
        if (counting && !overload.admit(clientAt(batch.senders, at))) continue
        this.#serve(batch.question(i), batch.length(i), batch.senders, at)
      }
      if (count < batchSize) {
        if (counting) pressure.emptied()
        break
      }
    }
    // What the kernel dropped, it dropped while more than a batch was waiting.
    if (turn === batchesPerTurn) this.#rest()
    if (turn > 0 && !counting && pressure.look() > 0) overload.begin(performance.now())
    return taken
  }

  /** Takes no more batches in this turn of the event loop; dgram itself goes on with a few datagrams. */
  #rest(): void {
    this.#resting = true
    setImmediate(() => {
      this.#resting = false
    })
  }

  /** The sender's sockaddr is at `at` in `addresses`. */
  // hot
  #serve(message: Buffer, size: number, addresses: Buffer, at: number): void {
    const batch = this.#batch as Datagrams
    // Nobody can be answered at port 0.
    if (portAt(addresses, at) === 0) return
    if (batch.full) this.#flush()
    const client = new UdpClient(this.#place, addresses, at)
    const reply = this.#answer(message, size, client, batch.reply())
    if (typeof reply === 'number') {
      if (reply > 0) batch.push(reply, addresses, at, socketAddressLength(addresses, at))
      return
    }
    // The buffers are used again before the reply is there.
    client.keep()
    const address = Buffer.from(addresses.subarray(at, at + socketAddressLength(addresses, at)))
    this.#later(reply, (octets) => {
      if (batch.full) this.#flush()
      octets.copy(batch.reply())
      batch.push(octets.length, address, 0, address.length)
      this.#flush()
    })
  }

  #flush(): void {
    const refused = (this.#batch as Datagrams).flush(this.#fd)
    // The network's affair: clients are gone, unreachable or filtered. They ask again if they care.
    if (refused > 0) this.#log.debug(`${this.#place.server} udp: ${refused} replies could not be sent`)
  }

  /** By dgram only. */
  #handleAlone(message: Buffer, sender: RemoteInfo): void {
    // Nobody can be answered at port 0, and sending there throws.
    if (sender.port === 0) return
    const { overload, pressure } = loopState(this.#log)
    if (this.#read % loopCheck === 0 && !overload.on && pressure.lost()) overload.begin(performance.now())
    if (overload.on) {
      overload.look(performance.now())
      if (!overload.admit(sender.address)) return
    }
    const client: Client = {
      address: unmappedAddress(sender.address),
      port: sender.port,
      localAddress: this.#place.address,
      localPort: this.#place.port,
      transport: 'udp',
      server: this.#place.server,
    }
    // dgram may keep the octets until a later turn.
    const into = Buffer.allocUnsafe(replyRoom)
    const reply = this.#answer(message, message.length, client, into)
    const send = (octets: Buffer) => {
      this.send(octets, sender.port, sender.address, (error) => {
        if (error) this.#log.debug(`${this.#place.server} udp: reply to ${sender.address}: ${error.message}`)
      })
    }
    if (typeof reply !== 'number') this.#later(reply, send)
    else if (reply > 0) send(into.subarray(0, reply))
  }

  #later(reply: Promise<Answered>, send: (octets: Buffer) => void): void {
    this.#inFlight++
    void reply.then((octets) => {
      this.#inFlight--
      if (Buffer.isBuffer(octets)) send(octets)
      if (this.#inFlight === 0) this.#idle?.()
    })
  }

  /** Reads what waits in the socket: closing would drop it. */
  async #readOut(): Promise<void> {
    if (this.#batch !== undefined) {
      this.#takeWaiting()
      this.#flush()
      return
    }
    for (let before = -1; before !== this.#read; ) {
      before = this.#read
      // dgram reads in the turn of the event loop between these two.
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Answers what was asked so far, waiting at most `deadline` ms, and closes the socket. */
  async drain(deadline: number): Promise<void> {
    if (deadline > 0) await this.#readOut()
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline)
        this.#idle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    await new Promise<void>((resolve) => this.close(() => resolve()))
  }
}

/** Who sent a datagram. Most queries are answered without anybody asking for the address, which costs as much as a look-up. */
class UdpClient implements Client {
  readonly transport = 'udp'
  readonly port: number
  readonly #place: Place
  readonly #addresses: Buffer
  readonly #at: number
  #address: string | undefined

  constructor(place: Place, addresses: Buffer, at: number) {
    this.#place = place
    this.#addresses = addresses
    this.#at = at
    this.port = portAt(addresses, at)
  }

  get address(): string {
    this.#address ??= addressAt(this.#addresses, this.#at)
    return this.#address
  }

  get localAddress(): string {
    return this.#place.address
  }

  get localPort(): number {
    return this.#place.port
  }

  get server(): string {
    return this.#place.server
  }

  /** The octets it was made from are about to change. */
  keep(): void {
    this.#address ??= addressAt(this.#addresses, this.#at)
  }
}

/** The sockaddr of who sent what dgram has read, and the last ones made of texts. */
const alone = Buffer.alloc(addressRoom)
const knownSenders = new Map<string, Buffer>()
const maxKnownSenders = 1000

// hot
function writeSender({ address, port }: RemoteInfo): void {
  let known = knownSenders.get(address)
  if (known === undefined) {
    known = encodeSocketAddress(address, 0)
    if (knownSenders.size >= maxKnownSenders) knownSenders.clear()
    // The number of an interface may change.
    if (!address.includes('%')) knownSenders.set(address, known)
  }
  alone.set(known)
  alone[2] = port >> 8
  alone[3] = port & 255
}

interface LoopState {
  readonly pressure: LoopPressure
  readonly overload: Overload
}

let loop: LoopState | undefined

/** Where datagrams come one by one it is the event loop that is overloaded, with all sockets of this thread. */
function loopState(log: Log): LoopState {
  if (loop === undefined) {
    const pressure = new LoopPressure()
    loop = { pressure, overload: new Overload('', pressure, log) }
  }
  return loop
}

/** Whose queries are counted together: the address in the sockaddr at `at`. */
// hot
function clientAt(addresses: Buffer, at: number): ClientKey {
  if (socketAddressLength(addresses, at) === 16) return addresses.readUInt32BE(at + 4)
  return addresses.toString('latin1', at + 8, at + 24)
}

/** Addresses here are addresses already: no look-up, and no detour over the next tick. */
function sameAddress(
  address: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, address, isIPv6(address) ? 6 : 4)
}
