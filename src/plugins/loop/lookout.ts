// A worker's end of the loop detection: tells the main thread of every probe that comes by, and hears whether there is a loop.
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { isWithin, type Name } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'

/** A probe that came to a worker, and where from. */
export interface Sighting {
  readonly name: Name
  readonly address: string
  readonly port: number
}

/** The first message names the domain of the probes, the others say how things stand. */
export type ToLookout = { readonly probes: Name } | { readonly looping: boolean }
/** The first message says where the server block is listened on. */
export type FromLookout = { readonly addresses: readonly string[] } | { readonly seen: Sighting }

export class Lookout {
  /** Do forwarded questions come back? */
  looping = false
  readonly #port: MessagePort
  /** Every probe's name is below it, and nobody else knows it. */
  readonly #probes: Name

  /** `port` has its first message; `addresses` are those the server block's sockets are bound to. */
  constructor(port: MessagePort, addresses: readonly string[]) {
    this.#port = port
    const first: ToLookout | undefined = receiveMessageOnPort(port)?.message
    if (first === undefined || !('probes' in first)) throw new Error('nothing was said of the probes')
    this.#probes = first.probes
    port.on('message', (message: ToLookout) => {
      if ('looping' in message) this.looping = message.looping
    })
    port.unref()
    this.#tell({ addresses })
  }

  /** Is this query a probe? Then it is told of. */
  sees({ name, client }: Query): boolean {
    if (!isWithin(name, this.#probes)) return false
    this.#tell({ seen: { name, address: client.address, port: client.port } })
    return true
  }

  #tell(message: FromLookout): void {
    this.#port.postMessage(message)
  }
}
