import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { logTo } from '../../src/log.ts'
import type { Maybe } from '../../src/maybe.ts'
import type { Answer, Answered } from '../../src/server/answer.ts'
import { type TcpLimits, TcpListener, tcpLimits } from '../../src/server/tcp.ts'

const frame = (text: string) => Buffer.concat([Buffer.from([text.length >> 8, text.length & 255]), Buffer.from(text)])

type Reply = (message: Buffer) => Maybe<Answered>

/** As a server gives it: written in place, where it need not be waited for. */
const asAnswer =
  (reply: Reply): Answer =>
  (message, _size, _client, into) => {
    const octets = reply(message)
    if (octets instanceof Promise) return octets
    if (octets === undefined || Buffer.isBuffer(octets)) return octets?.copy(into) ?? 0
    return Promise.resolve(octets)
  }

interface Served {
  readonly listener: TcpListener
  /** From another address of loopback, where one is given. */
  readonly connect: (localAddress?: string) => Promise<Socket>
}

/** A listener whose answers are the test's, with these limits. */
async function serve(t: TestContext, answer: Reply, limits: Partial<TcpLimits> = {}): Promise<Served> {
  const place = { address: '127.0.0.1', port: 0, server: 'dns://127.0.0.1:0', reusePort: false, covered: false }
  const listener = new TcpListener(
    place,
    asAnswer(answer),
    logTo(() => undefined),
    { ...tcpLimits, ...limits },
  )
  await listener.open()
  const sockets: Socket[] = []
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await listener.drain(0)
  })
  return {
    listener,
    connect: async (localAddress) => {
      const { port } = listener.address() as AddressInfo
      const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, ...(localAddress && { localAddress }) })
      sockets.push(socket)
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      return socket
    },
  }
}

/** All messages received until the server closes or `count` are there. */
async function messages(socket: Socket, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const got: string[] = []
  let rest = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    rest = Buffer.concat([rest, chunk as Buffer])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const length = rest.readUInt16BE(0)
      got.push(rest.subarray(2, 2 + length).toString())
      rest = rest.subarray(2 + length)
    }
    if (got.length >= count) break
  }
  assert.equal(rest.length, 0, 'no half message at the end')
  return got
}

/** Resolves when the socket is closed, by a reset too. */
const closing = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve))

const echo: Reply = (message) => message
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('pipelined questions are all answered (RFC 7766 6.2.1.1)', async (t) => {
  const { connect } = await serve(t, echo)
  const socket = await connect()
  socket.write(Buffer.concat(['a', 'bb', 'ccc'].map(frame)))
  assert.deepEqual(await messages(socket, 3), ['a', 'bb', 'ccc'])
})

test('a frame may come octet by octet', async (t) => {
  const { connect } = await serve(t, echo)
  const socket = await connect()
  socket.setNoDelay(true)
  for (const octet of frame('hello')) {
    socket.write(Buffer.from([octet]))
    await later(2)
  }
  assert.deepEqual(await messages(socket, 1), ['hello'])
})

test('a quick answer overtakes a slow one (RFC 7766 6.2.1.1)', async (t) => {
  const { connect } = await serve(t, async (message) => {
    await later(message.toString() === 'slow' ? 60 : 1)
    return message
  })
  const socket = await connect()
  socket.write(Buffer.concat(['slow', 'quick'].map(frame)))
  assert.deepEqual(await messages(socket, 2), ['quick', 'slow'])
})

test('a client that ends its half still gets its replies, then our end', async (t) => {
  const { connect } = await serve(t, async (message) => {
    await later(20)
    return message
  })
  const socket = await connect()
  socket.end(Buffer.concat(['1', '2', '3', '4', '5'].map(frame)))
  assert.deepEqual(await messages(socket), ['1', '2', '3', '4', '5'])
})

test('more questions than may be in flight are read later and none is lost', async (t) => {
  let inFlight = 0
  let most = 0
  const { connect } = await serve(
    t,
    async (message) => {
      most = Math.max(most, ++inFlight)
      await later(1)
      inFlight--
      return message
    },
    { inFlight: 4 },
  )
  const socket = await connect()
  const sent = Array.from({ length: 300 }, (_, index) => `${index}`)
  socket.end(Buffer.concat(sent.map(frame)))
  assert.deepEqual((await messages(socket)).sort(), [...sent].sort())
  assert.equal(most, 4)
})

test('a question that gets no answer holds nothing up', async (t) => {
  const { connect } = await serve(t, (message) => (message.toString() === 'drop' ? undefined : message))
  const socket = await connect()
  socket.end(Buffer.concat(['drop', 'keep', 'drop'].map(frame)))
  assert.deepEqual(await messages(socket), ['keep'])
})

test('a client that reads nothing is not read from, then cut off', async (t) => {
  let answered = 0
  const big = Buffer.alloc(60_000)
  const { connect } = await serve(
    t,
    () => {
      answered++
      return big
    },
    { write: 300, unread: 100_000 },
  )
  const socket = await connect()
  socket.pause()
  const closed = closing(socket)
  socket.write(Buffer.concat(Array.from({ length: 5000 }, () => frame('q'))))
  await later(200)
  assert.ok(answered < 5000, `${answered} answers were made for a client that reads none`)
  socket.on('end', () => socket.end())
  await later(400)
  socket.resume()
  await closed
})

for (const [title, octets] of [
  ['nothing', []],
  ['half a length', [0]],
  ['half a message', [0, 5, 1]],
] as const) {
  test(`a connection on which ${title} was sent is closed in time`, async (t) => {
    const { connect } = await serve(t, echo, { idle: 150, frame: 100, goodbye: 50 })
    const socket = await connect()
    socket.write(Buffer.from(octets))
    assert.deepEqual(await messages(socket).catch(() => []), [])
  })
}

test('trickling octets does not keep a frame open (slow loris)', async (t) => {
  const { connect } = await serve(t, echo, { idle: 10_000, frame: 150 })
  const socket = await connect()
  socket.write(Buffer.from([0, 200]))
  const trickle = setInterval(() => socket.write('x'), 20)
  t.after(() => clearInterval(trickle))
  socket.resume()
  socket.on('end', () => socket.end())
  await closing(socket)
})

test('a client that ignores our end is cut off', async (t) => {
  const { connect } = await serve(t, echo, { idle: 100, goodbye: 100 })
  const socket = await connect()
  // It never ends its half and goes on sending, until it meets the server's reset.
  const chatter = setInterval(() => socket.write(frame('x')), 150)
  t.after(() => clearInterval(chatter))
  socket.resume()
  await closing(socket)
})

test('connections beyond the limit are closed at once', async (t) => {
  const { connect } = await serve(t, echo, { connections: 2 })
  const [first, second, third] = [await connect(), await connect(), await connect()]
  assert.deepEqual(await messages(third).catch(() => []), [])
  for (const socket of [first, second]) {
    socket.write(frame('still here'))
    assert.deepEqual(await messages(socket, 1), ['still here'])
  }
})

test('one client does not take all connections', { skip: process.platform !== 'linux' }, async (t) => {
  const { connect } = await serve(t, echo, { connections: 18 })
  const noisy: Socket[] = []
  for (let n = 0; n < 17; n++) noisy.push(await connect())
  const other = await connect('127.0.0.2')
  assert.deepEqual(await messages(noisy[16] as Socket).catch(() => []), [])
  for (const socket of [noisy[15] as Socket, other]) {
    socket.write(frame('still here'))
    assert.deepEqual(await messages(socket, 1), ['still here'])
  }
  // What was left is there again.
  noisy[0]?.destroy()
  await later(20)
  const next = await connect()
  next.write(frame('next'))
  assert.deepEqual(await messages(next, 1), ['next'])
})

test('clients that read nothing do not pile up replies together', async (t) => {
  const size = 60_000
  const reply = Buffer.alloc(size)
  const count = 20
  /** How many replies are made for clients that take none. */
  const answeredWith = async (limits: Partial<TcpLimits>) => {
    let answered = 0
    const { connect } = await serve(
      t,
      () => {
        answered++
        return reply
      },
      { write: 60_000, ...limits },
    )
    for (let n = 0; n < count; n++) {
      const socket = await connect()
      socket.pause()
      socket.write(Buffer.concat(Array.from({ length: 500 }, () => frame('q'))))
    }
    // Until nothing more comes.
    for (let before = -1; before !== answered; ) {
      before = answered
      await later(100)
    }
    return answered
  }
  // What the system takes for itself, and a reply each.
  const least = await answeredWith({ unread: 0 })
  const alone = await answeredWith({ unread: 50 * size, allUnread: Number.POSITIVE_INFINITY })
  const together = await answeredWith({ unread: 50 * size, allUnread: 10 * size })
  assert.ok(alone > least + 30 * count, `${alone}, ${least}`)
  assert.ok(together < least + 10 * count, `${together}, ${least}`)
})

test('draining answers what was asked and closes', async (t) => {
  const { listener, connect } = await serve(t, async (message) => {
    await later(50)
    return message
  })
  const socket = await connect()
  const got = messages(socket)
  socket.write(frame('asked before'))
  await later(20)
  const drained = listener.drain(5000)
  socket.on('end', () => socket.end())
  assert.deepEqual(await got, ['asked before'])
  await drained
})

test('a connection ends after the last query it may have, with all replies', async (t) => {
  const waiting = Promise.withResolvers<Buffer>()
  const { connect, listener } = await serve(t, (message) => (message.toString() === 'a' ? waiting.promise : message))
  const before = await connect()
  before.write(frame('b'))
  assert.deepEqual(await messages(before, 1), ['b'])
  listener.allow({ queries: 2 })
  const socket = await connect()
  socket.write(Buffer.concat(['a', 'b', 'c'].map(frame)))
  assert.deepEqual(await messages(socket, 1), ['b'])
  waiting.resolve(Buffer.from('a'))
  assert.deepEqual(await messages(socket), ['a'])
  // Those that were open have what they had.
  before.write(Buffer.concat(['c', 'd', 'e'].map(frame)))
  assert.deepEqual(await messages(before, 3), ['c', 'd', 'e'])
  // Without an allowance there is no limit again.
  listener.allow()
  const after = await connect()
  after.write(Buffer.concat(['c', 'd', 'e'].map(frame)))
  assert.deepEqual(await messages(after, 3), ['c', 'd', 'e'])
})

/** A transfer of so many messages, and how many of them were asked for. */
function counting(count: number, size = 1) {
  const made = { count: 0 }
  function* make(): Generator<Buffer> {
    for (; made.count < count; made.count++) yield Buffer.alloc(size, `${made.count % 10}`)
  }
  return { made, messages: make() }
}

test('the messages of a transfer come in their order, with other replies in between', async (t) => {
  const { connect } = await serve(t, (message) => (message.toString() === 'zone' ? counting(50).messages : message))
  const socket = await connect()
  socket.end(Buffer.concat(['zone', 'a', 'zone', 'b'].map(frame)))
  const got = await messages(socket)
  const digits = (text: string) => text.replace(/[^0-9]/g, '')
  assert.equal(got.length, 102)
  assert.deepEqual(
    got.filter((message) => digits(message) === ''),
    ['a', 'b'],
  )
  assert.ok(got.indexOf('b') < 50, 'a question waits for a transfer')
  const both = digits(got.join(''))
  for (const digit of '0123456789') assert.equal(both.split(digit).length - 1, 10)
})

test('of several transfers the next is begun when the one before is done', async (t) => {
  const zones = [counting(20), counting(20)]
  const first = zones[0]
  const waiting = [...zones]
  const seen: number[] = []
  const { connect } = await serve(t, () => {
    const zone = waiting.shift()
    if (zone !== zones[1]) return zone?.messages
    function* watched(): Generator<Buffer> {
      seen.push(first?.made.count ?? 0)
      yield* zones[1]?.messages ?? []
    }
    return watched()
  })
  const socket = await connect()
  socket.end(Buffer.concat(['one', 'two'].map(frame)))
  assert.equal((await messages(socket)).length, 40)
  assert.deepEqual(seen, [20])
})

test('no more of a transfer is made than the client takes', async (t) => {
  const { made, messages: zone } = counting(2000, 60_000)
  const { connect } = await serve(t, () => zone)
  const socket = await connect()
  socket.pause()
  socket.write(frame('zone'))
  await later(200)
  assert.ok(made.count > 0 && made.count < 1500, `${made.count} messages for a client that reads none`)
  const got = await messages(socket, 2000)
  assert.equal(got.length, 2000)
  socket.destroy()
})

test('a client that takes nothing of a transfer is cut off, and one that goes away is forgotten', async (t) => {
  const first = counting(5000, 60_000)
  const second = counting(5000, 60_000)
  const zones = [first.messages, second.messages]
  const { connect } = await serve(t, () => zones.shift(), { write: 200 })
  const stuck = await connect()
  stuck.pause()
  stuck.write(frame('zone'))
  const gone = await connect()
  gone.pause()
  gone.write(frame('zone'))
  await later(100)
  gone.destroy()
  await later(700)
  const { count } = first.made
  await later(100)
  assert.equal(first.made.count, count)
  // Both were left before their end.
  for (const { made, messages: zone } of [first, second]) {
    assert.ok(made.count < 5000)
    assert.deepEqual(zone.next(), { value: undefined, done: true })
  }
})

test('a transfer that breaks off takes the connection along', async (t) => {
  const { connect } = await serve(t, () => broken())
  function* broken(): Generator<Buffer> {
    yield Buffer.from('first')
    throw new Error('no more')
  }
  const socket = await connect()
  socket.write(frame('zone'))
  assert.deepEqual(await messages(socket), ['first'])
})
