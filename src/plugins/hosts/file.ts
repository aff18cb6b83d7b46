// A hosts file on disk: read by the main thread, which looks now and then whether it has changed, and told to the workers
// as text.
import { readFile, stat } from 'node:fs/promises'
import type { MessagePort } from 'node:worker_threads'
import type { Log } from '../../log.ts'

/** The longest a timer can wait, ms. */
const maxTimer = 2 ** 31 - 1

/** What is heard of a file that was read: its text, and when it was last written, seconds since 1970. */
export type HostsFileListener = (text: string, written: number) => void

export class HostsFile {
  readonly #path: string
  readonly #log: Log
  readonly #ports = new Set<MessagePort>()
  readonly #listeners = new Set<HostsFileListener>()
  #text = ''
  /** As it was when it was read; undefined before it could be. */
  #stamp: { readonly mtimeMs: number; readonly size: number } | undefined
  /** Why it couldn't be read, as it was last logged. */
  #problem: string | undefined
  #underWay: Promise<void> | undefined

  /** Looks every `period` ms until the signal; never by itself where that is 0. */
  constructor(path: string, period: number, log: Log, signal: AbortSignal) {
    this.#path = path
    this.#log = log
    if (period === 0) return
    const timer = setInterval(() => void this.refresh(), Math.min(Math.max(period, 1), maxTimer))
    timer.unref()
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  /** Reads the file if it is another than before, by its time and size. What can't be read stays as it was. */
  refresh(): Promise<void> {
    this.#underWay ??= this.#read().finally(() => {
      this.#underWay = undefined
    })
    return this.#underWay
  }

  /** Calls now, where there is something to tell, and after every change until the signal. */
  listen(listener: HostsFileListener, signal: AbortSignal): void {
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
    if (this.#stamp !== undefined) listener(this.#text, this.#stamp.mtimeMs / 1000)
  }

  /** Posts the text as it is, which is empty as long as there is none, and as it becomes. */
  feed(port: MessagePort): void {
    this.#ports.add(port)
    port.on('close', () => this.#ports.delete(port))
    port.unref()
    port.postMessage(this.#text)
  }

  async #read(): Promise<void> {
    try {
      const { mtimeMs, size } = await stat(this.#path)
      if (this.#stamp?.mtimeMs === mtimeMs && this.#stamp.size === size) return
      // Should it change meanwhile, its time is the older one, and it is read again.
      this.#text = await readFile(this.#path, 'utf8')
      this.#stamp = { mtimeMs, size }
    } catch (error) {
      this.#tell(error as NodeJS.ErrnoException)
      return
    }
    this.#problem = undefined
    for (const port of this.#ports) port.postMessage(this.#text)
    for (const listener of this.#listeners) listener(this.#text, this.#stamp.mtimeMs / 1000)
  }

  #tell({ code, message }: NodeJS.ErrnoException): void {
    const problem =
      code === 'ENOENT'
        ? `File does not exist: ${this.#path}`
        : code === 'EISDIR'
          ? `Hosts file ${JSON.stringify(this.#path)} is a directory`
          : `Hosts file can't be read: ${message}`
    if (problem === this.#problem) return
    this.#problem = problem
    this.#log.warning(problem)
  }
}
