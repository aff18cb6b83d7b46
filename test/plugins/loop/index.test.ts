import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { suite, type TestContext, test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { printRcode } from '../../../src/dns/codes.ts'
import { decodeQuery } from '../../../src/dns/decode.ts'
import { encodeReply } from '../../../src/dns/encode.ts'
import { parseName } from '../../../src/dns/name.ts'
import type { Query } from '../../../src/dns/query.ts'
import { reply } from '../../../src/dns/reply.ts'
import { loop } from '../../../src/plugins/loop/index.ts'
import { Probe, type Times } from '../../../src/plugins/loop/probe.ts'
import { blockOf, configOf, isCorefileError, mainContext, queryOf, recordLog, workerContext } from '../../context.ts'
import { until } from '../forward/forwarding.ts'

suite('stanzas', () => {
  test('loop', () => assert.equal(configOf(loop, 'loop'), null))
  const bad: Readonly<Record<string, string>> = {
    'loop x': "2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'loop\nloop': '3 - Error during parsing: this plugin can only be used once per Server Block',
    'loop {\n}': "2 - Error during parsing: Unexpected token '{', expecting argument",
    'loop {\n  a\n}': "2 - Error during parsing: Unexpected token '{', expecting argument",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(loop, stanza), isCorefileError(`plugin/loop: Corefile:${message}`)),
    )
  }
})

const quick: Times = { retry: 500, giveUp: 5000, reply: 60, settle: 60, again: 60 }

/**
 * A server with two workers' worth of `loop` for the zone, and behind it an upstream that the test decides about: what it does
 * with a question, and from which of its ports it asks us back.
 */
async function serve(
  t: TestContext,
  {
    zone = '.',
    settle = quick.settle,
    forwards,
  }: { zone?: string; settle?: number; forwards(query: Query, ask: () => void): void },
) {
  const controller = new AbortController()
  const server = createSocket('udp4')
  const upstream = createSocket('udp4')
  let isOver = false
  t.after(() => {
    isOver = true
    controller.abort()
    server.close()
    upstream.close()
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const { log, lines } = recordLog()
  const [key] = blockOf('', zone).keys
  assert(key !== undefined)
  const probe = new Probe(key.zone, port, log.plugin('loop'), controller.signal, { ...quick, settle })
  const channels = [new MessageChannel(), new MessageChannel()]
  t.after(() => channels.forEach((channel) => void channel.port1.close()))
  const handlers = channels.map((channel) => {
    probe.open(channel.port1)
    const context = workerContext({ keys: [key], localAddresses: ['127.0.0.1'], feed: (build) => build(channel.port2) })
    return loop.handler?.(null, context)
  })
  const asked: Query[] = []
  server.on('message', (octets, sender) => {
    const query = decodeQuery(octets, { ...queryOf('. A').client, address: sender.address, port: sender.port })
    asked.push(query)
    const handler = handlers[asked.length % 2]
    const answer = handler?.(query, () => {
      forwards(query, () => {
        if (!isOver) upstream.send(octets, port, '127.0.0.1')
      })
      return reply({ plugin: 'next' })
    })
    const into = Buffer.alloc(512)
    if (answer !== undefined && !(answer instanceof Promise)) {
      server.send(into.subarray(0, encodeReply(query, answer, into)), sender.port, sender.address)
    }
  })
  /** What becomes of a question in each worker. */
  const told = async (question: string): Promise<string[]> =>
    Promise.all(
      handlers.map(async (handler) => {
        const answer = await handler?.(queryOf(question), () => reply({ plugin: 'next' }))
        return answer?.plugin === 'next'
          ? 'next'
          : `${printRcode(answer?.rcode ?? -1)} ${answer?.errors.map(({ text }) => text)}`
      }),
    )
  return { probe, asked, lines, told, port }
}

/** Asks until the answer is this; rejects where it never is. */
async function comesTo(ask: () => Promise<readonly string[]>, answer: readonly string[]): Promise<void> {
  for (let tries = 0; (await ask()).join() !== answer.join(); tries++) {
    assert(tries < 2000, `never ${answer}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const servfail = 'SERVFAIL forwarding loop detected for zone .: questions forwarded from here come back'

suite('a loop', () => {
  test('is found, told of as CoreDNS does, and nothing is forwarded', async (t) => {
    const { probe, asked, lines, told, port } = await serve(t, { forwards: (_query, ask) => ask() })
    assert.deepEqual(await told('example.org. A'), ['next', 'next'])
    void probe.run()
    await until(() => lines.length >= 2)
    const { name } = asked[0] ?? queryOf('. A')
    assert.equal(asked[0]?.type, 13)
    assert.match(
      lines[0] ?? '',
      /^\[ERROR\] plugin\/loop: Loop \(127\.0\.0\.1:[0-9]+ -> 127\.0\.0\.1:[0-9]+\) detected for zone "\.", see https:\/\/coredns\.io\/plugins\/loop#troubleshooting\. Query: "HINFO [0-9]{10,19}\.[0-9]{10,19}\."$/,
    )
    assert(lines[0]?.includes(`-> 127.0.0.1:${port})`))
    assert.match(lines[1] ?? '', /SERVFAIL; other names are answered as before/)
    await comesTo(() => told('example.org. A'), [servfail, servfail])
    assert(name.length > 20)
  })

  test('is told of once, and questions are forwarded again when it is gone', async (t) => {
    let isLooping = true
    const { probe, lines, told } = await serve(t, { settle: 1000, forwards: (_query, ask) => isLooping && ask() })
    const done = probe.run()
    await until(() => lines.length >= 2)
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(lines.length, 2)
    isLooping = false
    await done
    assert.equal(lines[2], '[INFO] plugin/loop: the loop is gone: questions are forwarded again')
    await comesTo(() => told('example.org. A'), ['next', 'next'])
  })

  test('is found where it comes back late', async (t) => {
    const { probe, lines } = await serve(t, { settle: 5000, forwards: (_query, ask) => void setTimeout(ask, 40) })
    void probe.run()
    await until(() => lines.length >= 2)
  })

  test('of a zone is one for its names only', async (t) => {
    const { probe, lines, told } = await serve(t, { zone: 'example.org', forwards: (_query, ask) => ask() })
    void probe.run()
    await until(() => lines.length >= 2)
    assert.match(lines[0] ?? '', /detected for zone "example\.org\.".*Query: "HINFO [0-9]+\.[0-9]+\.example\.org\."$/)
    const here = servfail.replace('zone .', 'zone example.org.')
    await comesTo(() => told('a.example.org. A'), [here, here])
    assert.deepEqual(await told('example.com. A'), ['next', 'next'])
    assert.deepEqual(await told('example.org. HINFO'), [here, here])
  })
})

suite('no loop', () => {
  test('is nothing to speak of, and the end of it', async (t) => {
    const { probe, asked, lines, told } = await serve(t, { forwards: () => undefined })
    await probe.run()
    assert.equal(asked.length, 1)
    assert.deepEqual(lines, [])
    assert.deepEqual(await told('example.org. A'), ['next', 'next'])
    assert.deepEqual(await told('1.2. HINFO'), ['next', 'next'])
  })

  test('a probe that nobody saw is sent again', async (t) => {
    const { probe, asked, lines } = await serve(t, { zone: 'example.org', forwards: () => undefined })
    const closed = createSocket('udp4')
    closed.bind(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address()
    closed.close()
    const controller = new AbortController()
    const lost = new Probe(parseName('example.org.'), port, recordLog().log, controller.signal, {
      ...quick,
      giveUp: 200,
    })
    const channel = new MessageChannel()
    lost.open(channel.port1)
    channel.port2.postMessage({ addresses: ['::1', '127.0.0.1'] })
    await lost.run()
    channel.port1.close()
    await probe.run()
    assert.equal(asked.length, 1)
    assert.deepEqual(lines, [])
  })
})

test('a zone whose name leaves no room for a probe is left alone', () => {
  const { keys } = blockOf('', `${'a'.repeat(60)}.`.repeat(4))
  assert.deepEqual(loop.background?.(null, mainContext(new AbortController().signal, { keys })), {})
  const answer = reply({})
  const handler = loop.handler?.(null, workerContext({ keys }))
  assert.equal(
    handler?.(queryOf('example.org. HINFO'), () => answer),
    answer,
  )
})
