// Keeps a snapshot of the mirror: reads it at the start, writes it now and then and at the end.
import { statSync } from 'node:fs'
import type { Log } from '../log.ts'
import type { Mirror } from './mirror.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import type { Kind } from './store.ts'

/** Milliseconds between two writings, at least. */
const everyMs = 60_000

export interface SnapshotKeeperOptions {
  readonly file: string
  /** Says in one line what is watched. */
  readonly source: string
  readonly kinds: readonly Kind[]
  readonly mirror: Mirror
  /** Told that what is known of a kind is from the file, and how old that is, milliseconds. */
  readonly restored?: (kind: Kind, ageMs: number) => void
  readonly log: Log
  readonly signal: AbortSignal
  readonly everyMs?: number
}

export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions
  /** Kinds the API server hasn't told us of yet: until there are none, the file knows more than we do. */
  readonly #unlisted: Set<Kind>
  /** When the file was written that gave us the cluster as it was, Unix milliseconds. */
  #written: number | undefined
  #changed = true
  #timer: NodeJS.Timeout | undefined
  #problem = ''

  /** Reads the file, if there is one that can be used, and begins. */
  constructor(options: SnapshotKeeperOptions) {
    this.#options = options
    this.#unlisted = new Set(options.kinds)
    this.#read()
    const unlisten = options.mirror.listen({ changed: () => this.#schedule(), synced() {} })
    options.signal.addEventListener('abort', () => {
      unlisten()
      clearTimeout(this.#timer)
      this.#write()
    })
  }

  /** The API server has told us all of the kind. */
  listed(kind: Kind): void {
    if (this.#unlisted.delete(kind)) this.#schedule()
  }

  /** The API server can't be asked for a kind at the moment. Before it ever could, what the file says is used. */
  unreachable(kind: Kind): void {
    const { mirror, restored, log, file } = this.#options
    if (this.#written === undefined || mirror.synced(kind) || !this.#unlisted.has(kind)) return
    log.warning(`${kind} can't be listed, answering from snapshot ${file}`)
    mirror.setSynced(kind)
    // No other clock has run on since then.
    restored?.(kind, Math.max(0, Date.now() - this.#written))
  }

  #read(): void {
    const { file, source, mirror, log } = this.#options
    try {
      const objects = readSnapshot(file, source, mirror)
      this.#written = statSync(file).mtimeMs
      log.info(`${objects} objects read from snapshot ${file}`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      log.warning(`snapshot ${file} is ignored: ${error instanceof Error ? error.message : error}`)
    }
  }

  #schedule(): void {
    this.#changed = true
    if (this.#timer !== undefined || this.#unlisted.size > 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#write()
    }, this.#options.everyMs ?? everyMs)
    this.#timer.unref()
  }

  #write(): void {
    if (this.#unlisted.size > 0 || !this.#changed) return
    const { file, source, mirror, log } = this.#options
    this.#changed = false
    let problem = ''
    try {
      writeSnapshot(file, source, mirror)
    } catch (error) {
      this.#changed = true
      problem = `snapshot ${file} can't be written: ${error instanceof Error ? error.message : error}`
    }
    if (problem !== '' && problem !== this.#problem) log.error(problem)
    this.#problem = problem
  }
}
