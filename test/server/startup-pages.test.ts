import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { libc } from '../../src/server/libc.ts'
import { releaseStartupPages } from '../../src/server/startup-pages.ts'
import { serve } from './process.ts'

/** Of the files mapped into a process, what of them is in memory, KiB. */
function residentOfFiles(pid: number | 'self' = 'self'): number {
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

const untouched = residentOfFiles()

const missing = libc() === undefined ? 'needs libc by koffi' : false

test("most of Node's file leaves memory, and all of Node goes on working", { skip: missing }, async () => {
  const before = residentOfFiles()
  releaseStartupPages()
  const after = residentOfFiles()
  assert.ok(after < before / 2, `${before} KiB before, ${after} KiB after`)
  // Of parts that were not in use: ICU's data, zlib, the compiler.
  assert.equal(new Intl.DateTimeFormat('de', { month: 'long', timeZone: 'UTC' }).format(0), 'Januar')
  const { gunzipSync, gzipSync } = await import('node:zlib')
  assert.equal(gunzipSync(gzipSync('so')).toString(), 'so')
  assert.equal(new Function('a', 'return a * 7')(6), 42)
})

test('a server that has started has let go of it', { skip: missing }, async (t) => {
  const { process: child } = await serve(t, '. {\n    bind 127.0.0.1\n    whoami\n}\n')
  const [server, here] = [residentOfFiles(child.pid as number), untouched]
  assert.ok(server < 0.7 * here, `${server} KiB, and ${here} KiB in a process that has not`)
})
