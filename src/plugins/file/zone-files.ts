// Zones on disk: read by the main thread, which looks now and then whether they have changed, and told to the workers.
import { readFileSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { MessagePort } from 'node:worker_threads'
import { printDuration } from '../../corefile/values.ts'
import { MasterFileError, readMasterFile } from '../../dns/master-file.ts'
import { type Name, printName } from '../../dns/name.ts'
import type { Rrset } from '../../dns/rrset.ts'
import type { Log } from '../../log.ts'
import { ZoneContent, ZoneError } from './zone-content.ts'
import { ZoneFeed } from './zone-feed.ts'

/** A zone, and the file it is in. */
export interface ZoneSource {
  readonly origin: Name
  /** As the Corefile names it. */
  readonly file: string
  /** Between two looks at the file, ms; 0 for none. */
  readonly reload: number
  /** Is it read again whenever it was written, or only when its serial is another? */
  readonly byMtime: boolean
}

/** Records read in one go: the main thread has other things to do, too. */
const recordsPerTurn = 1000
/** The longest a timer can wait, ms. */
const maxTimer = 2 ** 31 - 1

interface Content {
  readonly rrsets: readonly Rrset[]
  readonly serial: number
}

/** A file that can't be opened; the message is Go's. */
class OpenError extends Error {
  override name = 'OpenError'
}

/** The zones of one server block. */
export class ZoneFiles {
  readonly #zones: readonly ZoneFile[]
  readonly #feeds = new Set<ZoneFeed>()

  /** Looks at the files until the signal. */
  constructor(sources: readonly ZoneSource[], log: Log, signal: AbortSignal) {
    this.#zones = sources.map((source) => new ZoneFile(source, log, (content) => this.#tell(source.origin, content)))
    for (const zone of this.#zones) {
      const { reload } = zone.source
      if (reload === 0) continue
      const timer = setInterval(() => void zone.refresh(), Math.min(Math.max(reload, 1), maxTimer))
      timer.unref()
      signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    }
  }

  /** Reads a zone if it was written since. Rejects where its file is bad, or missing and not to be looked for again. */
  async load(origin: Name): Promise<void> {
    for (const zone of this.#zones) if (zone.source.origin === origin) await zone.load()
  }

  /** Tells the zones as they are, and as they become; resolves when the first is done. */
  feed(port: MessagePort): Promise<void> {
    const feed = new ZoneFeed(port)
    this.#feeds.add(feed)
    port.on('close', () => this.#feeds.delete(feed))
    for (const { source, content } of this.#zones) if (content !== undefined) feed.tell(source.origin, content.rrsets)
    return feed.finish()
  }

  #tell(origin: Name, { rrsets }: Content): void {
    for (const feed of this.#feeds) feed.tell(origin, rrsets)
  }
}

/** One zone of one file. */
class ZoneFile {
  readonly source: ZoneSource
  readonly #log: Log
  readonly #changed: (content: Content) => void
  /** Undefined until it could be read. */
  content: Content | undefined
  /** Of each file that was read for it, those included too. */
  #stamps = new Map<string, string>()
  /** Why the file could not be used when it was read last. */
  #failure: unknown
  /** Is there something in the file that was not taken, for want of another serial? */
  #isPassedOver = false
  /** Why it couldn't be opened, as it was last logged. */
  #problem: string | undefined
  #underWay: Promise<void> = Promise.resolve()

  constructor(source: ZoneSource, log: Log, changed: (content: Content) => void) {
    this.source = source
    this.#log = log
    this.#changed = changed
  }

  /** Takes what is in the file, whatever its serial; rejects where it is bad. One that is missing is looked for again. */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      const { reload } = this.source
      try {
        if (this.#isWritten() || this.#isPassedOver) this.#take(await this.#read())
        else if (this.#failure !== undefined) throw this.#failure
      } catch (error) {
        if (!(error instanceof OpenError) || reload === 0) throw error
        if (this.#problem === error.message) return
        this.#problem = error.message
        const next = `trying again in ${printDuration(reload)}`
        this.#log.warning(`Failed to open ${JSON.stringify(error.message)}: ${next}`)
      }
    })
  }

  /** Reads the file if it was written since, and takes it if its serial is another. What is bad is logged, and the zone stays. */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      const { file, origin, byMtime } = this.source
      if (!this.#isWritten()) return
      const zone = JSON.stringify(printName(origin))
      try {
        const content = await this.#read()
        this.#isPassedOver = content.serial === this.content?.serial && !byMtime
        if (this.#isPassedOver) return
        this.#take(content)
        this.#log.info(
          `Successfully reloaded zone ${zone} in ${JSON.stringify(file)} with ${content.serial} SOA serial`,
        )
      } catch (error) {
        const { message } = error as Error
        if (!(error instanceof OpenError)) this.#log.error(`Parsing zone ${zone}: ${message}`)
        else if (this.#problem !== message) {
          this.#problem = message
          this.#log.error(`Failed to open zone ${zone} in ${JSON.stringify(file)}: ${message}`)
        }
      }
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#underWay.then(work)
    this.#underWay = turn.catch(() => undefined)
    return turn
  }

  #take(content: Content): void {
    this.content = content
    this.#problem = undefined
    this.#isPassedOver = false
    this.#changed(content)
  }

  #isWritten(): boolean {
    if (this.#stamps.size === 0) return true
    for (const [file, stamp] of this.#stamps) if (stampOf(file) !== stamp) return true
    return false
  }

  async #read(): Promise<Content> {
    const stamps = new Map<string, string>()
    this.#stamps = stamps
    this.#failure = undefined
    try {
      return await this.#parse(stamps)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  async #parse(stamps: Map<string, string>): Promise<Content> {
    const { file, origin } = this.source
    // Should a file change meanwhile, its stamp is the older one, and it is read again.
    const read = (path: string): string => {
      stamps.set(path, stampOf(path))
      return readFileSync(path, 'utf8')
    }
    const content = new ZoneContent(origin)
    try {
      let count = 0
      for (const record of readMasterFile(open(file, read), { file, origin, read })) {
        content.add(record)
        if (++count % recordsPerTurn === 0) await setImmediate()
      }
    } catch (error) {
      if (!(error instanceof MasterFileError || error instanceof ZoneError)) throw error
      const words = `failed to parse file ${JSON.stringify(file)} for origin ${printName(origin)} with error ${error.message}`
      throw new ZoneError(words, { cause: error })
    }
    const leftOut = content.leftOut()
    if (leftOut !== undefined) this.#log.warning(`zone ${JSON.stringify(printName(origin))}: ${leftOut}`)
    return content.finish(file)
  }
}

function open(file: string, read: (path: string) => string): string {
  try {
    return read(file)
  } catch (error) {
    const { message } = error as Error
    const why = /^[A-Z0-9]+: ([^,]*)/.exec(message)?.[1] ?? message
    throw new OpenError(`open ${file}: ${why}`, { cause: error })
  }
}

/** Another one when the file is another; empty where there is none. */
function stampOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`
}
