import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { ClientAuth } from '../../src/client-auth.ts'
import type { Client } from '../../src/dns/query.ts'
import { logTo } from '../../src/log.ts'
import type { TlsListen } from '../../src/plugin.ts'
import type { Answer } from '../../src/server/answer.ts'
import { tcpLimits } from '../../src/server/tcp.ts'
import { TlsListener } from '../../src/server/tls.ts'
import { answerOf, authority, bad, first, good, later, listenBy, placeOf, second, trusting } from './encrypted.ts'
import { folderFor } from './process.ts'

const echo = answerOf((message) => message)

async function serve(t: TestContext, tls: TlsListen, answer: Answer = echo, limits = {}) {
  const listener = new TlsListener(
    placeOf('tls', { tls }),
    answer,
    logTo(() => undefined),
    { ...tcpLimits, ...limits },
  )
  await listener.open()
  const { port } = listener.address() as AddressInfo
  const sockets: { destroy(): unknown }[] = []
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await listener.drain(0)
  })
  const open = (options: ConnectionOptions = {}): TLSSocket => {
    const socket = connect({ ...trusting, port, ...options })
    socket.on('error', () => undefined)
    sockets.push(socket)
    return socket
  }
  return { listener, port, open }
}

const frame = (text: string) => Buffer.concat([Buffer.from([text.length >> 8, text.length & 255]), Buffer.from(text)])

/** Sends framed texts; resolves to as many texts that came back, fewer where the connection ended. */
async function exchange(socket: TLSSocket, ...texts: string[]): Promise<string[]> {
  socket.write(Buffer.concat(texts.map(frame)))
  const got: string[] = []
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      rest = Buffer.concat([rest, chunk as Buffer])
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        got.push(rest.subarray(2, 2 + rest.readUInt16BE(0)).toString())
        rest = rest.subarray(2 + rest.readUInt16BE(0))
      }
      if (got.length >= texts.length) break
    }
  } catch {
    // Cut off.
  }
  return got
}

const closing = (socket: { once(event: 'close', done: () => void): unknown }) =>
  new Promise<void>((resolve) => socket.once('close', () => resolve()))

test('pipelined questions are answered, and come from a client by TLS', async (t) => {
  const clients: Client[] = []
  const { open, port } = await serve(t, listenBy(), (message, _size, client, into) => {
    clients.push(client)
    return message.copy(into)
  })
  const socket = open()
  assert.deepEqual(await exchange(socket, 'a', 'bb', 'ccc'), ['a', 'bb', 'ccc'])
  assert.deepEqual(clients[0], {
    address: '127.0.0.1',
    port: socket.localPort,
    localAddress: '127.0.0.1',
    localPort: 0,
    transport: 'tls',
    server: 'tls://127.0.0.1:0',
  })
  assert.notEqual(port, 0)
})

test('a client that has sent all it will send hears every reply', async (t) => {
  const { open } = await serve(
    t,
    listenBy(),
    answerOf(async (message) => {
      await later(30)
      return message
    }),
  )
  const socket = open()
  const ended = exchange(socket, 'a', 'b')
  socket.end()
  assert.deepEqual(await ended, ['a', 'b'])
})

suite('handshakes', () => {
  const offers: readonly (readonly [string, ConnectionOptions, string | false | undefined])[] = [
    ['without a protocol', {}, false],
    ['of DNS over TLS', { ALPNProtocols: ['dot'] }, 'dot'],
    ['of another protocol', { ALPNProtocols: ['h2'] }, undefined],
    ['with TLS 1.2', { maxVersion: 'TLSv1.2' }, false],
    ['with TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }, undefined],
  ]
  for (const [title, options, protocol] of offers) {
    test(title, async (t) => {
      const { open } = await serve(t, listenBy())
      const socket = open(options)
      assert.deepEqual(await exchange(socket, 'q'), protocol === undefined ? [] : ['q'])
      if (protocol !== undefined) assert.equal(socket.alpnProtocol, protocol)
    })
  }

  test('that never come to an end do not keep anybody from stopping', async (t) => {
    const { listener, port } = await serve(t, listenBy())
    const accepted = once(listener, 'connection')
    const silent = connectPlain(port, '127.0.0.1')
    silent.on('error', () => undefined)
    silent.resume()
    await accepted
    const closed = closing(silent)
    await listener.drain(60_000)
    await closed
  })

  test('that are none end the connection, and nothing else', async (t) => {
    const { open, port } = await serve(t, listenBy())
    const plain = connectPlain(port, '127.0.0.1')
    plain.on('error', () => undefined)
    plain.write('x'.repeat(2000))
    plain.resume()
    await closing(plain)
    assert.deepEqual(await exchange(open(), 'q'), ['q'])
  })
})

suite('client certificates', () => {
  const wanted: Readonly<Record<ClientAuth, string>> = {
    none: 'nobody good bad',
    request: 'nobody good bad',
    'require any': 'good bad',
    'verify if given': 'nobody good',
    'require and verify': 'good',
  }
  const clients: Readonly<Record<string, ConnectionOptions>> = {
    nobody: {},
    good: { cert: good.certificate, key: good.key },
    bad: { cert: bad.certificate, key: bad.key },
  }
  for (const [policy, admitted] of Object.entries(wanted)) {
    test(policy, async (t) => {
      const { open } = await serve(t, listenBy({ clientAuth: policy as ClientAuth }))
      const served: string[] = []
      for (const [name, options] of Object.entries(clients)) {
        for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
          const [reply] = await exchange(open({ ...options, maxVersion }), 'q')
          if (reply === 'q') served.push(name)
        }
      }
      assert.deepEqual(
        served,
        admitted.split(' ').flatMap((name) => [name, name]),
      )
    })
  }
})

test('another certificate is for new connections, and open ones stay', async (t) => {
  const { listener, open } = await serve(t, listenBy())
  const shown = (socket: TLSSocket) => socket.getPeerX509Certificate()?.toString()
  const old = open()
  assert.deepEqual(await exchange(old, 'a'), ['a'])
  await listener.secure(listenBy({}, second))
  const next = open()
  assert.deepEqual(await exchange(next, 'b'), ['b'])
  assert.deepEqual(await exchange(old, 'c'), ['c'])
  assert.deepEqual([shown(old), shown(next)], [first.certificate, second.certificate])
})

test('questions in flight are answered before the end', async (t) => {
  const asked = Promise.withResolvers<void>()
  const { listener, open } = await serve(
    t,
    listenBy(),
    answerOf(async (message) => {
      asked.resolve()
      await later(50)
      return message
    }),
  )
  const reply = exchange(open(), 'q')
  await asked.promise
  await listener.drain(60_000)
  assert.deepEqual(await reply, ['q'])
})

suite('limits', () => {
  test('a connection without traffic is closed', async (t) => {
    const { open } = await serve(t, listenBy(), echo, { idle: 100 })
    const socket = open()
    socket.resume()
    await closing(socket)
  })

  test('half a question is not waited for', async (t) => {
    const { open } = await serve(t, listenBy(), echo, { frame: 100 })
    const socket = open()
    socket.write(Buffer.from([0, 9, 1]))
    socket.resume()
    await closing(socket)
  })

  test('who takes nothing of what it asked for is not answered further', async (t) => {
    let answered = 0
    const big = Buffer.alloc(60_000)
    const reply = answerOf(() => {
      answered++
      return big
    })
    const { open } = await serve(t, listenBy(), reply, { write: 300, unread: 100_000 })
    const socket = open()
    await once(socket, 'secureConnect')
    socket.pause()
    socket.write(Buffer.concat(Array.from({ length: 5000 }, () => frame('q'))))
    await later(300)
    assert.ok(answered < 5000, `${answered} answers were made for a client that reads none`)
    await later(500)
    socket.resume()
    await closing(socket)
  })

  test('who never agrees on keys does not take all connections', async (t) => {
    const { listener, open, port } = await serve(t, listenBy(), echo, { connections: 9 })
    const silent = Array.from({ length: 9 }, () => connectPlain(port, '127.0.0.1'))
    const closed = silent.map((socket) => closing(socket.on('error', () => undefined).resume()))
    await Promise.race(closed)
    const count = () => new Promise<number>((resolve) => listener.getConnections((_error, many) => resolve(many)))
    assert.equal(await count(), 8)
    for (const socket of silent) socket.destroy()
    while ((await count()) > 0) await later(5)
    assert.deepEqual(await exchange(open(), 'a'), ['a'])
  })

  test('connections beyond the limit are closed at once', async (t) => {
    const { open } = await serve(t, listenBy(), echo, { connections: 1 })
    assert.deepEqual(await exchange(open(), 'a'), ['a'])
    assert.deepEqual(await exchange(open(), 'b'), [])
  })
})

test('keys of connections are written down where that is wanted', async (t) => {
  const keyLog = join(folderFor(t), 'keys')
  const { open } = await serve(t, listenBy({ keyLog }))
  assert.deepEqual(await exchange(open(), 'a'), ['a'])
  while (!existsSync(keyLog) || !readFileSync(keyLog, 'utf8').includes('CLIENT_TRAFFIC_SECRET_0 ')) await later(10)
})

test('a certificate that can not be used is an error, and the one shown stays', async (t) => {
  const { listener, open } = await serve(t, listenBy())
  await assert.rejects(listener.secure(listenBy({ cert: authority.certificate })))
  assert.deepEqual(await exchange(open(), 'a'), ['a'])
})
