// A UDP socket on one address (RFC 1035 4.2.1): dns2's listener, fed with octets.
import type { RemoteInfo, SocketType } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { unmappedAddress } from '../dns/address.ts'
import type { Client } from '../dns/query.ts'
import { UDPServer } from '../dns2.ts'
import type { Log } from '../log.ts'
import type { Answer } from './answer.ts'
import type { Place } from './listeners.ts'

/** Octets asked of the kernel for datagrams not yet read; it gives no more than net.core.rmem_max. */
const receiveBuffer = 4 << 20

export class UdpListener extends UDPServer {
  readonly #answer: Answer
  readonly #place: Place
  readonly #log: Log
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
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.once('error', reject)
      this.bind({ port: this.#place.port, address: this.#place.address }, () => {
        this.off('error', reject)
        this.on('error', (error: Error) => this.#log.error(`${this.#place.server} udp: ${error.message}`))
        resolve()
      })
    })
  }

  /** dns2 calls it for every datagram. */
  override handle(message: Buffer, sender: RemoteInfo): void {
    // Nobody can be answered at port 0, and sending there throws.
    if (sender.port === 0) return
    const client: Client = {
      address: unmappedAddress(sender.address),
      port: sender.port,
      localAddress: this.#place.address,
      localPort: this.#place.port,
      transport: 'udp',
      server: this.#place.server,
    }
    const reply = this.#answer(message, client)
    if (reply instanceof Promise) {
      this.#inFlight++
      void reply.then((value) => {
        this.#inFlight--
        this.#reply(value, sender)
        if (this.#inFlight === 0) this.#idle?.()
      })
    } else this.#reply(reply, sender)
  }

  #reply(message: Buffer | undefined, to: RemoteInfo): void {
    if (message === undefined) return
    this.send(message, to.port, to.address, (error) => {
      // The network's affair: the client is gone, unreachable or filtered. It asks again if it cares.
      if (error) this.#log.debug(`${this.#place.server} udp: reply to ${to.address}: ${error.message}`)
    })
  }

  /** Waits until every question read so far is answered, at most `deadline` ms, and closes the socket. */
  async drain(deadline: number): Promise<void> {
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

/** Addresses here are addresses already: no look-up, and no detour over the next tick. */
function sameAddress(
  address: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, address, isIPv6(address) ? 6 : 4)
}
