import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { BroadcastChannel } from 'node:worker_threads'
import { loadCorefile } from '../../src/cli/corefile.ts'
import { logTo } from '../../src/log.ts'
import { plugins } from '../../src/plugins/index.ts'
import { Server } from '../../src/server/server.ts'
import { samplesOf } from '../samples.ts'
import { ask, freePort, question, rcodeOf } from './ask.ts'

/** A server in this process whose workers run `script`; resolves when it answers. */
async function serve(t: TestContext, script: string, workers = 1) {
  const lines: string[] = []
  const [healthPort, metricsPort] = [await freePort(), await freePort()]
  const corefile = `example.org {\n    bind 127.0.0.1\n    health 127.0.0.1:${healthPort}\n    prometheus 127.0.0.1:${metricsPort}\n    multisocket ${workers}\n    whoami\n}\n`
  const server = new Server({
    plugins,
    log: logTo((line) => lines.push(line)),
    load: () => loadCorefile(corefile, { file: 'Corefile', port: 0 }),
    worker: new URL(script, import.meta.url),
  })
  await server.start()
  t.after(() => server.stop())
  const health = async () => {
    const response = await fetch(`http://127.0.0.1:${healthPort}/health`)
    return { status: response.status, text: await response.text() }
  }
  return { port: server.blocks[0]?.keys[0]?.port ?? 0, lines, health }
}

test('a worker that dies is told of, replaced, and its successor answers', async (t) => {
  const { port, lines } = await serve(t, './mortal-worker.ts')
  const panics = () => samplesOf('coredns_panics_total')[''] ?? 0
  const panicsBefore = panics()
  assert.equal(rcodeOf(await ask(port, question('example.org'))), 'NOERROR')
  const channel = new BroadcastChannel('mortal')
  channel.postMessage('die')
  channel.close()
  while (panics() === panicsBefore) await new Promise((resolve) => setTimeout(resolve, 10))
  let answered = 1
  while (answered < 20) if (rcodeOf(await ask(port, question('example.org'), { wait: 200 })) === 'NOERROR') answered++
  assert.match(lines.join(''), /\[ERROR\] Recovered from panic in worker, starting another: .*a fault of the test/)
  // What the dead have counted is not lost.
  const counted = Object.values(samplesOf('coredns_dns_requests_total')).reduce((sum, count) => sum + count, 0)
  assert.ok(counted >= answered, `${counted} of ${answered}`)
})

test('while one of two workers dies and is replaced, clients lose at most the question that it had', async (t) => {
  const { port, lines } = await serve(t, './mortal-worker.ts', 2)
  const channel = new BroadcastChannel('mortal')
  t.after(() => channel.close())
  const threads: number[] = []
  channel.onmessage = (event: unknown) => {
    const { data } = event as { readonly data: { readonly threadId?: number } }
    if (data.threadId !== undefined) threads.push(data.threadId)
  }
  for (let tries = 0; threads.length < 2 && tries < 100; tries++) {
    threads.length = 0
    channel.postMessage('who')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const [victim] = threads
  const replaced = () => lines.join('').includes('a fault of the test')
  let lost = 0
  /** One client asks one question after the other, until a while after the death. */
  const client = async () => {
    const socket = createSocket('udp4')
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    let [ownLost, after, id] = [0, 0, 0]
    while (after < 20) {
      if (replaced()) after++
      const asked = ++id
      const send = () => socket.send(question('example.org', { id }))
      send()
      // A question is lost when a later one is answered before it, however long that takes.
      const again = setInterval(() => {
        id++
        send()
      }, 1000)
      const [reply] = (await once(socket, 'message')) as [Buffer]
      clearInterval(again)
      if (reply.readUInt16BE(0) > asked) ownLost++
    }
    socket.close()
    assert.ok(ownLost <= 1, `${ownLost} questions lost`)
    lost += ownLost
  }
  const clients = Array.from({ length: 16 }, client)
  await new Promise((resolve) => setTimeout(resolve, 100))
  channel.postMessage(victim)
  await Promise.all(clients)
  assert.ok(lost < 16, 'the other worker lost none')
})

test('a worker that hangs fails /health', async (t) => {
  const { health } = await serve(t, './hung-worker.ts')
  const { status, text } = await health()
  assert.equal(status, 503)
  assert.match(text, /workers gave no sign of life for 1000 ms/)
})

test('nobody is ready who does not listen yet, nor ill', async (t) => {
  const [ready, health] = [await freePort(), await freePort()]
  const server = new Server({
    plugins,
    log: logTo(() => undefined),
    load: () =>
      loadCorefile(`. {\n  bind 127.0.0.1\n  ready 127.0.0.1:${ready}\n  health 127.0.0.1:${health}\n  whoami\n}\n`, {
        file: 'Corefile',
        port: 0,
      }),
    worker: new URL('./late-worker.ts', import.meta.url),
  })
  t.after(() => server.stop())
  const started = server.start()
  const ask = async (): Promise<string> => {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${ready}/ready`).catch(() => undefined)
      if (answer !== undefined) return `${answer.status} ${await answer.text()}`
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  assert.equal(await ask(), '503 server')
  const page = await fetch(`http://127.0.0.1:${health}/health`)
  assert.deepEqual([page.status, await page.text()], [200, 'OK'])
  const channel = new BroadcastChannel('late-worker')
  // It hears nothing before it has begun to listen.
  const telling = setInterval(() => channel.postMessage('begin'), 5)
  t.after(() => {
    clearInterval(telling)
    channel.close()
  })
  await started
  assert.equal(await ask(), '200 OK')
})

test('there are as many workers as the most that a block asks for, after a reload too', async (t) => {
  const told = new Map<number, unknown>()
  const channel = new BroadcastChannel('telling-worker')
  t.after(() => channel.close())
  channel.onmessage = (event: unknown) => {
    const { threadId, told: what } = (event as { data: { threadId: number; told: unknown } }).data
    told.set(threadId, what)
  }
  let counts = [2, 3]
  const corefile = () => counts.map((count, i) => `zone${i} {\n    multisocket ${count}\n    whoami\n}\n`).join('')
  const server = new Server({
    plugins,
    log: logTo(() => undefined),
    load: () => loadCorefile(corefile(), { file: 'Corefile', port: 0 }),
    worker: new URL('./telling-worker.ts', import.meta.url),
  })
  const heard = async (expected: readonly unknown[]) => {
    const now = () => [...told.values()].map(String).sort()
    // What was posted comes with the loop's turns.
    for (let tries = 0; tries < 1000 && now().join() !== expected.map(String).sort().join(); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.deepEqual(now(), expected.map(String).sort())
  }
  t.after(() => server.stop())
  await server.start()
  await heard([3, 3, 3])
  counts = [1, 5]
  await server.reload()
  await heard([5, 5, 5, 5, 5])
  counts = [2, 1]
  await server.reload()
  await heard([2, 2, 'stop', 'stop', 'stop'])
  await server.stop()
  await heard(['stop', 'stop', 'stop', 'stop', 'stop'])
})
