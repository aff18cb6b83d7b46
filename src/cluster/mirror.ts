// What the main thread keeps of the cluster: a record of each trimmed object, in memory that the workers read.
import { isDeepStrictEqual } from 'node:util'
import { Arena } from './arena.ts'
import { KeyTable } from './key-table.ts'
import { kindNames, kinds, mapKinds, type Trimmed } from './kinds.ts'
import { packRecord, RecordWriter, unpackRecord } from './record.ts'
import type { Chunk, RecordAddress } from './record-memory.ts'
import type { Slot } from './slot.ts'
import type { Kind } from './store.ts'

/**
 * Told that the object with this key has come, changed or gone; what it now is, it reads from the mirror. An object has the
 * same slot as long as it is there; that of one that is gone, another may have next.
 */
export interface MirrorListener {
  changed(kind: Kind, key: string, slot: Slot): void
  /** The kind has been listed. */
  synced(kind: Kind): void
}

/** Of one that reads records: none that it may still read is freed. */
export interface Reading {
  /** It has done with all that was replaced before the mirror came to this version. */
  passed(version: number): void
  /** It reads nothing any more. */
  end(): void
}

/** Keys are those of `keyOf`. */
export class Mirror {
  readonly #arena = new Arena()
  readonly #writer = new RecordWriter()
  readonly #tables = mapKinds(() => new KeyTable(this.#arena.memory))
  readonly #synced = new Set<Kind>()
  readonly #listeners = new Set<MirrorListener>()
  #serial = 0
  /** How many records have been replaced. */
  #version = 0
  /** Records that have been replaced and may still be read, in this order, and the version each of them made. */
  #retired: { readonly address: RecordAddress; readonly version: number }[] = []
  /** The version that each has passed. */
  readonly #readings = new Map<Reading, number>()

  /** Takes an object up; one that is as it was wakes nobody. */
  apply<K extends Kind>(kind: K, key: string, object: Trimmed[K]): void {
    const { form, zonePart } = kinds[kind]
    const octets = packRecord(form, object, this.#writer)
    const table = this.#tables[kind]
    let slot = table.find(key)
    const before = slot === 0 ? undefined : table.addressAt(slot)
    if (before === undefined) {
      slot = table.add(key, this.#arena.add(octets))
      this.#move()
    } else {
      if (this.#holds(before, octets)) return
      const { memory } = this.#arena
      if (!isDeepStrictEqual(zonePart(unpackRecord(form, memory.at(before))), zonePart(object))) this.#move()
      table.replace(slot, this.#arena.add(octets))
      this.#retire(before)
    }
    for (const listener of this.#listeners) listener.changed(kind, key, slot)
  }

  remove(kind: Kind, key: string): void {
    const table = this.#tables[kind]
    const slot = table.find(key)
    if (slot === 0) return
    const before = table.addressAt(slot)
    table.remove(slot)
    this.#move()
    this.#retire(before)
    for (const listener of this.#listeners) listener.changed(kind, key, slot)
  }

  setSynced(kind: Kind): void {
    if (this.#synced.has(kind)) return
    this.#synced.add(kind)
    for (const listener of this.#listeners) listener.synced(kind)
  }

  synced(kind: Kind): boolean {
    return this.#synced.has(kind)
  }

  /** Unix seconds of the last change that concerns DNS; 0 before the first. */
  serial(): number {
    return this.#serial
  }

  /** For what was known before this process began. */
  setSerial(seconds: number): void {
    this.#serial = seconds
  }

  has(kind: Kind, key: string): boolean {
    return this.#tables[kind].find(key) !== 0
  }

  /** The trimmed object. */
  get<K extends Kind>(kind: K, key: string): Trimmed[K] | undefined {
    const address = this.addressOf(kind, key)
    return address === undefined ? undefined : unpackRecord(kinds[kind].form, this.#arena.memory.at(address))
  }

  /** The trimmed object as JSON. */
  text(kind: Kind, key: string): string | undefined {
    return JSON.stringify(this.get(kind, key))
  }

  /** The keys of a kind. Of what changes while they are gone through, they may tell or not. */
  *keys(kind: Kind): Generator<string, void> {
    const table = this.#tables[kind]
    for (const slot of table.slots()) yield table.keyAt(slot)
  }

  /** The first slot from this one on, itself included; 0 where there is none. Slots count from 1. */
  slotFrom(kind: Kind, start: Slot): Slot {
    return this.#tables[kind].slotFrom(start)
  }

  /** There must be an object. */
  keyAt(kind: Kind, slot: Slot): string {
    return this.#tables[kind].keyAt(slot)
  }

  /** Where the record of the object is that has this slot; 0 where none has. */
  addressAt(kind: Kind, slot: Slot): RecordAddress {
    return this.#tables[kind].addressAt(slot)
  }

  count(kind: Kind): number {
    return this.#tables[kind].size
  }

  /** Where the object's record is. */
  addressOf(kind: Kind, key: string): RecordAddress | undefined {
    const table = this.#tables[kind]
    const slot = table.find(key)
    return slot === 0 ? undefined : table.addressAt(slot)
  }

  /** Octets that the record takes, more or less. */
  lengthAt(address: RecordAddress): number {
    return this.#arena.lengthAt(address)
  }

  /** The memory with all records, by number. */
  get chunks(): readonly Chunk[] {
    return this.#arena.memory.chunks
  }

  /** Grows with every record that is replaced. */
  get version(): number {
    return this.#version
  }

  /** For one that begins to read now. */
  read(): Reading {
    const reading: Reading = {
      passed: (version) => {
        if (!this.#readings.has(reading)) return
        this.#readings.set(reading, version)
        this.#freeRetired()
      },
      end: () => {
        this.#readings.delete(reading)
        this.#freeRetired()
      },
    }
    this.#readings.set(reading, this.#version)
    return reading
  }

  /** Returns what ends it. */
  listen(listener: MirrorListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Kinds that are not listed yet. */
  unsynced(): readonly Kind[] {
    return kindNames.filter((kind) => !this.#synced.has(kind))
  }

  /** Octets of shared memory, the unused ones among them. */
  get octets(): number {
    return this.#arena.octets
  }

  /** A record says where it ends: one that begins with another's octets is the same. */
  #holds(address: RecordAddress, octets: Uint8Array): boolean {
    const there = this.#arena.memory.octetsAt(address)
    return octets.length <= there.length && there.compare(octets, 0, octets.length, 0, octets.length) === 0
  }

  #retire(address: RecordAddress): void {
    this.#version++
    if (this.#readings.size === 0) this.#arena.free(address)
    else this.#retired.push({ address, version: this.#version })
  }

  #freeRetired(): void {
    const passed = Math.min(...this.#readings.values())
    const kept = this.#retired.findIndex(({ version }) => version > passed)
    const freed = this.#retired.splice(0, kept < 0 ? this.#retired.length : kept)
    for (const { address } of freed) this.#arena.free(address)
  }

  /** The clock may be set back; a serial may not (RFC 1035 3.3.13). */
  #move(): void {
    this.#serial = Math.max(this.#serial, Math.floor(Date.now() / 1000))
  }
}
