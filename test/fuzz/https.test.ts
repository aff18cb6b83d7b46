// Requests as no client should make them: the listener answers or closes, in time, and goes on.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { decode, encode } from 'dns-packet'
import * as fc from 'fast-check'
import { decodeQuery } from '../../src/dns/decode.ts'
import { encodeReply } from '../../src/dns/encode.ts'
import { errorReply } from '../../src/dns/reply.ts'
import { logTo } from '../../src/log.ts'
import { HttpsListener, httpsLimits } from '../../src/server/https.ts'
import { listenBy, placeOf, trusting } from '../server/encrypted.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 300)
const errors: string[] = []
const log = logTo((line) => errors.push(line))
/** Reads what it is given, as the server does, and refuses it. */
const answer = (message: Buffer, size: number, client: Parameters<typeof decodeQuery>[1], into: Buffer) =>
  encodeReply(decodeQuery(message, client, size), errorReply(5), into)
const limits = { ...httpsLimits, frame: 100, idle: 300, write: 300 }
const plain = new HttpsListener(placeOf('https'), answer, log, limits)
const secure = new HttpsListener(placeOf('https', { tls: listenBy() }), answer, log, limits)

before(() => Promise.all([plain.open(), secure.open()]))
after(async () => {
  await Promise.all([plain.drain(0), secure.drain(0)])
  assert.deepEqual(errors, [])
})

const good = encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'a.example' }] })

/** Resolves to status and body of a request over HTTP/1.1. */
function ask(method: string, path: string, headers: Record<string, string>, body: Buffer): Promise<[number, Buffer]> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: plain.port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve([response.statusCode ?? 0, Buffer.concat(chunks)]))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function stillAnswers(): Promise<void> {
  const [status, body] = await ask('POST', '/dns-query', { 'content-type': 'application/dns-message' }, good)
  assert.equal(status, 200)
  assert.equal(decode(body).id, 7)
}

/** Good messages with octets changed, and random ones. */
const message = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 5 }).map((changes) => {
    const copy = Buffer.from(good)
    for (const [at, octet] of changes) copy[at] = octet
    return copy
  }),
)

suite('HTTP', () => {
  test('messages of any octets', async () => {
    await fc.assert(
      fc.asyncProperty(message, fc.boolean(), async (octets, get) => {
        const text = Buffer.from(octets)
        const [status, body] = get
          ? await ask('GET', `/dns-query?dns=${text.toString('base64url')}`, {}, Buffer.alloc(0))
          : await ask('POST', '/dns-query', { 'content-type': 'application/dns-message' }, text)
        assert(status === 200 || status === 400, `${status}`)
        if (status === 200) assert.equal(body.readUInt16BE(0), text.readUInt16BE(0))
      }),
      { numRuns: runs },
    )
    await stillAnswers()
  })

  test('query strings of any kind', async () => {
    const odd = fc.stringMatching(/^[!$%&'()*+,./0-9:;=?@A-Z_a-z|~-]{0,300}$/)
    await fc.assert(
      fc.asyncProperty(odd, async (text) => {
        const [status] = await ask('GET', `/dns-query?${text}`, {}, Buffer.alloc(0))
        assert.equal(status, 400)
      }),
      { numRuns: runs },
    )
    await stillAnswers()
  })

  test('octets that are no HTTP', async () => {
    const start = fc.constantFrom(
      '',
      'GET /dns-query?dns=',
      'POST /dns-query HTTP/1.1\r\nHost: x\r\nContent-Length: ',
      'PRI * HTTP/2.0\r\n\r\n',
    )
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 2000 }), async (head, octets) => {
        const socket = connect(plain.port, '127.0.0.1')
        socket.on('error', () => undefined)
        socket.resume()
        const closed = new Promise((resolve) => socket.once('close', resolve))
        socket.end(Buffer.concat([Buffer.from(head), octets]))
        await closed
      }),
      { numRuns: runs / 3 },
    )
    await stillAnswers()
  })
})

suite('HTTP/2', () => {
  test('streams that are reset, never end, or say too much', async () => {
    const session = connectHttp2(`https://localhost:${secure.port}`, trusting)
    session.on('error', () => undefined)
    const body = fc.oneof(
      fc.constant(good),
      message.map((octets) => Buffer.from(octets)),
      fc.constant(Buffer.alloc(80_000)),
    )
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom('end', 'reset', 'half'), async (octets, finish) => {
        const own =
          session.closed || session.destroyed ? connectHttp2(`https://localhost:${secure.port}`, trusting) : session
        own.on('error', () => undefined)
        const stream = own.request({
          ':method': 'POST',
          ':path': '/dns-query',
          'content-type': 'application/dns-message',
        })
        stream.on('error', () => undefined)
        stream.resume()
        const closed = new Promise((resolve) => stream.once('close', resolve))
        stream.write(octets)
        if (finish === 'end') stream.end()
        if (finish === 'reset') stream.close(8)
        // What isn't ended is answered with 408, if not before.
        await closed
        if (own !== session) own.destroy()
      }),
      { numRuns: 30 },
    )
    session.destroy()
    await stillAnswers()
  })
})
