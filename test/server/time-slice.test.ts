import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { libc } from '../../src/server/libc.ts'
import { serve } from './process.ts'

/** Of the calling thread, or another; struct sched_attr. Undefined where there is no such thread, or the kernel won't say. */
function attributesOf(thread = 0) {
  const attributes = Buffer.alloc(48)
  if (libc()?.sched_getattr(thread, attributes, attributes.length, 0) !== 0) return undefined
  return {
    policy: attributes.readUInt32LE(4),
    nice: attributes.readInt32LE(16),
    slice: Number(attributes.readBigUInt64LE(24)),
  }
}

const usual = attributesOf()
const unknown =
  usual === undefined
    ? 'needs libc by koffi, and a kernel that tells of time slices'
    : usual.slice === 0 && 'the kernel (before 6.12) has no time slices to ask for'

test('the workers of a server have the shortest time slice, its other threads the usual one', {
  skip: unknown,
}, async (t) => {
  const { process: child } = await serve(t, '. {\n    bind 127.0.0.1\n    multisocket 2\n    whoami\n}\n')
  const threads = readdirSync(`/proc/${child.pid}/task`).map(Number)
  const shortest = threads.filter((thread) => attributesOf(thread)?.slice === 100_000)
  const names = shortest.map((thread) => readFileSync(`/proc/${child.pid}/task/${thread}/comm`, 'latin1').trim())
  assert.deepEqual(names, ['WorkerThread', 'WorkerThread'])
  assert.ok(threads.filter((thread) => attributesOf(thread)?.slice === usual?.slice).length > shortest.length)
})

test('policy and precedence stay as they are', { skip: unknown }, async () => {
  // No less than it is: more of it needs a privilege.
  const nice = Math.min(19, (usual?.nice ?? 0) + 3)
  const script = (policy: number) => `
    const { libc } = await import(${JSON.stringify(new URL('../../src/server/libc.ts', import.meta.url).href)})
    const { shortenTimeSlice } = await import(${JSON.stringify(new URL('../../src/server/time-slice.ts', import.meta.url).href)})
    const { parentPort } = await import('node:worker_threads')
    const attributes = Buffer.alloc(48)
    attributes.writeUInt32LE(48, 0)
    attributes.writeUInt32LE(${policy}, 4)
    attributes.writeInt32LE(${nice}, 16)
    const set = libc().sched_setattr(0, attributes, 0)
    const asked = shortenTimeSlice()
    libc().sched_getattr(0, attributes, 48, 0)
    parentPort.postMessage([set, asked, attributes.readUInt32LE(4), attributes.readInt32LE(16), Number(attributes.readBigUInt64LE(24))])
  `
  const told = (policy: number) =>
    new Promise((resolve, reject) => {
      const url = new URL(`data:text/javascript,${encodeURIComponent(script(policy))}`)
      new Worker(url).once('message', resolve).once('error', reject)
    })
  assert.deepEqual(await told(0), [0, true, 0, nice, 100_000], 'SCHED_OTHER')
  assert.deepEqual(await told(3), [0, true, 3, nice, 100_000], 'SCHED_BATCH')
  const [set, asked, policy, , slice] = (await told(5)) as number[]
  assert.deepEqual([set, asked, policy], [0, true, 5], 'SCHED_IDLE')
  assert.notEqual(slice, 100_000)
})
