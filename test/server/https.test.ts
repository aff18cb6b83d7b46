import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { encode } from 'dns-packet'
import type { Client } from '../../src/dns/query.ts'
import { logTo } from '../../src/log.ts'
import type { Answer } from '../../src/server/answer.ts'
import { HttpsListener, httpsLimits, secondsFresh } from '../../src/server/https.ts'
import type { Place } from '../../src/server/listeners.ts'
import { samplesOf } from '../samples.ts'
import { question } from './ask.ts'
import { answerOf, authority, first, good, later, listenBy, placeOf, second, trusting } from './encrypted.ts'

const query = question('example.org')
const get = `/dns-query?dns=${query.toString('base64url')}`
const dnsMessage = 'application/dns-message'

/** A reply to every question, with an address that lives for 30 seconds. */
const answering = answerOf(() => replyWith(30))

function replyWith(ttl: number, more: Parameters<typeof encode>[0] = {}): Buffer {
  const name = 'example.org'
  const answers = [{ type: 'A', name, ttl, data: '192.0.2.1' }] as const
  return encode({ type: 'response', id: 4711, questions: [{ type: 'A', name }], answers: [...answers], ...more })
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

type Ask = (asked: Asked) => Promise<Reply>

async function serve(
  t: TestContext,
  { answer = answering, limits = {}, place = {} }: { answer?: Answer; limits?: object; place?: Partial<Place> } = {},
) {
  const lines: string[] = []
  const listener = new HttpsListener(
    placeOf('https', place),
    answer,
    logTo((line) => lines.push(line)),
    { ...httpsLimits, ...limits },
  )
  await listener.open()
  const { port } = listener
  t.after(() => listener.drain(0))
  return { listener, port, lines }
}

/** By HTTP/1.1, in the clear or by TLS, on a connection for this request. */
const overHttp1 =
  (port: number, encrypted: boolean): Ask =>
  ({ method = 'GET', path = get, headers = {}, body }) =>
    new Promise((resolve, reject) => {
      const options = { ...trusting, port, method, path, headers, agent: false }
      const sent = encrypted ? httpsRequest(options) : httpRequest(options)
      sent.on('error', reject)
      sent.on('response', async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
      })
      sent.end(body)
    })

function sessionTo(t: TestContext, port: number, options: object = {}): ClientHttp2Session {
  const session = connectHttp2(`https://localhost:${port}`, { ...trusting, ...options })
  session.on('error', () => undefined)
  t.after(() => session.destroy())
  return session
}

const overHttp2 =
  (session: ClientHttp2Session): Ask =>
  ({ method = 'GET', path = get, headers = {}, body }) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':method': method, ':path': path, ...headers })
      let answered: Record<string, unknown> = {}
      const chunks: Buffer[] = []
      stream.on('response', (got) => {
        answered = got
      })
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('error', reject)
      stream.on('close', () => {
        const status = Number(answered[':status'] ?? 0)
        if (status === 0) reject(new Error('no response'))
        else resolve({ status, headers: answered, body: Buffer.concat(chunks) })
      })
      stream.end(body)
    })

const ways: Readonly<Record<string, (t: TestContext, options?: Parameters<typeof serve>[1]) => Promise<Ask>>> = {
  'HTTP/2': async (t, options) => {
    const { port } = await serve(t, { ...options, place: { tls: listenBy() } })
    return overHttp2(sessionTo(t, port))
  },
  'HTTP/1.1': async (t, options) => {
    const { port } = await serve(t, { ...options, place: { tls: listenBy() } })
    return overHttp1(port, true)
  },
  'HTTP/1.1 in the clear': async (t, options) => {
    const { port } = await serve(t, options)
    return overHttp1(port, false)
  },
}

const post = (body: Buffer, contentType: string = dnsMessage): Asked => ({
  method: 'POST',
  path: '/dns-query',
  body,
  headers: contentType === '' ? {} : { 'content-type': contentType },
})
const badEdns = question('example.org', {
  additionals: [
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 1232,
      extendedRcode: 0,
      ednsVersion: 1,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ],
})

const cases: readonly (readonly [title: string, asked: Asked, status: number])[] = [
  ['GET', {}, 200],
  ['GET with other parameters', { path: `${get}&x=y` }, 200],
  ['POST', post(query), 200],
  ['POST with a parameter of the type', post(query, `${dnsMessage}; charset=x`), 200],
  ['POST without a type', post(query, ''), 200],
  ['POST with octets after the message', post(Buffer.concat([query, Buffer.alloc(100)])), 200],
  ['a version of EDNS that is to come', post(badEdns), 200],
  ['another path', { path: `/resolve?dns=${query.toString('base64url')}` }, 404],
  ['a path below', { path: '/dns-query/x' }, 404],
  ['POST to another path', { ...post(query), path: '/' }, 404],
  ['PUT', { ...post(query), method: 'PUT' }, 405],
  ['HEAD', { method: 'HEAD' }, 405],
  ['DELETE', { method: 'DELETE' }, 405],
  ['another type', post(query, 'application/json'), 415],
  ['a type that begins alike', post(query, `${dnsMessage}s`), 415],
  ['GET without a question', { path: '/dns-query' }, 400],
  ['GET with an empty question', { path: '/dns-query?dns=' }, 400],
  ['GET with two questions', { path: `${get}&dns=x` }, 400],
  ['GET with padding', { path: `${get}=` }, 400],
  ['GET with letters of plain base64', { path: '/dns-query?dns=AAAB+AAA/AAA' }, 400],
  ['GET with a letter too many', { path: '/dns-query?dns=AAABA' }, 400],
  ['GET with percent signs of nothing', { path: '/dns-query?dns=%zz%' }, 400],
  ['POST of nothing', post(Buffer.alloc(0)), 400],
  ['POST of half a header', post(query.subarray(0, 6)), 400],
  ['POST of a reply', post(replyWith(1)), 400],
  [
    'POST of two questions',
    post(
      question('a', {
        questions: [
          { type: 'A', name: 'a' },
          { type: 'A', name: 'b' },
        ],
      }),
    ),
    400,
  ],
  ['POST of an update', post(Buffer.from([0, 1, 0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1])), 400],
  ['POST of half a question', post(query.subarray(0, 20)), 400],
  ['POST of the largest message', post(Buffer.concat([query, Buffer.alloc(65_535 - query.length)])), 200],
  ['POST of more', post(Buffer.concat([query, Buffer.alloc(65_536 - query.length)])), 413],
]

for (const [way, connectBy] of Object.entries(ways)) {
  suite(way, () => {
    for (const [title, asked, status] of cases) {
      test(title, async (t) => {
        const ask = await connectBy(t)
        const reply = await ask(asked)
        assert.equal(reply.status, status, reply.body.toString())
        if (status === 405) assert.equal(reply.headers.allow, 'GET, POST')
        if (status !== 200) return
        assert.deepEqual(reply.body, replyWith(30))
        assert.equal(reply.headers['content-type'], dnsMessage)
        assert.equal(reply.headers['cache-control'], 'max-age=30')
        assert.equal(reply.headers['content-length'], String(reply.body.length))
      })
    }

    test('a body that is sent without its length, and does not end', async (t) => {
      const ask = await connectBy(t)
      const more = { 'content-type': dnsMessage, ...(way === 'HTTP/2' ? {} : { 'transfer-encoding': 'chunked' }) }
      const { status } = await ask({ ...post(Buffer.alloc(300_000)), headers: more }).catch(() => ({ status: 413 }))
      assert.equal(status, 413)
    })

    test('a question that nobody may know the answer to', async (t) => {
      const ask = await connectBy(t, { answer: () => 0 })
      assert.equal((await ask({})).status, 500)
    })

    test('an answer that must be waited for', async (t) => {
      const answer = answerOf(async () => {
        await later(20)
        return replyWith(0)
      })
      const ask = await connectBy(t, { answer })
      const { status, headers } = await ask({})
      assert.deepEqual([status, headers['cache-control']], [200, 'max-age=0'])
    })

    test('who asks', async (t) => {
      const clients: Client[] = []
      const ask = await connectBy(t, {
        answer: (_message, _size, client, into) => {
          clients.push(client)
          return replyWith(1).copy(into)
        },
      })
      await ask(post(query))
      const [client] = clients
      assert.notEqual(client?.port, 0)
      assert.deepEqual(
        { ...client, port: 1 },
        {
          address: '127.0.0.1',
          port: 1,
          localAddress: '127.0.0.1',
          localPort: 0,
          transport: 'https',
          server: 'https://127.0.0.1:0',
        },
      )
    })
  })
}

test('a place that is another IP version', async (t) => {
  const { port } = await serve(t, { place: { address: '::1' } }).catch(() => ({ port: 0 }))
  if (port === 0) return t.skip('no IPv6 here')
  const reply = await new Promise<number>((resolve, reject) => {
    httpRequest({ host: '::1', port, path: get, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
  assert.equal(reply, 200)
})

suite('how long replies may be kept', () => {
  const soa = { mname: 'ns', rname: 'h', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 7 }
  const negative = (ttl: number, flags = 0) =>
    replyWith(0, { flags, answers: [], authorities: [{ type: 'SOA', name: 'org', ttl, data: soa }] })
  const other = [{ type: 'A', name: 'ns', ttl: 20, data: '192.0.2.2' }] as const
  const expected: readonly (readonly [string, Buffer, number])[] = [
    ['its TTL', replyWith(30), 30],
    ['not at all', replyWith(0), 0],
    ['the smallest TTL of all sections', replyWith(30, { additionals: [...other] }), 20],
    ['an hour at most', replyWith(86_400), 3600],
    ['a negative one as its SOA says', negative(60), 7],
    ['a negative one no longer than its SOA lives', negative(5, 3), 5],
    ['without records', replyWith(0, { answers: [] }), 5],
    ['an error', replyWith(0, { flags: 2, answers: [] }), 5],
  ]
  for (const [title, reply, seconds] of expected) test(title, () => assert.equal(secondsFresh(reply), seconds))
})

test('responses are counted by their status', async (t) => {
  const { port } = await serve(t, { place: { server: 'https://counted:1' } })
  const ask = overHttp1(port, false)
  for (const asked of [{}, {}, { path: '/' }]) await ask(asked)
  const counted = Object.entries(samplesOf('coredns_dns_https_responses_total'))
  assert.deepEqual(
    counted.filter(([labels]) => labels.includes('https://counted:1')),
    [
      ['server="https://counted:1",status="200"', 2],
      ['server="https://counted:1",status="404"', 1],
    ],
  )
})

suite('certificates', () => {
  test('another one is for new connections, and open ones stay', async (t) => {
    const { listener, port } = await serve(t, { place: { tls: listenBy() } })
    const shown = (session: ClientHttp2Session) =>
      (session.socket as unknown as { getPeerX509Certificate(): object }).getPeerX509Certificate().toString()
    const old = sessionTo(t, port)
    assert.equal((await overHttp2(old)({})).status, 200)
    await listener.secure(listenBy({}, second))
    const next = sessionTo(t, port)
    assert.equal((await overHttp2(next)({})).status, 200)
    assert.equal((await overHttp2(old)({})).status, 200)
    assert.deepEqual([shown(old), shown(next)], [first.certificate, second.certificate])
  })

  test('of clients: who shows none is not answered', async (t) => {
    let answered = 0
    const answer = answerOf(() => {
      answered++
      return replyWith(1)
    })
    const { port } = await serve(t, { answer, place: { tls: listenBy({ clientAuth: 'require any' }) } })
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
      await assert.rejects(overHttp2(sessionTo(t, port, { maxVersion }))({}))
    }
    assert.equal(answered, 0)
    const known = { cert: good.certificate, key: good.key }
    assert.equal((await overHttp2(sessionTo(t, port, known))({})).status, 200)
    assert.equal(answered, 1)
  })
})

/** Resolves when the socket is closed, by a reset too. */
const closing = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

function raw(t: TestContext, port: number, text = ''): Socket {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.write(text)
  return socket
}

async function told(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await closing(socket)
  return Buffer.concat(chunks).toString('latin1')
}

suite('limits', () => {
  const half: Readonly<Record<string, string>> = {
    nothing: '',
    'half a header': 'GET /dns-query HTTP/1.1\r\nHost: x',
    'half a body': `POST /dns-query HTTP/1.1\r\nHost: x\r\nContent-Type: ${dnsMessage}\r\nContent-Length: 50\r\n\r\nx`,
  }
  for (const [title, text] of Object.entries(half)) {
    test(`a connection on which ${title} was sent is closed in time`, async (t) => {
      const { port } = await serve(t, { limits: { frame: 200, idle: 200 } })
      assert.match(await told(raw(t, port, text)), /^$|^HTTP\/1.1 408 /)
    })
  }

  test('a request that comes octet by octet is not waited for', async (t) => {
    const { port } = await serve(t, { limits: { frame: 300, idle: 300 } })
    const socket = raw(t, port, 'GET /dns-query HTTP/1.1\r\n')
    const timer = setInterval(() => socket.write('x'), 20)
    t.after(() => clearInterval(timer))
    assert.match(await told(socket), /^$|^HTTP\/1.1 408 /)
  })

  test('headers have an end', async (t) => {
    const { port } = await serve(t, { limits: { headers: 2000 } })
    const text = await told(raw(t, port, `GET /dns-query?dns=${'A'.repeat(5000)} HTTP/1.1\r\nHost: x\r\n\r\n`))
    assert.match(text, /^HTTP\/1.1 431 /)
  })

  test('a body over HTTP/2 that does not come is not waited for', async (t) => {
    const { port } = await serve(t, { limits: { frame: 100 }, place: { tls: listenBy() } })
    const session = sessionTo(t, port)
    const stream = session.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': dnsMessage })
    stream.write('x')
    stream.on('error', () => undefined)
    const status = await new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])))
    assert.equal(status, 408)
    assert.equal((await overHttp2(session)({})).status, 200)
  })

  test('bodies of all connections together have an end', async (t) => {
    const { port } = await serve(t, { limits: { buffered: 1000 } })
    assert.equal((await overHttp1(port, false)(post(Buffer.concat([query, Buffer.alloc(2000)])))).status, 503)
    assert.equal((await overHttp1(port, false)(post(query))).status, 200)
  })

  test('streams of one connection beyond the limit are refused', async (t) => {
    let most = 0
    let now = 0
    const answer = answerOf(async () => {
      most = Math.max(most, ++now)
      await later(20)
      now--
      return replyWith(1)
    })
    const { port } = await serve(t, { answer, limits: { inFlight: 5 }, place: { tls: listenBy() } })
    const ask = overHttp2(sessionTo(t, port))
    await ask({})
    await Promise.allSettled(Array.from({ length: 40 }, () => ask({})))
    assert.ok(most <= 5, `${most} at a time`)
  })

  test('pipelined requests beyond the limit are refused', async (t) => {
    const answer = answerOf(async () => {
      await later(100)
      return replyWith(1)
    })
    const { port } = await serve(t, { answer, limits: { inFlight: 5 } })
    const one = `GET ${get} HTTP/1.1\r\nHost: x\r\n\r\n`
    const text = await told(raw(t, port, one.repeat(20).replace(/\r\n\r\n$/, '\r\nConnection: close\r\n\r\n')))
    const statuses = [...text.matchAll(/HTTP\/1.1 (\d+)/g)].map((match) => match[1])
    assert.deepEqual([statuses.filter((status) => status === '200').length, statuses.length], [5, 20])
  })

  test('one client does not take all connections', async (t) => {
    const { port } = await serve(t, { place: { https: { connections: 9 } } })
    const sockets = Array.from({ length: 9 }, () => raw(t, port, 'GET / HTTP/1.1\r\n'))
    assert.equal(await Promise.race(sockets.map(told)), '')
    for (const socket of sockets) socket.destroy()
    await later(50)
    assert.equal((await overHttp1(port, false)({})).status, 200)
  })

  test('connections beyond the limit are closed at once', async (t) => {
    const { port } = await serve(t, { place: { https: { connections: 1 } } })
    const socket = raw(t, port, 'GET / HTTP/1.1\r\n')
    await later(50)
    assert.equal(await told(raw(t, port)), '')
    socket.destroy()
  })

  test('a session without requests is ended', async (t) => {
    const { port } = await serve(t, { limits: { idle: 100 }, place: { tls: listenBy() } })
    const session = sessionTo(t, port)
    await overHttp2(session)({})
    await new Promise((resolve) => session.once('close', resolve))
  })
})

suite('the end', () => {
  const slow = () => {
    const asked = Promise.withResolvers<void>()
    const answer = answerOf(async () => {
      asked.resolve()
      await later(50)
      return replyWith(1)
    })
    return { asked: asked.promise, answer }
  }
  test('comes after the requests in flight over HTTP/2', async (t) => {
    const { asked, answer } = slow()
    const { listener, port } = await serve(t, { answer, place: { tls: listenBy() } })
    const reply = overHttp2(sessionTo(t, port))({})
    await asked
    await listener.drain(60_000)
    assert.equal((await reply).status, 200)
  })
  test('comes after the requests in flight over HTTP/1.1, which are the last of their connection', async (t) => {
    const { asked, answer } = slow()
    const { listener, port } = await serve(t, { answer })
    const reply = told(raw(t, port, `GET ${get} HTTP/1.1\r\nHost: x\r\n\r\n`))
    await asked
    await listener.drain(60_000)
    assert.match(await reply, /^HTTP\/1.1 200 OK\r\n[\s\S]*Connection: close\r\n/)
  })
  test('does not wait for those who say nothing', async (t) => {
    const { listener, port } = await serve(t, { place: { tls: listenBy() } })
    const silent = raw(t, port)
    const idle = connectTls({ ...trusting, port, ca: authority.certificate })
    idle.on('error', () => undefined)
    await new Promise((resolve) => idle.once('secureConnect', resolve))
    await listener.drain(50)
    await Promise.all([closing(silent), closing(idle)])
  })
})
