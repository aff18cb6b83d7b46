import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, suite, test } from 'node:test'
import { HttpListener, ListenError, type PageMaker, sharedListener } from '../src/http.ts'

const end = new AbortController()
after(() => end.abort())

const page =
  (body: string): PageMaker =>
  () => ({ status: 200, body })

interface Got {
  readonly status: number | undefined
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

async function get(port: number, path: string, method: string = 'GET'): Promise<Got> {
  const sent = request({ host: '127.0.0.1', port, path, method, agent: false }).end()
  const [response] = await once(sent, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, body, headers: response.headers }
}

suite('pages', () => {
  test('each path has its own, others are not found', async () => {
    const listener = await HttpListener.open('127.0.0.1', 0, end.signal)
    listener.serve('/health', page('OK'), end.signal)
    listener.serve('/metrics', async () => ({ status: 503, body: 'é', contentType: 'text/x' }), end.signal)
    const ok = await get(listener.port, '/health')
    assert.deepEqual([ok.status, ok.body], [200, 'OK'])
    assert.equal(ok.headers['content-type'], 'text/plain; charset=utf-8')
    assert.equal(ok.headers['content-length'], '2')
    const metrics = await get(listener.port, '/metrics?x=1')
    assert.deepEqual([metrics.status, metrics.body, metrics.headers['content-type']], [503, 'é', 'text/x'])
    for (const path of ['/', '/health/', '/Health', '/x']) {
      const { status, body } = await get(listener.port, path)
      assert.deepEqual([path, status, body], [path, 404, '404 page not found\n'])
    }
    // Any method, as in CoreDNS.
    assert.equal((await get(listener.port, '/health', 'POST')).body, 'OK')
    const head = await get(listener.port, '/health', 'HEAD')
    assert.deepEqual([head.status, head.body], [200, ''])
  })

  test('a fault while making one is told', async () => {
    const listener = await HttpListener.open('127.0.0.1', 0, end.signal)
    const broken: PageMaker = async () => {
      throw new Error('out of paper')
    }
    listener.serve('/health', broken, end.signal)
    const { status, body } = await get(listener.port, '/health')
    assert.deepEqual([status, body], [500, 'out of paper\n'])
  })

  test('the last one for a path counts; when it ends, the one before', async () => {
    const listener = await HttpListener.open('127.0.0.1', 0, end.signal)
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()]
    const bodies: string[] = []
    const look = async () => bodies.push((await get(listener.port, '/ready')).body)
    listener.serve('/ready', page('first'), first.signal)
    listener.serve('/ready', page('second'), second.signal)
    await look()
    // As on a reload: the old one ends after the new one has begun.
    first.abort()
    await look()
    listener.serve('/ready', page('third'), third.signal)
    await look()
    // As on a reload that failed.
    third.abort()
    await look()
    second.abort()
    await look()
    listener.serve('/ready', page('too late'), first.signal)
    await look()
    assert.deepEqual(bodies, ['second', 'second', 'third', 'second', '404 page not found\n', '404 page not found\n'])
  })
})

suite('addresses', () => {
  test('all of this host', async () => {
    const listener = await HttpListener.open('', 0, end.signal)
    listener.serve('/', page('here'), end.signal)
    assert.equal((await get(listener.port, '/')).body, 'here')
  })
  test('a name is its IPv4 address, where it has one', async () => {
    const listener = await HttpListener.open('localhost', 0, end.signal)
    listener.serve('/', page('here'), end.signal)
    assert.equal((await get(listener.port, '/')).body, 'here')
  })
  test('one that is taken', async () => {
    const { port } = await HttpListener.open('127.0.0.1', 0, end.signal)
    await assert.rejects(HttpListener.open('127.0.0.1', port, end.signal), (error) => {
      assert(error instanceof ListenError)
      assert.equal(error.message, `listen tcp 127.0.0.1:${port}: bind: address already in use`)
      assert.equal(error.code, 'EADDRINUSE')
      return true
    })
  })
  test('one that is not ours', async () => {
    await assert.rejects(HttpListener.open('2001:db8::1', 80, end.signal), (error) => {
      assert(error instanceof ListenError)
      assert.match(error.message, /^listen tcp \[2001:db8::1\]:80: ./)
      return true
    })
  })
  test('is listened on once, however many share it', async () => {
    const shares = new Map<string, unknown>()
    const share = <T>(key: string, make: (signal: AbortSignal) => T): T => {
      if (!shares.has(key)) shares.set(key, make(end.signal))
      return shares.get(key) as T
    }
    const address = { host: '127.0.0.1', port: 0 }
    const listener = await sharedListener(share, address)
    assert.equal(await sharedListener(share, address), listener)
    assert.notEqual(await sharedListener(share, { host: '', port: 0 }), listener)
  })
})

suite('the end', () => {
  test('idle connections are cut, and nobody is let in', async () => {
    const stop = new AbortController()
    const listener = await HttpListener.open('127.0.0.1', 0, stop.signal)
    listener.serve('/', page('here'), stop.signal)
    const { port } = listener
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'data')
    stop.abort()
    await once(socket, 'end')
    socket.destroy()
    await assert.rejects(get(port, '/'), { code: 'ECONNREFUSED' })
  })

  test('a request that is being answered is answered, and is the last one of its connection', async () => {
    const stop = new AbortController()
    const listener = await HttpListener.open('127.0.0.1', 0, stop.signal)
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const slow: PageMaker = async () => {
      begun.resolve()
      await goOn.promise
      return { status: 200, body: 'at last' }
    }
    listener.serve('/', slow, end.signal)
    const socket = connect(listener.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await begun.promise
    stop.abort()
    goOn.resolve()
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    await once(socket, 'end')
    assert.match(received, /\r\nConnection: close\r\n[\s\S]*\r\n\r\nat last$/)
  })
})
