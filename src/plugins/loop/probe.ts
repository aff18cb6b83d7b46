// The main thread's end of the loop detection: asks this server something nobody else can ask, and waits for it to come back.
//
// A probe is a question for HINFO of NUMBER.NUMBER.ZONE, as CoreDNS's. The second number is this configuration's and secret,
// the first one the probe's. Workers tell of each probe that comes to them: the first time it comes from our own socket; if it
// comes from anywhere else, somebody we forward to has forwarded it to us.
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MessagePort } from 'node:worker_threads'
import { Class, Type } from '../../dns/codes.ts'
import { encodeMessage } from '../../dns/encode.ts'
import { message } from '../../dns/message.ts'
import { maxName, type Name, prepend, printName } from '../../dns/name.ts'
import type { Log } from '../../log.ts'
import type { FromLookout, Sighting, ToLookout } from './lookout.ts'

/** Milliseconds. */
export interface Times {
  /** From a probe that nobody saw to the next one. */
  readonly retry: number
  /** For the first probe to be seen; then there is nothing to be found out. */
  readonly giveUp: number
  /** For a reply to a probe that was seen: forwarding takes as long as this at most. */
  readonly reply: number
  /** For a probe to come back after its reply. */
  readonly settle: number
  /** While there is a loop: to the next probe, which may find that it is gone. */
  readonly again: number
}

/** CoreDNS's, but for `reply` and `again`. */
export const times: Times = { retry: 1000, giveUp: 30_000, reply: 6000, settle: 2000, again: 30_000 }

/** Octets of the two labels at most. */
const labelRoom = 2 * (1 + 19)

/** Can probes have names in this zone? */
export const hasRoom = (zone: Name): boolean => zone.length + labelRoom <= maxName

/** 62 bits in decimal digits. */
const randomLabel = () => (randomBytes(8).readBigUInt64BE() >> 2n).toString()

/** Seen from elsewhere; seen from here only; not seen at all. */
type Finding = Sighting | 'clear' | 'unseen'

export class Probe {
  /** Of the feed to the workers. */
  readonly key: string
  readonly #zone: Name
  readonly #probes: Name
  readonly #serverPort: number
  readonly #log: Log
  readonly #signal: AbortSignal
  readonly #times: Times
  readonly #workers = new Set<MessagePort>()
  readonly #address = Promise.withResolvers<string>()
  #looping = false
  /** Of the probe under way. */
  #seen: (sighting: Sighting) => void = () => undefined

  constructor(zone: Name, serverPort: number, log: Log, signal: AbortSignal, patience: Times = times) {
    this.#zone = zone
    this.#serverPort = serverPort
    this.#log = log
    this.#signal = signal
    this.#times = patience
    this.#probes = prepend([randomLabel()], zone)
    this.key = `loop ${printName(this.#probes)}`
  }

  /** Begins when the first worker is there, and ends with the signal at the latest. */
  async run(): Promise<void> {
    const address = await this.#address.promise
    const deadline = performance.now() + this.#times.giveUp
    while (!this.#signal.aborted) {
      const finding = await this.#try(address)
      if (finding === 'clear') return this.#tell(false)
      if (finding !== 'unseen') this.#found(finding, address)
      else if (!this.#looping && performance.now() > deadline) return
      await this.#pause(this.#looping ? this.#times.again : this.#times.retry)
    }
  }

  open(port: MessagePort): void {
    const send = (text: ToLookout) => port.postMessage(text)
    send({ probes: this.#probes })
    if (this.#looping) send({ looping: true })
    this.#workers.add(port)
    port.on('close', () => this.#workers.delete(port))
    port.on('message', (told: FromLookout) => {
      if ('seen' in told) this.#seen(told.seen)
      else this.#address.resolve(told.addresses.find((one) => one === '127.0.0.1') ?? told.addresses[0] ?? '127.0.0.1')
    })
    port.unref()
  }

  #found({ name, address, port }: Sighting, to: string): void {
    if (this.#looping) return
    const ends = `${printPlace(address, port)} -> ${printPlace(to, this.#serverPort)}`
    const see = 'see https://coredns.io/plugins/loop#troubleshooting'
    const zone = JSON.stringify(printName(this.#zone))
    this.#log.error(`Loop (${ends}) detected for zone ${zone}, ${see}. Query: "HINFO ${printName(name)}"`)
    this.#log.error(
      'until the loop is gone, what would be forwarded is answered with SERVFAIL; other names are answered as before. ' +
        'Forward to servers that do not ask this one: not to a loopback address such as 127.0.0.53, nor to a file that has one',
    )
    this.#tell(true)
  }

  #tell(looping: boolean): void {
    if (this.#looping && !looping) this.#log.info('the loop is gone: questions are forwarded again')
    this.#looping = looping
    for (const worker of this.#workers) worker.postMessage({ looping } satisfies ToLookout)
  }

  /** One probe. Never rejects. */
  async #try(address: string): Promise<Finding> {
    const name = prepend([randomLabel()], this.#probes)
    const question = { name, type: Type.HINFO, class: Class.IN }
    const id = randomBytes(2).readUInt16BE()
    const octets = encodeMessage(message({ id, recursionDesired: true, questions: [question] }))
    const found = Promise.withResolvers<Finding>()
    const replied = Promise.withResolvers<void>()
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    const own = Promise.withResolvers<void>()
    this.#seen = (sighting) => {
      if (sighting.name !== name) return
      if (sighting.port === ownPort) own.resolve()
      else found.resolve(sighting)
    }
    let ownPort = 0
    socket.on('message', () => replied.resolve())
    // Nobody listens there yet, or no longer.
    socket.on('error', () => found.resolve('unseen'))
    socket.connect(this.#serverPort, address, () => {
      ownPort = socket.address().port
      socket.send(octets)
    })
    void this.#watch(own.promise, replied.promise).then((finding) => found.resolve(finding))
    const finding = await found.promise
    this.#seen = () => undefined
    socket.close()
    return finding
  }

  async #watch(own: Promise<void>, replied: Promise<void>): Promise<Finding> {
    const { retry, reply, settle } = this.#times
    if (!(await Promise.race([own.then(() => true), this.#pause(retry)]))) return 'unseen'
    await Promise.race([replied, this.#pause(reply)])
    await this.#pause(settle)
    return 'clear'
  }

  /** Resolves to false, at the latest with the signal. */
  #pause(time: number): Promise<false> {
    return sleep(time, false as const, { signal: this.#signal, ref: false }).catch(() => false)
  }
}

const printPlace = (address: string, port: number) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
