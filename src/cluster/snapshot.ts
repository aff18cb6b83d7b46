// The cluster in a file, for a start while the API server can't be reached.
//
// One line says what it is, then one line an object (kind, key, trimmed JSON, between tabs), and the last line is the
// SHA-256 of all before it. A file that doesn't end like that was cut short, or is none of ours.
import { createHash, type Hash } from 'node:crypto'
import { closeSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { partOf } from './api-object.ts'
import { LineSplitter } from './json-stream.ts'
import { kindNames } from './kinds.ts'
import type { Mirror } from './mirror.ts'
import type { Kind } from './store.ts'

/** To be raised whenever the form of trimmed objects changes. */
export const snapshotVersion = 1

const format = 'clusterdns snapshot'
const chunkSize = 1 << 16

/** The file can't be used; the message says why. */
export class SnapshotError extends Error {
  override name = 'SnapshotError'
}

/**
 * Writes all of the mirror. The file is replaced as a whole or not at all. `source` says in one line what was watched:
 * who watches something else has no use for it.
 */
export function writeSnapshot(file: string, source: string, mirror: Mirror): void {
  const temporary = `${file}.tmp`
  const handle = openSync(temporary, 'w', 0o600)
  try {
    const hash = createHash('sha256')
    let text = `${JSON.stringify({ format, version: snapshotVersion, source, serial: mirror.serial() })}\n`
    const flush = (): void => {
      hash.update(text)
      writeSync(handle, text)
      text = ''
    }
    for (const kind of kindNames) {
      for (const key of mirror.keys(kind)) {
        text += `${kind}\t${key}\t${mirror.text(kind, key)}\n`
        if (text.length >= chunkSize) flush()
      }
    }
    flush()
    writeSync(handle, `${hash.digest('hex')}\n`)
  } finally {
    closeSync(handle)
  }
  renameSync(temporary, file)
}

/** Puts everything into the mirror; returns how many objects there were. Throws SnapshotError, or what opening the file throws. */
export function readSnapshot(file: string, source: string, mirror: Mirror): number {
  // Twice, for nothing of a damaged file must be used, and a big one not be held in memory.
  const serial = check(file, source)
  let objects = 0
  eachLine(file, (line) => {
    const [kind = '', key, text] = line.split('\t')
    if (key === undefined || text === undefined) return
    mirror.apply(kind as Kind, key, JSON.parse(text))
    objects++
  })
  mirror.setSerial(serial)
  return objects
}

/** Returns the serial. */
function check(file: string, source: string): number {
  const hash: Hash = createHash('sha256')
  let header: unknown
  let sum = ''
  let last = ''
  eachLine(file, (line) => {
    if (header === undefined) header = parseHeader(line)
    if (last !== '') hash.update(`${last}\n`)
    sum = line
    last = line
  })
  const { version, source: written, serial } = partOf(header)
  if (version !== snapshotVersion) throw new SnapshotError(`it is of version ${version}, not ${snapshotVersion}`)
  if (sum !== hash.digest('hex')) throw new SnapshotError('it is damaged')
  if (written !== source) throw new SnapshotError('it is of something else that was watched')
  return Number(serial)
}

function parseHeader(line: string): unknown {
  let header: unknown
  try {
    header = JSON.parse(line)
  } catch (error) {
    throw new SnapshotError('it is no snapshot', { cause: error })
  }
  if (partOf(header).format !== format) throw new SnapshotError('it is no snapshot')
  return header
}

function eachLine(file: string, take: (line: string) => void): void {
  const handle = openSync(file, 'r')
  try {
    const splitter = new LineSplitter(take)
    const chunk = Buffer.allocUnsafe(chunkSize)
    for (let length = readSync(handle, chunk); length > 0; length = readSync(handle, chunk)) {
      splitter.write(chunk.subarray(0, length))
    }
  } finally {
    closeSync(handle)
  }
}
