// Tells one worker what the mirror holds and how it changes, in batches small enough that none delays an answer.
//
// The next batch goes out once the worker has taken in the last. What changes meanwhile is remembered by its key alone
// and read when it is sent, so a slow worker costs no memory, and misses states but never the last one.
import type { MessagePort } from 'node:worker_threads'
import { kindNames } from './kinds.ts'
import type { Mirror, MirrorListener } from './mirror.ts'
import type { Kind } from './store.ts'

/** From the main thread to a worker. */
export interface Batch {
  /** Kind, key and object as JSON, for each change; no object where it is gone. */
  readonly changes: readonly (readonly [kind: Kind, key: string, text: string | undefined])[]
  /** Kinds of which everything has been told. */
  readonly synced: readonly Kind[]
  /** Of the mirror. */
  readonly serial: number
}

/** Bounds of a batch: changes, and characters of their texts, which the last change may exceed. */
const maxChanges = 128
const maxCharacters = 16_384

/** What has to be told of one kind: first every key there is, and all along those that changed. */
interface Backlog {
  keys: Iterator<string> | undefined
  readonly changed: Set<string>
  /** That it is synced has been told. */
  told: boolean
}

export class Feed implements MirrorListener {
  readonly #mirror: Mirror
  readonly #port: MessagePort
  readonly #backlogs = new Map<Kind, Backlog>()
  /** The batch the worker hasn't taken in yet. */
  #underWay: Batch | undefined
  readonly #taken = new Set<Kind>()
  readonly #unlisten: () => void
  readonly #level = Promise.withResolvers<void>()

  constructor(mirror: Mirror, port: MessagePort) {
    this.#mirror = mirror
    this.#port = port
    for (const kind of kindNames) this.#backlogs.set(kind, { keys: mirror.keys(kind), changed: new Set(), told: false })
    this.#unlisten = mirror.listen(this)
    port.on('message', () => {
      for (const kind of this.#underWay?.synced ?? []) this.#taken.add(kind)
      this.#underWay = undefined
      this.#send()
    })
    port.on('close', () => {
      this.#unlisten()
      this.#level.resolve()
    })
    port.unref()
    this.#send()
  }

  changed(kind: Kind, key: string): void {
    this.#backlogs.get(kind)?.changed.add(key)
    this.#send()
  }

  synced(): void {
    this.#send()
  }

  /** Resolves when the worker first knows everything that is known here, or is gone. */
  get level(): Promise<void> {
    return this.#level.promise
  }

  /** Has the worker all of the kind that was there when it was listed? */
  told(kind: Kind): boolean {
    return this.#taken.has(kind)
  }

  close(): void {
    this.#unlisten()
    this.#port.close()
  }

  #send(): void {
    if (this.#underWay !== undefined) return
    const batch = this.#nextBatch()
    if (batch === undefined) {
      this.#level.resolve()
      return
    }
    this.#underWay = batch
    this.#port.postMessage(batch)
  }

  /** Undefined where the worker knows everything. */
  #nextBatch(): Batch | undefined {
    const changes: [Kind, string, string | undefined][] = []
    const synced: Kind[] = []
    let characters = 0
    for (const [kind, backlog] of this.#backlogs) {
      // Every kind gets its share of every batch, so that a long list of one doesn't hold up the others.
      const share = characters + maxCharacters / kindNames.length
      const most = changes.length + maxChanges / kindNames.length
      let key = takeKey(backlog)
      while (key !== undefined) {
        const text = this.#mirror.text(kind, key)
        changes.push([kind, key, text])
        characters += key.length + (text?.length ?? 0)
        if (characters >= share || changes.length >= most) break
        key = takeKey(backlog)
      }
      if (key === undefined && !backlog.told && this.#mirror.synced(kind)) {
        backlog.told = true
        synced.push(kind)
      }
    }
    return changes.length === 0 && synced.length === 0 ? undefined : { changes, synced, serial: this.#mirror.serial() }
  }
}

/** The next key to tell of, which is then done with. */
function takeKey(backlog: Backlog): string | undefined {
  const next = backlog.keys?.next()
  if (next?.done === false) {
    backlog.changed.delete(next.value)
    return next.value
  }
  backlog.keys = undefined
  for (const key of backlog.changed) {
    backlog.changed.delete(key)
    return key
  }
  return undefined
}
