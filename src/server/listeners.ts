// The sockets of a worker: which there must be, and keeping those that stay over a reload.
import { networkInterfaces } from 'node:os'
import type { Log } from '../log.ts'
import type { TcpAllowance } from '../plugin.ts'
import type { Answer } from './answer.ts'
import { type BlockSetup, bindAddresses, serverLabel } from './setup.ts'
import { TcpListener } from './tcp.ts'
import { UdpListener } from './udp.ts'

/** One address and port to listen on, by UDP and TCP. */
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
          const before = known?.server === server ? known.tcp : undefined
          places.set(id, {
            address: concrete,
            port,
            server,
            reusePort,
            covered: address === '' && host.includes(concrete),
            // Blocks that share a listener add up; where they contradict each other the last one counts.
            tcp: { ...before, ...setup.listen.tcp },
          })
        }
      }
    }
  }
  return [...places.values()]
}

function everywhere(host: readonly string[]): string[] {
  // IPv6 is off where not even loopback has an address of it.
  const wildcards = host.some((address) => address.includes(':')) ? ['0.0.0.0', '::'] : ['0.0.0.0']
  return [...host, ...wildcards]
}

interface Pair {
  readonly udp: UdpListener
  readonly tcp: TcpListener
}

/** Questions in flight at the end get this long, ms. */
const drainTime = 5000

export class Listeners {
  readonly #open = new Map<string, Pair>()
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
        const pair = await this.#openPair(place)
        if (pair === undefined) continue
        this.#open.set(id, pair)
        opened.push(id)
      }
    } catch (error) {
      await Promise.all(opened.map((id) => this.#close(id, 0)))
      throw error
    }
  }

  async #openPair(place: Place): Promise<Pair | undefined> {
    const udp = new UdpListener(place, this.#answer, this.#log)
    const tcp = new TcpListener(place, this.#answer, this.#log)
    try {
      await udp.open()
      await tcp.open()
      this.#note(udp.told)
      return { udp, tcp }
    } catch (error) {
      await udp.drain(0)
      if (place.covered && (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') return undefined
      throw error
    }
  }

  /** Closes what is not among these, after the questions in flight; new connections get what these places allow. */
  async keep(places: readonly Place[]): Promise<void> {
    for (const place of places) this.#open.get(idOf(place))?.tcp.allow(place.tcp)
    const wanted = new Set(places.map(idOf))
    await Promise.all([...this.#open.keys()].filter((id) => !wanted.has(id)).map((id) => this.#close(id, drainTime)))
  }

  async #close(id: string, deadline: number): Promise<void> {
    const pair = this.#open.get(id)
    this.#open.delete(id)
    if (pair !== undefined) await Promise.all([pair.udp.drain(deadline), pair.tcp.drain(deadline)])
  }
}

const idOf = (place: Place) => `${place.server} ${place.address} ${place.port}`
