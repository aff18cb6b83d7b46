// The main thread's end of a worker: requests with answers, its feeds, and its death.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { AdoptedSeries } from '../metrics.ts'
import type { Feed } from '../plugin.ts'
import type { Place } from './listeners.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts'

/** For a new worker to take in all that is known, ms; it serves after that at the latest. */
const catchUpTime = 10_000

/** For a new thread to load the program, ms: on a busy machine longer than a sign of life may take. */
const loadTime = 10_000

/** The thread has ended, which says nothing about what it was asked to do. */
export class WorkerDeath extends Error {
  override name = 'WorkerDeath'
}

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

export class WorkerHandle {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #fed = new Set<string>()
  readonly #counted = new AdoptedSeries()
  readonly #born = performance.now()
  /** Has it said anything yet? */
  #loaded = false
  #requests = 0
  #told = false
  #death: WorkerDeath | undefined

  /**
   * Starts `script`, worker.ts. `died` is called once, with the cause, when the thread ends without having been told to;
   * `noted` with what the worker has to say to the operator.
   */
  constructor(script: URL, died: (cause: Error) => void, noted: (text: string) => void) {
    this.#worker = new Worker(script)
    this.#worker.on('message', (message: FromWorker) => {
      this.#loaded = true
      if (message.say === 'counting') this.#counted.add(message.series)
      else if (message.say === 'note') noted(message.text)
      else this.#settle(message)
    })
    let fault: Error | undefined
    this.#worker.on('error', (error: Error) => {
      fault = error
    })
    this.#worker.on('exit', (code) => {
      this.#counted.retire()
      const cause = fault ?? new Error(`worker ended with code ${code}`)
      this.#death = new WorkerDeath(cause.message, { cause })
      for (const waiting of this.#waiting.values()) waiting.reject(this.#death)
      this.#waiting.clear()
      if (!this.#told) died(cause)
    })
  }

  /**
   * Resolves when the worker answers by this setup; rejects, and it goes on as before, where it can't, and with WorkerDeath
   * where it is no more.
   */
  async configure(setup: WorkerSetup, feeds: readonly Feed[]): Promise<void> {
    const fresh = [...new Map(feeds.map((feed) => [feed.key, feed])).values()].filter(
      (feed) => !this.#fed.has(feed.key),
    )
    const channels = fresh.map((feed) => ({ feed, channel: new MessageChannel() }))
    const caughtUp = channels.map(({ feed, channel }) => {
      this.#fed.add(feed.key)
      return feed.open(channel.port1)
    })
    const ports = channels.map(({ feed, channel }) => ({ key: feed.key, port: channel.port2 }))
    await this.#ask(
      (id) => ({ say: 'prepare', id, setup, feeds: ports }),
      ports.map(({ port }) => port),
    )
    // It is not to answer before it knows what is known here.
    await within(Promise.all(caughtUp), catchUpTime, [])
    await this.#ask((id) => ({ say: 'commit', id }))
    // What the worker doesn't use any more it has closed.
    const used = new Set(feeds.map((feed) => feed.key))
    for (const key of this.#fed) if (!used.has(key)) this.#fed.delete(key)
  }

  /** Shows the certificates of these places from now on. Rejects where it can't. */
  secure(places: readonly Place[]): Promise<void> {
    return this.#ask((id) => ({ say: 'secure', id, places }))
  }

  /** Resolves to whether the worker showed a sign of life within `deadline` ms, or may well be loading still. */
  async alive(deadline: number): Promise<boolean> {
    const shown = await within(
      this.#ask((id) => ({ say: 'ping', id })).then(
        () => true,
        () => false,
      ),
      deadline,
      false,
    )
    return shown || (!this.#loaded && this.#death === undefined && performance.now() - this.#born < loadTime)
  }

  /** Lets it answer what it was asked, at most `deadline` ms, and ends the thread. */
  async stop(deadline: number): Promise<void> {
    this.#told = true
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    // A worker that is already gone has nothing left to answer.
    this.#ask((id) => ({ say: 'stop', id })).catch(() => undefined)
    await within(ended, deadline, undefined)
    await this.#worker.terminate()
  }

  #ask(message: (id: number) => ToWorker, transfer: readonly MessagePort[] = []): Promise<void> {
    const id = ++this.#requests
    return new Promise((resolve, reject) => {
      // Nobody would ever answer.
      if (this.#death !== undefined) return reject(this.#death)
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage(message(id), transfer as never)
    })
  }

  #settle(message: Extract<FromWorker, { readonly id: number }>): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.say === 'done') waiting?.resolve()
    else waiting?.reject(Object.assign(new Error(message.message), { code: message.code }))
  }
}

async function within<T>(promise: Promise<T>, deadline: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), deadline)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
