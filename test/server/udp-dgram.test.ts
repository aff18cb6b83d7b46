// The same where the C library can't be called: every datagram by dgram.
import assert from 'node:assert/strict'
import { test } from 'node:test'

process.env.CLUSTERDNS_UDP = 'dgram'
await import('./udp.test.ts')

test('there is no time slice to ask for', async () => {
  const { shortenTimeSlice } = await import('../../src/server/time-slice.ts')
  assert.equal(shortenTimeSlice(), true)
})
