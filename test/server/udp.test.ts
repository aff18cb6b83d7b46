import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, isIPv6 } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Client } from '../../src/dns/query.ts'
import { logTo } from '../../src/log.ts'
import type { Answer } from '../../src/server/answer.ts'
import { addressAt, encodeSocketAddress, portAt, socketAddressLength } from '../../src/server/datagrams.ts'
import { libc } from '../../src/server/libc.ts'
import { UdpListener } from '../../src/server/udp.ts'
import { samplesOf } from '../samples.ts'

async function serve(t: TestContext, answer: Answer, address = '127.0.0.1') {
  const place = { address, port: 0, server: `dns://${address}:0`, reusePort: true, covered: false }
  const lines: string[] = []
  const listener = new UdpListener(
    place,
    answer,
    logTo((line) => lines.push(line)),
  )
  await listener.open()
  let drained = false
  const drain = async (deadline: number) => {
    if (!drained) await listener.drain(deadline)
    drained = true
  }
  t.after(() => drain(0))
  return { listener, lines, drain, port: (listener.address() as AddressInfo).port, address }
}

/** A client's socket that collects what it gets. */
async function client(t: TestContext, { port, address }: { readonly port: number; readonly address: string }) {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  socket.connect(port, address)
  await once(socket, 'connect')
  socket.setRecvBufferSize(4 << 20)
  t.after(() => socket.close())
  const got: string[] = []
  let arrived = () => {}
  socket.on('message', (message: Buffer) => {
    got.push(message.toString('latin1'))
    arrived()
  })
  return {
    socket,
    got,
    /** Resolves when so many are there. */
    async received(count: number): Promise<void> {
      while (got.length < count) {
        await new Promise<void>((resolve) => {
          arrived = resolve
        })
      }
    },
  }
}

const copy = (message: Buffer, size: number) => Buffer.from(message.subarray(0, size))
const echo: Answer = (message, size, _client, into) => message.copy(into, 0, 0, size)
const later: Answer = async (message, size) => {
  const octets = copy(message, size)
  await new Promise((resolve) => setTimeout(resolve, 1))
  return octets
}

/** A deterministic sequence of numbers under `bound`. */
function* numbers(seed: number, bound: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    yield state % bound
  }
}

// Before others leave addresses in the buffers.
test('sockets of both families take turns with buffers that they share', async (t) => {
  const known = new Set<string>()
  const answer: Answer = (message, size, from, into) => {
    // A reply to what is left of ::1 without its end would come home, too.
    known.add(from.address)
    return echo(message, size, from, into)
  }
  const sides: (Awaited<ReturnType<typeof client>> & { readonly sent: string[] })[] = []
  for (const address of ['127.0.0.1', '::1']) {
    const server = await serve(t, answer, address)
    sides.push({ ...(await client(t, server)), sent: [] })
  }
  const sizes = numbers(4711, 60)
  for (let round = 0; round < 60; round++) {
    const { socket, sent, got, received } = sides[round % 2] as (typeof sides)[number]
    for (let n = 1 + (sizes.next().value as number); n > 0; n--) {
      const text = `${round} ${n}`.padEnd(1 + (sizes.next().value as number), '.')
      sent.push(text)
      socket.send(text)
    }
    await received(sent.length)
    assert.deepEqual(got.toSorted(), sent.toSorted())
  }
  assert.deepEqual([...known], ['127.0.0.1', '::1'])
})

for (const address of ['127.0.0.1', '::1']) {
  test(`bursts of datagrams of all sizes are each answered to who sent them, at once or later, at ${address}`, async (t) => {
    // What C was told the address of must survive every collection.
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    let asked = 0
    const answer: Answer = (message, size, from, into) => {
      if (++asked % 100 === 0) collect()
      return asked % 3 === 0 ? later(message, size, from, into) : echo(message, size, from, into)
    }
    const server = await serve(t, answer, address)
    const clients = [await client(t, server), await client(t, server), await client(t, server)]
    const sizes = numbers(4711, 1400)
    for (let burst = 1; burst <= 20; burst++) {
      for (const { socket } of clients) {
        for (let n = 0; n < 20; n++) {
          const size = 4 + (sizes.next().value as number)
          const octets = Buffer.alloc(size, String.fromCharCode(97 + (size % 26)))
          octets.writeUInt32BE(size)
          socket.send(octets)
        }
      }
      await Promise.all(clients.map(({ received }) => received(burst * 20)))
    }
    for (const { got } of clients) {
      for (const text of got) {
        const octets = Buffer.from(text, 'latin1')
        assert.equal(octets.readUInt32BE(0), octets.length)
        assert.match(text.slice(4), new RegExp(`^${String.fromCharCode(97 + (octets.length % 26))}*$`))
      }
    }
  })
}

test('a client is known by its address and port, by then and later', async (t) => {
  const clients: Client[] = []
  const server = await serve(t, (message, size, from, into) => {
    clients.push(from)
    return clients.length % 2 === 0 ? later(message, size, from, into) : echo(message, size, from, into)
  })
  const { socket, received } = await client(t, server)
  for (let n = 0; n < 40; n++) socket.send(Buffer.from([n]))
  await received(40)
  const { port } = socket.address()
  for (const [index, from] of clients.entries()) {
    // Those answered at once are not asked for their address after that.
    assert.equal(from.port, port)
    if (index % 2 === 1) assert.equal(from.address, '127.0.0.1')
  }
})

test('a datagram from port 0 is not answered, and not even looked at', async (t) => {
  const { listener } = await serve(t, () => assert.fail('asked'))
  listener.handle(Buffer.from('x'), { address: '127.0.0.1', family: 'IPv4', port: 0, size: 1 } as RemoteInfo)
})

test('silence for one is silence for one', async (t) => {
  const server = await serve(t, (message, size, from, into) => (message[0] === 0 ? 0 : echo(message, size, from, into)))
  const { socket, got, received } = await client(t, server)
  for (const octet of [0, 1, 0, 2, 0, 3]) socket.send(Buffer.from([octet]))
  await received(3)
  assert.deepEqual(got, ['\x01', '\x02', '\x03'])
})

test('what was asked before the end is answered', async (t) => {
  const server = await serve(t, later)
  const { socket, received } = await client(t, server)
  for (let n = 0; n < 50; n++) socket.send(Buffer.from([n]))
  await new Promise((resolve) => setImmediate(resolve))
  await server.drain(5000)
  await received(50)
})

test('an address in use, or not of this host, is an error', async (t) => {
  const open = (address: string, port: number) => {
    const place = { address, port, server: 'dns://x', reusePort: false, covered: false }
    const log = logTo(() => undefined)
    return new UdpListener(place, echo, log).open()
  }
  const { port } = await serve(t, echo)
  await assert.rejects(open('127.0.0.1', port), { code: 'EADDRINUSE' })
  await assert.rejects(open('192.0.2.1', 0), { code: 'EADDRNOTAVAIL' })
})

for (const [address, port] of [
  ['127.0.0.1', 53],
  ['10.255.0.1', 65_535],
  ['::1', 53],
  ['2001:db8::1', 1],
] as const) {
  test(`the sockaddr of ${address} port ${port} reads back`, () => {
    const octets = Buffer.concat([Buffer.alloc(3), encodeSocketAddress(address, port)])
    assert.equal(addressAt(octets, 3), address)
    assert.equal(portAt(octets, 3), port)
    assert.equal(socketAddressLength(octets, 3), octets.length - 3)
  })
}

test('an IPv4-mapped sender is its IPv4 address', () => {
  assert.equal(addressAt(encodeSocketAddress('::ffff:10.0.0.1', 53), 0), '10.0.0.1')
})

const batches = libc() !== undefined

test('how datagrams come in is told, and counted by socket', async (t) => {
  const sockets = () =>
    samplesOf('clusterdns_udp_sockets')[`server="dns://127.0.0.1:0",mode="${batches ? 'batch' : 'dgram'}"`]
  const before = sockets() ?? 0
  const { listener, drain } = await serve(t, echo)
  assert.match(
    listener.told,
    batches
      ? /^udp: datagrams by the batch, receive buffers of \d+ KiB/
      : /^udp: datagrams one by one \(dgram\), receive buffers of \d+ KiB/,
  )
  assert.equal(sockets(), before + 1)
  await drain(0)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(sockets(), before)
})

test('of more than there is room for every query is answered or counted', { skip: !batches }, async (t) => {
  let asked = 0
  const { port, lines } = await serve(t, () => {
    asked++
    return 0
  })
  const count = (name: string) => samplesOf(name)['server="dns://127.0.0.1:0"'] ?? 0
  const unanswered = () => count('clusterdns_udp_kernel_drops_total') + count('clusterdns_udp_over_share_total')
  const before = unanswered()
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const drops = () => count('clusterdns_udp_kernel_drops_total')
  let sent = 0
  // The receiver is in this thread and does not come to its turn.
  for (const dropsBefore = drops(); drops() === dropsBefore; ) {
    assert.ok(sent < 1e6)
    for (let n = 0; n < 20_000; n++) socket.send('x')
    sent += 20_000
    while (asked + unanswered() - before < sent) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.equal(asked + unanswered() - before, sent)
  assert.equal(count('clusterdns_udp_overloaded'), 1)
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^\[WARNING\] dns:\/\/127.0.0.1:0 udp: overloaded, /)
})

test('one by one, overload is known by what the kernel drops', { skip: batches }, async (t) => {
  const { port } = await serve(t, echo)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const overloaded = () => samplesOf('clusterdns_udp_overloaded')['server=""'] === 1
  // The receiver is in this thread: it is busy with sending, and then with reading.
  for (let round = 0; round < 100 && !overloaded(); round++) {
    for (let n = 0; n < 20_000; n++) socket.send('x')
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(overloaded())
})
