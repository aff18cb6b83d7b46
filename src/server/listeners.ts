// The sockets of a worker: which there must be, and keeping those that stay over a reload.
import { networkInterfaces } from 'node:os'
import type { Log } from '../log.ts'
import type { HttpsAllowance, TcpAllowance, TlsListen } from '../plugin.ts'
import type { Answer } from './answer.ts'
import { type BlockSetup, bindAddresses, serverLabel } from './setup.ts'
import { TcpListener } from './tcp.ts'
import { UdpListener } from './udp.ts'

/** One address and port to listen on. */
export interface Place {
  readonly address: string
  readonly port: number
  /** The listener it is part of: several places make up `dns://:53`. */
  readonly server: string
  /** Shared with the other workers (SO_REUSEPORT). */
  readonly reusePort: boolean
  /** A wildcard serves it too, so that it may be gone by now. */
  readonly covered: boolean
  readonly tcp?: TcpAllowance
  /** What is spoken there; plain DNS, by UDP and TCP, where it is left out. */
  readonly scheme?: 'tls' | 'https'
  /** Without it nothing is encrypted. */
  readonly tls?: TlsListen
  /** What one worker may have of it. */
  readonly https?: HttpsAllowance
}

/** This host's addresses as text, loopback included; those of IPv6 that are only good on one link with their interface. */
export function hostAddresses(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address, scopeid }) => (scopeid ? `${address}%${name}` : address)),
  )
}

/**
 * Where the server blocks are listened on. A block without addresses gets each of the host's, so that replies leave
 * from the address asked, and beside them the wildcards, for addresses that come later.
 */
export function placesOf(setups: readonly BlockSetup[], host: readonly string[], reusePort: boolean): Place[] {
  const places = new Map<string, Place>()
  for (const setup of setups) {
    for (const { scheme, port } of setup.keys) {
      for (const address of bindAddresses(setup)) {
        const server = serverLabel(scheme, address, port)
        for (const concrete of address === '' ? everywhere(host) : [address]) {
          const id = `${concrete} ${port}`
          const known = places.get(id)
          // An address that is bound by name belongs to its own listener, not to the wildcard's.
          if (address === '' && known !== undefined && known.server !== server) continue
          const before = known?.server === server ? known : undefined
          // Blocks that share a listener add up; where they contradict each other the last one counts.
          const tls = setup.listen.tls ?? before?.tls
          const https = { ...before?.https, ...setup.listen.https }
          places.set(id, {
            address: concrete,
            port,
            server,
            reusePort,
            covered: address === '' && host.includes(concrete),
            tcp: { ...before?.tcp, ...setup.listen.tcp },
            ...(scheme === 'dns' ? {} : { scheme, ...(tls === undefined ? {} : { tls }) }),
            ...(scheme === 'https' ? { https } : {}),
          })
        }
      }
    }
  }
  return [...places.values()]
}

/** The same with each worker's part of what the clients of all of them may have. */
export function shareOut(places: readonly Place[], workers: number): Place[] {
  return places.map((place) => {
    const { connections = maxConnections } = place.https ?? {}
    return place.scheme === 'https' ? { ...place, https: { connections: Math.ceil(connections / workers) } } : place
  })
}

/** Of an HTTPS listener, where nothing is said; CoreDNS's. */
const maxConnections = 200

function everywhere(host: readonly string[]): string[] {
  // IPv6 is off where not even loopback has an address of it.
  const wildcards = host.some((address) => address.includes(':')) ? ['0.0.0.0', '::'] : ['0.0.0.0']
  return [...host, ...wildcards]
}

/** The sockets of a place. */
interface Sockets {
  /** New connections get what this says. */
  allow(place: Place): void
  /** The certificate may be another one. */
  secure(tls: TlsListen): Promise<void> | undefined
  /** Answers what was asked, at most `deadline` ms, and closes. */
  drain(deadline: number): Promise<unknown>
}

/** Questions in flight at the end get this long, ms. */
const drainTime = 5000

export class Listeners {
  readonly #open = new Map<string, Sockets>()
  readonly #answer: Answer
  readonly #log: Log
  readonly #note: (text: string) => void

  /** `note` is told what the operator should know of the sockets opened; it says the same for each of them. */
  constructor(answer: Answer, log: Log, note: (text: string) => void = () => undefined) {
    this.#answer = answer
    this.#log = log
    this.#note = note
  }

  /** Opens what is new; what is open and stays is not touched. Where one can't be opened, those opened before it are closed again. */
  async open(places: readonly Place[]): Promise<void> {
    const opened: string[] = []
    try {
      for (const place of places) {
        const id = idOf(place)
        if (this.#open.has(id)) continue
        const sockets = await this.#openSockets(place)
        if (sockets === undefined) continue
        this.#open.set(id, sockets)
        opened.push(id)
      }
    } catch (error) {
      await Promise.all(opened.map((id) => this.#close(id, 0)))
      throw error
    }
  }

  async #openSockets(place: Place): Promise<Sockets | undefined> {
    try {
      if (place.scheme === 'https') return await this.#openHttps(place)
      if (place.scheme === 'tls') return await this.#openStream(place)
      return await this.#openPlain(place)
    } catch (error) {
      if (place.covered && (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') return undefined
      throw error
    }
  }

  async #openHttps(place: Place): Promise<Sockets> {
    // Loaded where they are needed: HTTP and TLS take memory in every worker.
    const { HttpsListener } = await import('./https.ts')
    const https = new HttpsListener(place, this.#answer, this.#log)
    await https.open()
    return https
  }

  async #openStream(place: Place): Promise<Sockets> {
    const tls = place.tls === undefined ? undefined : await this.#makeTls(place)
    const tcp = tls ?? new TcpListener(place, this.#answer, this.#log)
    await tcp.open()
    return {
      allow: (now) => tcp.allow(now.tcp),
      secure: (now) => tls?.secure(now),
      drain: (deadline) => tcp.drain(deadline),
    }
  }

  async #makeTls(place: Place) {
    const { TlsListener } = await import('./tls.ts')
    return new TlsListener(place, this.#answer, this.#log)
  }

  async #openPlain(place: Place): Promise<Sockets> {
    const udp = new UdpListener(place, this.#answer, this.#log)
    try {
      await udp.open()
      const tcp = await this.#openStream(place)
      this.#note(udp.told)
      return { ...tcp, drain: (deadline) => Promise.all([udp.drain(deadline), tcp.drain(deadline)]) }
    } catch (error) {
      await udp.drain(0)
      throw error
    }
  }

  /** Closes what is not among these, after the questions in flight; new connections get what these places allow. */
  async keep(places: readonly Place[]): Promise<void> {
    for (const place of places) this.#open.get(idOf(place))?.allow(place)
    await this.secure(places)
    const wanted = new Set(places.map(idOf))
    await Promise.all([...this.#open.keys()].filter((id) => !wanted.has(id)).map((id) => this.#close(id, drainTime)))
  }

  /** Certificates as they are now: those are shown from now on, and open connections stay. */
  async secure(places: readonly Place[]): Promise<void> {
    for (const place of places) {
      if (place.tls !== undefined) await this.#open.get(idOf(place))?.secure(place.tls)
    }
  }

  async #close(id: string, deadline: number): Promise<void> {
    const sockets = this.#open.get(id)
    this.#open.delete(id)
    await sockets?.drain(deadline)
  }
}

/** Another kind of listener is another listener, and a policy for clients can't be changed. */
function idOf({ server, address, port, tls }: Place): string {
  return [server, address, port, tls?.clientAuth ?? '', tls?.keyLog ?? ''].join(' ')
}
