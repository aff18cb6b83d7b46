// The client of `explain` against servers that lie, truncate and break off.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { decode, encode, type Answer as Record } from 'dns-packet'
import { Rcode, Type } from '../../src/dns/codes.ts'
import { parseName, printName } from '../../src/dns/name.ts'
import { askServer, NoReply } from '../../src/explain/ask.ts'

const web = { name: parseName('web.example.'), type: Type.A }
const record = (data: string): Record => ({ type: 'A', name: 'web.example', ttl: 5, data })

interface Sent {
  readonly id?: number
  readonly name?: string
  readonly answers?: readonly Record[]
  readonly truncated?: boolean
  readonly query?: boolean
  readonly garbage?: Buffer
}

function reply(question: Buffer, { id, name, answers = [], truncated, query, garbage }: Sent): Buffer {
  if (garbage !== undefined) return garbage
  const asked = decode(question)
  const questions = name === undefined ? asked.questions : [{ type: 'A', name } as const]
  return encode({
    type: query === true ? 'query' : 'response',
    id: id ?? asked.id ?? 0,
    flags: truncated === true ? 0x200 : 0,
    ...(questions === undefined ? {} : { questions }),
    answers: [...answers],
  })
}

/** A server that sends these by UDP and, framed, those by TCP; resolves to its port. */
async function serve(t: TestContext, byUdp: readonly Sent[], byTcp?: (question: Buffer, socket: Socket) => void) {
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => byTcp?.((chunk as Buffer).subarray(2), socket))
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as { port: number }
  const udp = createSocket('udp4')
  udp.on('message', (question, from) => {
    for (const sent of byUdp) udp.send(reply(question, sent), from.port, from.address)
  })
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  t.after(() => {
    udp.close()
    tcp.close()
  })
  return { address: '127.0.0.1', port }
}

const framed = (message: Buffer) => Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message])
const hasReason = (reason: NoReply['reason']) => (error: unknown) => error instanceof NoReply && error.reason === reason
const quick = { timeoutMs: 300, attempts: 1 }

test('the reply to the question is taken, and others before it are not', async (t) => {
  const others: Sent[] = [
    { id: 0, answers: [record('192.0.2.1')] },
    { name: 'other.example', answers: [record('192.0.2.2')] },
    { query: true, answers: [record('192.0.2.3')] },
    { garbage: Buffer.from('no message') },
    { garbage: Buffer.alloc(0) },
  ]
  const server = await serve(t, [...others, { name: 'WEB.example', answers: [record('192.0.2.9')] }])
  const answer = await askServer(server, web, quick)
  assert.deepEqual(
    answer.records.map(({ owner, text }) => [printName(owner), text]),
    [['web.example.', '192.0.2.9']],
  )
  assert.equal(answer.rcode, Rcode.NOERROR)
  assert.equal(answer.transport, 'udp')
})

test('a truncated reply is asked for again by TCP, a thousand addresses long', async (t) => {
  const addresses = Array.from({ length: 1000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`)
  const server = await serve(t, [{ truncated: true, answers: [record('192.0.2.1')] }], (question, socket) => {
    const message = framed(reply(question, { answers: addresses.map(record) }))
    // In pieces, as TCP may deliver them.
    socket.write(message.subarray(0, 1))
    socket.write(message.subarray(1, 700))
    socket.write(message.subarray(700))
  })
  const answer = await askServer(server, web, { timeoutMs: 5000, attempts: 1 })
  assert.equal(answer.transport, 'tcp')
  assert.deepEqual(
    answer.records.map(({ text }) => text),
    addresses,
  )
})

test('a message by TCP that is too long is not read', async (t) => {
  const server = await serve(t, [{ truncated: true }], (_, socket) => socket.write(Buffer.from([0xff, 0xff, 0])))
  await assert.rejects(askServer(server, web, quick), hasReason('malformed'))
})

test('a connection that ends before the reply does', async (t) => {
  const server = await serve(t, [{ truncated: true }], (_, socket) => socket.end(Buffer.from([0, 100, 1, 2, 3])))
  await assert.rejects(askServer(server, web, quick), hasReason('unreachable'))
})

test('a reply by TCP to another question', async (t) => {
  const server = await serve(t, [{ truncated: true }], (question, socket) =>
    socket.write(framed(reply(question, { name: 'other.example' }))),
  )
  await assert.rejects(askServer(server, web, quick), hasReason('malformed'))
})

test('datagrams over the limit are nobody’s, and then there is silence', async (t) => {
  const answers = Array.from({ length: 400 }, (_, i) => record(`10.1.${i >> 8}.${i & 255}`))
  const server = await serve(t, [{ answers }])
  await assert.rejects(askServer(server, web, quick), hasReason('timeout'))
})

test('silence is asked again', async (t) => {
  const udp = createSocket('udp4')
  let asked = 0
  udp.on('message', (question, from) => {
    if (++asked === 2) udp.send(reply(question, { answers: [record('192.0.2.9')] }), from.port, from.address)
  })
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  t.after(() => udp.close())
  const server = { address: '127.0.0.1', port: udp.address().port }
  const answer = await askServer(server, web, { timeoutMs: 300, attempts: 3 })
  assert.equal(answer.records[0]?.text, '192.0.2.9')
})

test('the network refuses it', { skip: process.platform === 'linux' ? false : 'as Linux does' }, async () => {
  await assert.rejects(askServer({ address: '255.255.255.255', port: 53 }, web, quick), hasReason('unreachable'))
})

test('nobody listens', async () => {
  const udp = createSocket('udp4')
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  const server = { address: '127.0.0.1', port: udp.address().port }
  udp.close()
  await once(udp, 'close')
  await assert.rejects(askServer(server, web, quick), hasReason('unreachable'))
})

for (const [type, data, text] of [
  ['AAAA', '2001:db8::1', '2001:db8::1'],
  ['CNAME', 'a.example', 'a.example.'],
  ['PTR', 'a.example', 'a.example.'],
  ['NS', 'a.example', 'a.example.'],
  ['SRV', { priority: 1, weight: 2, port: 3, target: 'a.example' }, '1 2 3 a.example.'],
  ['MX', { preference: 10, exchange: 'a.example' }, '10 a.example.'],
  ['TXT', ['a b', 'c"d'], '"a b" "c\\"d"'],
  ['HINFO', { cpu: 'c', os: 'o' }, '\\# 4 0163016f'],
] as const) {
  test(`records are told as text: ${type}`, async (t) => {
    const server = await serve(t, [{ answers: [{ type, name: 'web.example', ttl: 5, data } as unknown as Record] }])
    const { records } = await askServer(server, web, quick)
    assert.equal(records[0]?.text, text)
  })
}
