// Tells one worker what the mirror holds and how it changes, in batches small enough that none delays an answer.
//
// The next batch goes out once the worker has taken in the last. What changes meanwhile is remembered by its slot alone
// and looked up when it is told, so a slow worker costs no memory, and misses states but never the last one.
import type { MessagePort } from 'node:worker_threads'
import { kindNames } from './kinds.ts'
import type { Mirror, MirrorListener, Reading } from './mirror.ts'
import type { Chunk, RecordAddress } from './record-memory.ts'
import type { Slot } from './slot.ts'
import type { Kind } from './store.ts'

/** From the main thread to a worker. */
export interface Batch {
  /** Chunks of memory that are new, or gone, by their number; to be taken in before the rest. */
  readonly chunks: readonly (readonly [number: number, chunk: Chunk])[]
  /**
   * Slots in which there is another record now, or none: 0. Records are there until the batch is taken in, and as long as
   * nothing else is told of their slot.
   */
  readonly changes: readonly (readonly [kind: Kind, slot: Slot, address: RecordAddress])[]
  /** Kinds of which everything has been told. */
  readonly synced: readonly Kind[]
  /** Of the mirror. */
  readonly serial: number
}

export interface FeedLimits {
  /** Of a batch: changes, and octets of their records, which the last change may exceed. */
  readonly changes: number
  readonly octets: number
  /** How long after its port is closed a worker may still read, for questions it hadn't answered yet, milliseconds. */
  readonly graceMs: number
}

const feedLimits: FeedLimits = { changes: 128, octets: 16_384, graceMs: 10_000 }

/** What has to be told of one kind: every object there is, slot by slot, and the slots behind that in which it has become another. */
interface Backlog {
  /** Of what is from this slot on, the worker will be told in its turn. */
  slot: Slot
  readonly changed: Set<Slot>
  /** That it is synced has been told. */
  told: boolean
}

export class Feed implements MirrorListener {
  readonly #mirror: Mirror
  readonly #port: MessagePort
  readonly #reading: Reading
  readonly #limits: FeedLimits
  readonly #backlogs = new Map<Kind, Backlog>()
  /** Chunks the worker has. */
  readonly #chunks: Chunk[] = []
  /** The batch the worker hasn't taken in yet. */
  #underWay: Batch | undefined
  /** The version of the mirror that the worker knows nothing older than, once it has taken that in. */
  #version: number | undefined
  readonly #taken = new Set<Kind>()
  readonly #unlisten: () => void
  readonly #level = Promise.withResolvers<void>()

  constructor(mirror: Mirror, port: MessagePort, limits = feedLimits) {
    this.#limits = limits
    this.#mirror = mirror
    this.#port = port
    this.#reading = mirror.read()
    for (const kind of kindNames) this.#backlogs.set(kind, { slot: 1, changed: new Set(), told: false })
    this.#unlisten = mirror.listen(this)
    port.on('message', () => {
      for (const kind of this.#underWay?.synced ?? []) this.#taken.add(kind)
      this.#underWay = undefined
      if (this.#version !== undefined) this.#reading.passed(this.#version)
      this.#send()
    })
    port.on('close', () => {
      this.#unlisten()
      this.#level.resolve()
      setTimeout(() => this.#reading.end(), limits.graceMs).unref()
    })
    port.unref()
    this.#send()
  }

  changed(kind: Kind, _key: string, slot: Slot): void {
    const backlog = this.#backlogs.get(kind)
    if (backlog !== undefined && slot < backlog.slot) backlog.changed.add(slot)
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
    const changes: [Kind, Slot, RecordAddress][] = []
    const synced: Kind[] = []
    const busy = kindNames.filter((kind) => this.#isBehind(kind)).length
    let octets = 0
    for (const [kind, backlog] of this.#backlogs) {
      // Every kind gets its share of every batch, so that a long list of one doesn't hold up the others.
      const share = octets + this.#limits.octets / busy
      const most = changes.length + this.#limits.changes / busy
      let slot = this.#takeSlot(kind, backlog)
      while (slot !== 0) {
        const address = this.#mirror.addressAt(kind, slot)
        changes.push([kind, slot, address])
        if (address !== 0) octets += this.#mirror.lengthAt(address)
        if (octets >= share || changes.length >= most) break
        slot = this.#takeSlot(kind, backlog)
      }
      if (slot === 0 && !backlog.told && this.#mirror.synced(kind)) {
        backlog.told = true
        synced.push(kind)
      }
    }
    if (changes.length === 0 && synced.length === 0) return undefined
    const isLast = !kindNames.some((kind) => this.#isBehind(kind))
    this.#version = isLast ? this.#mirror.version : undefined
    return { chunks: this.#takeChunks(), changes, synced, serial: this.#mirror.serial() }
  }

  /** What is other there than the worker knows. */
  #takeChunks(): readonly (readonly [number, Chunk])[] {
    const changes: [number, Chunk][] = []
    for (const [number, chunk] of this.#mirror.chunks.entries()) {
      if (chunk === this.#chunks[number]) continue
      this.#chunks[number] = chunk
      changes.push([number, chunk])
    }
    return changes
  }

  /** Is there anything left to tell? */
  #isBehind(kind: Kind): boolean {
    const backlog = this.#backlogs.get(kind)
    return backlog !== undefined && (backlog.changed.size > 0 || this.#mirror.slotFrom(kind, backlog.slot) !== 0)
  }

  /** The next slot to tell of, which is then done with; 0 where there is none. */
  #takeSlot(kind: Kind, backlog: Backlog): Slot {
    const slot = this.#mirror.slotFrom(kind, backlog.slot)
    if (slot !== 0) {
      backlog.slot = slot + 1
      return slot
    }
    for (const changed of backlog.changed) {
      backlog.changed.delete(changed)
      return changed
    }
    return 0
  }
}
