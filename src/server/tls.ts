// DNS over TLS (RFC 7858): the TCP listener, with TLS between the socket and its frames.

import { appendFile } from 'node:fs'
import type { Socket } from 'node:net'
import type { Server, TlsOptions } from 'node:tls'
import { type ClientAuthSettings, clientAuthSettings } from '../client-auth.ts'
import { unmappedAddress } from '../dns/address.ts'
import { FairPlaces } from '../fair-places.ts'
import type { Log } from '../log.ts'
import type { TlsListen } from '../plugin.ts'
import type { Answer } from './answer.ts'
import type { Place } from './listeners.ts'
import { type TcpLimits, TcpListener, tcpLimits } from './tcp.ts'

/** For a client to agree with us on keys, ms. */
const handshakeTime = 5000

/** A listener's settings for node:tls. */
export async function secureOptions(tls: TlsListen): Promise<TlsOptions & ClientAuthSettings> {
  const { requestCert, rejectUnauthorized, admits } = clientAuthSettings(tls.clientAuth)
  const ca = tls.ca ?? (tls.clientAuth.includes('verify') ? await hostAuthorities() : undefined)
  return {
    cert: tls.cert,
    key: tls.key,
    minVersion: 'TLSv1.2',
    handshakeTimeout: handshakeTime,
    ...(ca === undefined ? {} : { ca }),
    ...(requestCert === undefined ? {} : { requestCert }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(admits === undefined ? {} : { admits }),
  }
}

/** Node's own list, and what the administrators of this host have added to theirs. */
async function hostAuthorities(): Promise<string[]> {
  const { getCACertificates } = await import('node:tls')
  return [...getCACertificates('default'), ...getCACertificates('system')]
}

/** Logs what goes wrong with clients, cuts off those without the right certificate, and writes keys down where that is wanted. */
export function guard(server: Server, place: Place, log: Log): void {
  const { clientAuth, keyLog } = place.tls as TlsListen
  const { admits } = clientAuthSettings(clientAuth)
  // What would begin to read from the connection must not even see it.
  const begin = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket) => {
    if (admits?.(socket) === false) socket.destroy()
    else for (const listener of begin) listener.call(server, socket)
  })
  server.on('tlsClientError', (error, socket) => {
    log.debug(`${place.server}: TLS handshake: ${error.message}`)
    socket.destroy()
  })
  if (keyLog === undefined) return
  server.on('keylog', (line: Buffer) => {
    appendFile(keyLog, line, { mode: 0o600 }, (error) => {
      if (error !== null) log.error(`${place.server}: unable to write TLS Key Log to ${keyLog}: ${error.message}`)
    })
  })
}

export class TlsListener extends TcpListener {
  readonly #place: Place
  readonly #log: Log
  /** Takes sockets that were accepted here; it listens nowhere itself. */
  #secure: Server | undefined
  /** Sockets on which client and server don't agree on keys yet, by the client's address and port. */
  readonly #handshakes = new Map<string, Handshake>()
  readonly #places: FairPlaces

  constructor(place: Place, answer: Answer, log: Log, limits: TcpLimits = tcpLimits) {
    super(place, answer, log, limits)
    this.#place = place
    this.#log = log
    this.#places = new FairPlaces(limits.connections)
  }

  override async open(): Promise<void> {
    const { createServer } = await import('node:tls')
    // A client that offers protocols, and not this one, wants something else (RFC 7301 3.2); most offer none.
    const secure = createServer({ ...(await secureOptions(this.#place.tls as TlsListen)), ALPNProtocols: ['dot'] })
    this.#secure = secure
    guard(secure, this.#place, this.#log)
    secure.on('secureConnection', (socket) => {
      this.#handshakes.get(peerOf(socket))?.over()
      if (!socket.destroyed) void super.handle(socket)
    })
    await super.open()
  }

  /** dns2 calls it for every connection. */
  override async handle(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy())
    const peer = peerOf(socket)
    const address = unmappedAddress(socket.remoteAddress ?? '')
    if (!this.#places.take(address)) {
      socket.destroy()
      return
    }
    const handshake: Handshake = {
      socket,
      over: () => {
        if (this.#handshakes.get(peer) !== handshake) return
        this.#handshakes.delete(peer)
        this.#places.leave(address)
      },
    }
    this.#handshakes.get(peer)?.over()
    this.#handshakes.set(peer, handshake)
    socket.once('close', handshake.over)
    this.#secure?.emit('connection', socket)
  }

  /** For connections from now on: this certificate, and these authorities for clients. */
  async secure(tls: TlsListen): Promise<void> {
    this.#secure?.setSecureContext(await secureOptions(tls))
  }

  override async drain(deadline: number): Promise<void> {
    // Who has not even agreed on keys has asked nothing.
    for (const { socket } of this.#handshakes.values()) socket.destroy()
    await super.drain(deadline)
  }
}

interface Handshake {
  readonly socket: Socket
  /** It has come to an end, good or bad. */
  readonly over: () => void
}

const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
