// Certificates on disk, on the main thread: looked at now and then, so that renewed ones are shown without a reload.
import { readTlsFiles } from '../corefile/tls-files.ts'
import type { Log } from '../log.ts'
import type { TlsListen } from '../plugin.ts'
import type { Place } from './listeners.ts'

/** Between two looks, ms. */
const lookPeriod = 5000

interface Watched {
  readonly tls: TlsListen
  /** What was wrong with the files at the last look. */
  readonly problem: string | undefined
}

export class Certificates {
  readonly #log: Log
  readonly #changed: (renew: (place: Place) => Place) => unknown
  /** By their files. */
  #watched = new Map<string, Watched>()
  readonly #told = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  /** `changed` is called with a function that gives places the certificates of now. */
  constructor(log: Log, changed: (renew: (place: Place) => Place) => unknown) {
    this.#log = log.plugin('tls')
    this.#changed = changed
  }

  /** Looks after the certificates of these places, which were just read, and of no others. */
  watch(places: readonly Place[]): void {
    const found = places.flatMap(({ tls }) => tls ?? [])
    this.#watched = new Map(found.map((tls) => [idOf(tls), { tls, problem: undefined }]))
    this.#told.clear()
    clearInterval(this.#timer)
    if (this.#watched.size === 0) return
    this.#timer = setInterval(() => this.look(), lookPeriod)
    this.#timer.unref()
  }

  stop(): void {
    this.watch([])
  }

  /** Reads the files again. What can't be used is logged the second time it is seen, for it may be half written; the old one stays. */
  look(): void {
    let renewed = false
    for (const [id, { tls, problem }] of this.#watched) {
      const now = this.#read(tls)
      if (typeof now === 'string') {
        if (now === problem && !this.#told.has(now))
          this.#log.error(`certificate not renewed, the old one stays: ${now}`)
        if (now === problem) this.#told.add(now)
        this.#watched.set(id, { tls, problem: now })
        continue
      }
      this.#told.delete(problem ?? '')
      this.#watched.set(id, { tls: now, problem: undefined })
      if (now.cert === tls.cert && now.key === tls.key && now.ca === tls.ca) continue
      renewed = true
      this.#log.info(`Certificate renewed from ${now.files.join(', ')}`)
    }
    if (!renewed) return
    const watched = this.#watched
    this.#changed((place) => {
      const now = place.tls === undefined ? undefined : watched.get(idOf(place.tls))
      return now === undefined || place.tls === undefined
        ? place
        : {
            ...place,
            tls: {
              ...place.tls,
              cert: now.tls.cert,
              key: now.tls.key,
              ...(now.tls.ca === undefined ? {} : { ca: now.tls.ca }),
            },
          }
    })
  }

  /** With the texts of now, or what is wrong with them. */
  #read(tls: TlsListen): TlsListen | string {
    try {
      const { cert = '', key = '', ca } = readTlsFiles(tls.files)
      return { ...tls, cert, key, ...(ca === undefined ? {} : { ca }) }
    } catch (error) {
      return (error as Error).message
    }
  }
}

const idOf = ({ files }: TlsListen) => files.join('\0')
