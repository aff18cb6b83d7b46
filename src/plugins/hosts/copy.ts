// A worker's copy of a hosts file, as the main thread tells it (file.ts).
import type { MessagePort } from 'node:worker_threads'
import { HostsEntries } from './entries.ts'

/** Lines read in one go: lists of names to block have hundreds of thousands, and queries must not wait for them. */
const linesPerTurn = 2000

export interface HostsCopy {
  /** Undefined until the file has been heard of for the first time. */
  entries(): HostsEntries | undefined
  /** Resolves to what was heard that first time. */
  readonly heard: Promise<HostsEntries>
}

export function copyOf(port: MessagePort): HostsCopy {
  const heard = Promise.withResolvers<HostsEntries>()
  let entries: HostsEntries | undefined
  let newest = 0
  port.on('message', (text: string) => {
    const number = ++newest
    readEntries(text, {
      given: () => number !== newest,
      done: (read) => {
        entries = read
        heard.resolve(read)
      },
    })
  })
  port.unref()
  return { entries: () => entries, heard: heard.promise }
}

/** Reads a file's text, with pauses if it is long; stops where `given` says that it was given up. */
function readEntries(text: string, { given, done }: { given(): boolean; done(read: HostsEntries): void }): void {
  const entries = new HostsEntries()
  let at = 0
  const readSome = () => {
    if (given()) return
    for (let count = 0; count < linesPerTurn && at < text.length; count++) {
      const newline = text.indexOf('\n', at)
      const end = newline < 0 ? text.length : newline
      entries.add(text.slice(at, end))
      at = end + 1
    }
    if (at >= text.length) done(entries)
    else setImmediate(readSome)
  }
  readSome()
}
