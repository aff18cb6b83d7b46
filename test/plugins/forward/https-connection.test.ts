// DNS over HTTPS to upstreams: what is asked, what is believed, and what becomes of connections (RFC 8484).
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { suite, test } from 'node:test'
import { encodeMessage } from '../../../src/dns/encode.ts'
import { type Behaviour, honest, lieTo, records, replyTo, silent, truthTo } from '../../upstream.ts'
import { counted, forwardBy, secureUpstream, until, upstreams, withoutPorts } from './forwarding.ts'

const tcp = { client: { transport: 'tcp' } } as const
const truth = 'NOERROR example.org. 60 IN A 192.0.2.1'
const at = 'Post "https://127.0.0.1/dns-query"'

/** A stanza with this upstream, trusted, by its address. */
const stanza = (address: string, ca: string, ...properties: readonly string[]) =>
  `forward . https://${address} {\ntls ${ca}\n${properties.join('\n')}\n}`

suite('a question', () => {
  test('is posted, with ID 0, whatever the client asked by', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https')
    const { told } = forwardBy(t, stanza(upstream.address, paths.ca))
    assert.equal(await told('example.org. A', { id: 4711 }), truth)
    assert.equal(await told('example.org. A', tcp), truth)
    const [first] = upstream.asked
    assert.equal(first?.query.id, 0)
    const {
      ':method': method,
      ':path': path,
      ':authority': authority,
      accept,
      'content-type': type,
    } = first?.headers ?? {}
    assert.deepEqual(
      [method, path, authority, accept, type],
      ['POST', '/dns-query', upstream.address, 'application/dns-message', 'application/dns-message'],
    )
    assert.equal(upstream.connections, 1)
  })

  test('is got, where the Corefile says so: equal ones by equal URIs', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https')
    const { told } = forwardBy(t, stanza(upstream.address, paths.ca, 'doh_method GET'))
    assert.equal(await told('example.org. A', { id: 1 }), truth)
    assert.equal(await told('example.org. A', { id: 2 }), truth)
    const [one, other] = upstream.asked.map(({ headers }) => `${headers?.[':method']} ${headers?.[':path']}`)
    assert.equal(one, 'GET /dns-query?dns=AAABAAABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE')
    assert.equal(other, one)
  })

  test('names the server by the name that its certificate must have', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https')
    const { port } = upstream
    const byStanza = forwardBy(t, stanza(upstream.address, paths.ca, 'tls_servername dns.example'))
    assert.equal(await byStanza.told('example.org. A'), truth)
    const byPlace = forwardBy(t, stanza(`127.0.0.1%dns.example:${port}`, paths.ca))
    assert.equal(await byPlace.told('example.org. A'), truth)
    // CoreDNS takes both, and uses that of the stanza.
    const byBoth = forwardBy(t, stanza(`127.0.0.1%other.example:${port}`, paths.ca, 'tls_servername dns.example'))
    assert.equal(await byBoth.told('example.org. A'), truth)
    const named = `dns.example:${port}`
    assert.deepEqual(
      upstream.asked.map(({ headers }) => headers?.[':authority']),
      [named, named, named],
    )
  })

  test('is asked of nobody with another name, nor signed by others', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https')
    const other = forwardBy(t, stanza(upstream.address, paths.ca, 'tls_servername other.example'))
    assert.match(
      await other.told('example.org. A'),
      /^SERVFAIL EDE23: Post "https:\/\/127\.0\.0\.1\/dns-query": dial tcp 127\.0\.0\.1: connect: tls: .*other\.example/,
    )
    const { told } = forwardBy(t, `forward . https://${upstream.address}`)
    assert.match(await told('example.org. A'), /^SERVFAIL EDE23: Post .*: connect: tls: /)
    assert.equal(upstream.asked.length, 0)
  })

  test('is asked by those who show a certificate, where one is wanted', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https', { knowsUs: true })
    const stranger = forwardBy(t, stanza(upstream.address, paths.ca))
    assert.match(await stranger.told('example.org. A'), /^SERVFAIL EDE23: /)
    const files = `${paths.cert} ${paths.key} ${paths.ca}`
    const known = forwardBy(t, stanza(upstream.address, files))
    assert.equal(await known.told('example.org. A'), truth)
  })
})

suite('a reply', () => {
  /** What the upstream does, and what comes of it. */
  const rows: readonly (readonly [title: string, behave: Behaviour, told: string])[] = [
    ['is believed', honest, truth],
    [
      'with another ID is not',
      (asked) => [{ send: lieTo(asked, { id: 1 }) }],
      `SERVFAIL EDE23: ${at}: a reply to another question`,
    ],
    [
      'to another question is not',
      (asked) => [{ send: lieTo(asked, { questions: [{ name: '\x03lie\x00' as never, type: 1, class: 1 }] }) }],
      `SERVFAIL EDE23: ${at}: a reply to another question`,
    ],
    ['that is a question is none', ({ query }) => [{ send: query }], `SERVFAIL EDE23: ${at}: no DNS reply`],
    ['without octets is none', () => [{ send: Buffer.alloc(0) }], `SERVFAIL EDE23: ${at}: no DNS reply`],
    [
      'that is a page for people is none',
      () => [{ send: Buffer.from('<!DOCTYPE html><p>Hello') }],
      `SERVFAIL EDE23: ${at}: no DNS reply`,
    ],
    [
      'of another status is none',
      (asked) => [{ send: truthTo(asked), status: 502 }],
      `SERVFAIL EDE23: ${at}: HTTP status 502`,
    ],
    [
      'that sends elsewhere is not followed',
      ({ query }) => [{ send: replyTo(query), status: 307, headers: { location: 'https://127.0.0.1:1/' } }],
      `SERVFAIL EDE23: ${at}: HTTP status 307`,
    ],
    [
      'of no known type is read all the same',
      (asked) => [{ send: truthTo(asked), status: 200, headers: { 'content-type': 'text/plain' } }],
      truth,
    ],
    [
      'of more than 65535 octets is none',
      (asked) => [{ send: Buffer.concat([encodeMessage(truthTo(asked)), Buffer.alloc(65_536)]) }],
      `SERVFAIL EDE23: ${at}: more than 65535 octets`,
    ],
    [
      'cut short is none',
      (asked) => [{ send: encodeMessage(truthTo(asked)).subarray(0, -2) }],
      'SERVFAIL EDE23: dns: bad reply: ',
    ],
    ['that never comes is given up', silent, `SERVFAIL EDE22: ${at}: i/o timeout`],
    ['truncated is passed on', ({ query }) => [{ send: replyTo(query, { truncated: true }) }], 'NOERROR TC'],
    [
      '8484 5.1: its age is taken off its TTLs',
      ({ query }) => [
        {
          send: replyTo(query, { answer: records('example.org. 60 IN A 192.0.2.1', 'example.org. 10 IN A 192.0.2.2') }),
          status: 200,
          headers: { age: '25' },
        },
      ],
      'NOERROR example.org. 35 IN A 192.0.2.1 example.org. 0 IN A 192.0.2.2',
    ],
    [
      'whose age is no number is as fresh as it says',
      (asked) => [{ send: truthTo(asked), status: 200, headers: { age: '-1' } }],
      truth,
    ],
  ]
  for (const [title, behave, expected] of rows) {
    test(title, async (t) => {
      const { upstream, paths } = await secureUpstream(t, 'https', { behave })
      const { told } = forwardBy(
        t,
        stanza(upstream.address, paths.ca, 'max_fails 0', 'max_connect_attempts 1', 'read_timeout 500ms'),
      )
      const got = await told('example.org. A')
      if (expected.endsWith(': ')) assert(got.startsWith(expected), got)
      else assert.equal(got, expected)
    })
  }

  test('may be large', async (t) => {
    const large = Array.from({ length: 60 }, () => 'x'.repeat(1000) as never)
    const { upstream, paths } = await secureUpstream(t, 'https', {
      behave: ({ query }) => [
        {
          send: replyTo(query, {
            answer: [{ owner: query.questions[0]?.name as never, type: 65400, class: 1, ttl: 1, rdatas: large }],
          }),
        },
      ],
    })
    const { ask } = forwardBy(t, stanza(upstream.address, paths.ca))
    assert.equal((await ask('example.org. TYPE65400')).answer[0]?.rdatas.length, 60)
  })
})

suite('connections', () => {
  test('carry many questions at a time, whose replies come in any order', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https', {
      behave: (asked) => [{ wait: (asked.count % 7) * 5 }, { send: truthTo(asked) }],
    })
    const { told } = forwardBy(t, stanza(upstream.address, paths.ca))
    const names = Array.from({ length: 150 }, (_, n) => `n${n}.org.`)
    const answers = await Promise.all(names.map((name) => told(`${name} A`)))
    assert.deepEqual(
      answers,
      names.map((name) => `NOERROR ${name} 60 IN A 192.0.2.1`),
    )
    assert.equal(upstream.connections, 2)
    const of = (name: string) => counted(name, 'forward', upstream.address, 'https')
    assert.equal(of('coredns_proxy_conn_cache_misses_total'), 2)
    assert.equal(of('coredns_proxy_conn_cache_hits_total'), 148)
    assert.equal(counted('coredns_proxy_request_duration_seconds', 'forward', upstream.address, 'NOERROR'), 150)
  })

  test('told to go away are left when their replies have come', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https', { behave: (asked) => [...honest(asked), 'end'] })
    const { told } = forwardBy(t, stanza(upstream.address, paths.ca, 'max_connect_attempts 1'))
    for (let i = 0; i < 5; i++) assert.equal(await told('example.org. A'), truth)
  })

  test('that break under a later question: it is asked again', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https', {
      behave: (asked) => (asked.count === 1 ? ['reset'] : honest(asked)),
    })
    const { told } = forwardBy(t, stanza(upstream.address, paths.ca, 'max_connect_attempts 1'))
    assert.equal(await told('example.org. A'), truth)
    assert.equal(await told('example.org. A'), truth)
    assert.equal(upstream.asked.length, 3)
  })

  test('that break under every question are a failure', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https', { behave: () => ['reset'] })
    const { told } = forwardBy(t, stanza(upstream.address, paths.ca, 'max_connect_attempts 1'))
    assert.match(await told('example.org. A'), /^SERVFAIL EDE23: Post .*: (EOF|stream reset with code [0-9]+)$/)
    assert.equal(upstream.asked.length, 1)
  })

  test('stay where only one question has no reply, and are left where none has', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https', {
      behave: (asked) => (asked.query.questions[0]?.type === 28 ? [] : honest(asked)),
    })
    const properties = ['max_fails 0', 'max_connect_attempts 1', 'read_timeout 1s']
    const { told } = forwardBy(t, stanza(upstream.address, paths.ca, ...properties))
    const late = told('example.org. AAAA')
    for (let i = 0; i < 5; i++) assert.equal(await told(`n${i}.org. A`), `NOERROR n${i}.org. 60 IN A 192.0.2.1`)
    assert.match(await late, /^SERVFAIL EDE22: /)
    assert.equal(await told('example.org. A'), truth)
    assert.equal(upstream.connections, 1)
    assert.match(await told('example.org. AAAA'), /^SERVFAIL EDE22: /)
    assert.equal(await told('example.org. A'), truth)
    assert.equal(upstream.connections, 2)
  })

  test('end after a while without questions, beyond max_age, and with the configuration', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'https')
    const short = forwardBy(t, stanza(upstream.address, paths.ca, 'expire 30ms'))
    assert.equal(await short.told('example.org. A'), truth)
    await until(() => upstream.open === 0)
    const aged = forwardBy(t, stanza(upstream.address, paths.ca, 'expire 30ms', 'max_age 30ms'))
    for (let i = 0; i < 12; i++) {
      assert.equal(await aged.told('example.org. A'), truth)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert(upstream.connections >= 4, `${upstream.connections} connections`)
    const { told, end } = forwardBy(t, stanza(upstream.address, paths.ca))
    const late = told('example.org. A')
    end()
    assert.equal(await late, truth)
    await until(() => upstream.open === 0)
  })

  test('to nobody, to somebody who says nothing, who speaks no TLS, and no HTTP/2', async (t) => {
    const closed = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => closed.once('listening', resolve))
    const { port } = closed.address() as { port: number }
    const properties = ['max_fails 0', 'max_connect_attempts 1', 'read_timeout 300ms']
    const dial = 'Post "https://127.0.0.1/dns-query": dial tcp 127.0.0.1'
    const { upstream, paths } = await secureUpstream(t, 'tls')
    const toldOf = (address: string) => forwardBy(t, stanza(address, paths.ca, ...properties)).told('example.org. A')
    assert.equal(await toldOf(`127.0.0.1:${port}`), `SERVFAIL EDE22: ${dial}: i/o timeout`)
    const socket = connect(port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.destroy()
    closed.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(await toldOf(`127.0.0.1:${port}`), `SERVFAIL EDE23: ${dial}: connect: connection refused`)
    const [plain] = await upstreams(t, honest)
    assert.match(await toldOf(plain?.address ?? ''), /^SERVFAIL EDE2[23]: Post .*: dial tcp 127\.0\.0\.1: /)
    assert.equal(withoutPorts(await toldOf(upstream.address)), `SERVFAIL EDE23: ${dial}: no HTTP/2`)
  })
})

test('an upstream that is away is probed until it is back', async (t) => {
  const { upstream, paths } = await secureUpstream(t, 'https')
  const { told } = forwardBy(
    t,
    stanza(upstream.address, paths.ca, 'max_fails 1', 'health_check 20ms', 'failfast_all_unhealthy_upstreams'),
  )
  await upstream.die()
  const failed = () => counted('coredns_proxy_healthcheck_failures_total', 'forward', upstream.address)
  assert.match(await told('example.org. A'), /^SERVFAIL EDE23: /)
  await until(() => failed() >= 2)
  assert.equal(await told('example.org. A'), 'SERVFAIL EDE22: no healthy proxies')
  await upstream.revive()
  await until(() => upstream.asked.some(({ query }) => query.questions[0]?.type === 2))
  while ((await told('example.org. A')) !== truth) await new Promise((resolve) => setTimeout(resolve, 10))
})
