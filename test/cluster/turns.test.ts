import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../../src/cluster/turns.ts'

const { signal } = new AbortController()

test('turns: one after the other, in the order in which they came', async () => {
  const turns = new Turns()
  const events: string[] = []
  const play = async (name: string): Promise<void> => {
    const end = await turns.take(signal)
    events.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    events.push(`${name} ends`)
    end()
    end()
  }
  await Promise.all(['a', 'b', 'c'].map(play))
  assert.deepEqual(events, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('turns: who waits for one that never ends goes all the same, and who is told to stop at once', async () => {
  const turns = new Turns()
  await turns.take(signal)
  const end = await turns.take(signal)
  const stop = new AbortController()
  const stopped = turns.take(stop.signal)
  stop.abort()
  await stopped
  end()
})
