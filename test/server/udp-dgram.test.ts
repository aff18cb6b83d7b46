// The same where the C library can't be called: every datagram by dgram.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

process.env.CLUSTERDNS_UDP = 'dgram'
await import('./udp.test.ts')

test('nothing else is asked of the C library either: time slices and memory stay as they are', async () => {
  const { libc } = await import('../../src/server/libc.ts')
  const { shortenTimeSlice } = await import('../../src/server/time-slice.ts')
  const { releaseStartupPages } = await import('../../src/server/startup-pages.ts')
  const resident = () => Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  assert.equal(libc(), undefined)
  assert.equal(shortenTimeSlice(), true)
  const before = resident()
  releaseStartupPages()
  assert.ok(resident() > 0.9 * before)
})
