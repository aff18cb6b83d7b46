// A weight file on disk: read by the main thread, which looks now and then whether it has changed, and told to the workers.
import { readFile } from 'node:fs/promises'
import type { MessagePort } from 'node:worker_threads'
import { printDuration } from '../../corefile/values.ts'
import type { Log } from '../../log.ts'
import { parseWeights, WeightError, type Weights } from './weights.ts'

/** The longest a timer can wait, ms. */
const maxTimer = 2 ** 31 - 1

/** Why there are no new weights; the message is CoreDNS's. */
export class WeightFileError extends Error {
  override name = 'WeightFileError'
  /** Could it not even be opened? Then it may come yet. */
  readonly isMissing: boolean

  constructor(message: string, options: { readonly cause: unknown; readonly isMissing: boolean }) {
    super(message, { cause: options.cause })
    this.isMissing = options.isMissing
  }
}

export class WeightFile {
  readonly #path: string
  readonly #period: number
  readonly #log: Log
  readonly #ports = new Set<MessagePort>()
  #text: string | undefined
  #weights: Weights = new Map()

  /** Looks every `period` ms until the signal; never by itself where that is 0. */
  constructor(path: string, period: number, log: Log, signal: AbortSignal) {
    this.#path = path
    this.#period = period
    this.#log = log
    if (period === 0) return
    const look = () => this.refresh().catch((error: Error) => log.error(error.message))
    const timer = setInterval(() => void look(), Math.min(Math.max(period, 1), maxTimer))
    timer.unref()
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  /** Between two looks, in words. */
  get period(): string {
    return printDuration(this.#period)
  }

  /** Reads the file; tells the workers where it says something new. Rejects with WeightFileError, and the weights stay. */
  async refresh(): Promise<void> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (cause) {
      throw new WeightFileError('weight file open error', { cause, isMissing: true })
    }
    if (text === this.#text) return
    this.#text = text
    try {
      this.#weights = parseWeights(text, this.#path)
    } catch (cause) {
      if (!(cause instanceof WeightError)) throw cause
      throw new WeightFileError(cause.message, { cause, isMissing: false })
    }
    for (const port of this.#ports) port.postMessage(this.#weights)
    this.#log.info(`Successfully reloaded weight file ${this.#path}`)
  }

  /** Posts the weights as they are, and as they become. */
  feed(port: MessagePort): void {
    this.#ports.add(port)
    port.on('close', () => this.#ports.delete(port))
    port.unref()
    port.postMessage(this.#weights)
  }
}
