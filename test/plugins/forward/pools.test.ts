// Sockets and connections: how many, for how long, and from where.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FaultyUpstream, honest, replyTo, silent, truthTo } from '../../upstream.ts'
import { counted, forwardBy, secureUpstream, until, upstreams } from './forwarding.ts'

const tcp = { client: { transport: 'tcp' } } as const
const truth = 'NOERROR example.org. 60 IN A 192.0.2.1'

suite('datagrams', () => {
  test('leave from several ports, with several IDs', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address}`)
    for (let i = 0; i < 200; i++) assert.equal(await told('example.org. A'), truth)
    const ports = new Set(upstream?.asked.map(({ from }) => from))
    const ids = new Set(upstream?.asked.map(({ query }) => query.id))
    assert(ports.size >= 4 && ports.size <= 8, `${ports.size} ports`)
    assert(ids.size > 180, `${ids.size} ids`)
  })

  test('a port is given up after some questions', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_idle_conns 1\n}`)
    for (let i = 0; i < 600; i++) await told('example.org. A')
    const ports = upstream?.asked.map(({ from }) => from) ?? []
    assert.equal(new Set(ports).size, 3)
    assert.equal(ports.filter((port) => port === ports[0]).length, 256)
  })

  test('and after a while', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_idle_conns 1\nexpire 1ms\n}`)
    for (let i = 0; i < 3; i++) {
      await told('example.org. A')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.equal(new Set(upstream?.asked.map(({ from }) => from)).size, 3)
  })

  test('many at a time are told apart, in whatever order replies come', async (t) => {
    const [upstream] = await upstreams(t, (asked) => [{ wait: (asked.query.id % 7) * 5 }, { send: truthTo(asked) }])
    const { told } = forwardBy(t, `forward . ${upstream?.address}`)
    const names = Array.from({ length: 200 }, (_, at) => `n${at}.org.`)
    const answers = await Promise.all(names.map((name) => told(`${name} A`)))
    assert.deepEqual(
      answers,
      names.map((name) => `NOERROR ${name} 60 IN A 192.0.2.1`),
    )
  })

  test('leave from the address that is asked for', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const from = (address: string) => forwardBy(t, `forward . ${upstream?.address} {\nsource_address ${address}\n}`)
    assert.equal(await from('127.0.0.1').told('example.org. A'), truth)
    assert.equal(await from('127.0.0.1').told('example.org. A', tcp), truth)
    const none = from('192.0.2.77')
    assert.equal(
      await none.told('example.org. A'),
      'SERVFAIL EDE23: dial udp 127.0.0.1: connect: cannot assign requested address',
    )
    assert.equal(
      await none.told('example.org. A', tcp),
      'SERVFAIL EDE23: dial tcp 127.0.0.1: connect: cannot assign requested address',
    )
  })

  test('go over IPv6', async (t) => {
    const upstream = await FaultyUpstream.open(honest, { host: '::1' })
    t.after(() => upstream.die())
    const { told } = forwardBy(t, `forward . ${upstream.address}`)
    assert.equal(await told('example.org. A'), truth)
    assert.equal(await told('example.org. A', tcp), truth)
  })

  test('sockets are counted as hits and misses', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_idle_conns 1\n}`)
    for (let i = 0; i < 3; i++) await told('example.org. A')
    for (let i = 0; i < 2; i++) await told('example.org. A', tcp)
    const of = (name: string, ...rest: readonly string[]) => counted(name, 'forward', upstream?.address ?? '', ...rest)
    assert.equal(of('coredns_proxy_conn_cache_misses_total', 'udp'), 1)
    assert.equal(of('coredns_proxy_conn_cache_hits_total', 'udp'), 2)
    assert.equal(of('coredns_proxy_conn_cache_misses_total', 'tcp'), 1)
    assert.equal(of('coredns_proxy_conn_cache_hits_total', 'tcp'), 1)
    assert.equal(of('coredns_proxy_request_duration_seconds', 'NOERROR'), 5)
  })
})

suite('connections', () => {
  test('are used again', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address}`)
    for (let i = 0; i < 20; i++) assert.equal(await told('example.org. A', tcp), truth)
    assert.equal(upstream?.connections, 1)
  })

  test('carry several questions at a time, whose replies come in any order', async (t) => {
    const [upstream] = await upstreams(t, (asked) => [{ wait: (asked.query.id % 7) * 5 }, { send: truthTo(asked) }])
    const { told } = forwardBy(t, `forward . ${upstream?.address}`)
    const names = Array.from({ length: 64 }, (_, at) => `n${at}.org.`)
    const answers = await Promise.all(names.map((name) => told(`${name} A`, tcp)))
    assert.deepEqual(
      answers,
      names.map((name) => `NOERROR ${name} 60 IN A 192.0.2.1`),
    )
    assert.equal(upstream?.connections, 4)
  })

  test('closed by the upstream between two questions are no failure', async (t) => {
    const [upstream] = await upstreams(t, (asked) => [...honest(asked), 'end'])
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_connect_attempts 1\n}`)
    for (let i = 0; i < 5; i++) assert.equal(await told('example.org. A', tcp), truth)
  })

  test('closed under a question that came later: it is asked again', async (t) => {
    let isFirst = true
    const [upstream] = await upstreams(t, (asked) => {
      if (asked.count === 0) return honest(asked)
      if (!isFirst) return honest(asked)
      isFirst = false
      return ['reset']
    })
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_connect_attempts 1\n}`)
    assert.equal(await told('example.org. A', tcp), truth)
    assert.equal(await told('example.org. A', tcp), truth)
    assert.equal(upstream?.asked.length, 3)
  })

  test('closed under every question are a failure in the end', async (t) => {
    const [upstream] = await upstreams(t, () => ['end'])
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_connect_attempts 1\n}`)
    assert.match(await told('example.org. A', tcp), /^SERVFAIL EDE23: read tcp .*: EOF$/)
    assert.equal(upstream?.asked.length, 1)
  })

  test('that have gone silent are left', async (t) => {
    const [upstream] = await upstreams(t, (asked) => (asked.count === 1 ? [] : honest(asked)))
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nread_timeout 500ms\n}`)
    assert.equal(await told('example.org. A', tcp), truth)
    assert.equal(await told('example.org. A', tcp), truth)
    assert.equal(upstream?.connections, 2)
  })

  test('end after a while without questions', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nexpire 20ms\n}`)
    assert.equal(await told('example.org. A', tcp), truth)
    await until(() => upstream?.open === 0)
    assert.equal(await told('example.org. A', tcp), truth)
  })

  test('beyond max_idle_conns end at once', async (t) => {
    const [upstream] = await upstreams(t, (asked) => [{ wait: 20 }, ...honest(asked)])
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_idle_conns 2\n}`)
    await Promise.all(Array.from({ length: 64 }, (_, at) => told(`n${at}.org. A`, tcp)))
    assert.equal(upstream?.connections, 4)
    await until(() => upstream?.open === 2)
  })

  test('are given up after max_age', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nexpire 30ms\nmax_age 30ms\n}`)
    for (let i = 0; i < 12; i++) {
      assert.equal(await told('example.org. A', tcp), truth)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert((upstream?.connections ?? 0) >= 3)
  })

  test('take replies in pieces, and large ones', async (t) => {
    const [upstream] = await upstreams(t, ({ query }) => [
      {
        send: replyTo(query, {
          answer: [
            {
              owner: query.questions[0]?.name as never,
              type: 65400,
              class: 1,
              ttl: 1,
              rdatas: Array.from({ length: 60 }, () => 'x'.repeat(1000) as never),
            },
          ],
        }),
      },
    ])
    const { ask } = forwardBy(t, `forward . ${upstream?.address}`)
    const reply = await ask('example.org. TYPE65400', tcp)
    assert.equal(reply.answer[0]?.rdatas.length, 60)
  })
})

suite('TLS', () => {
  test('asks those it trusts, whatever the client asks by', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'tls')
    const { told } = forwardBy(
      t,
      `forward . tls://${upstream.address} {\ntls ${paths.ca}\ntls_servername dns.example\n}`,
    )
    assert.equal(await told('example.org. A'), truth)
    assert.equal(await told('example.org. A', tcp), truth)
    assert.equal(upstream.connections, 1)
    assert.equal(counted('coredns_proxy_conn_cache_hits_total', 'forward', upstream.address, 'tcp-tls'), 1)
  })
  test('by the name at the destination, and by its address', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'tls')
    const named = forwardBy(t, `forward . tls://127.0.0.1%dns.example:${upstream.port} {\ntls ${paths.ca}\n}`)
    assert.equal(await named.told('example.org. A'), truth)
    const plain = forwardBy(t, `forward . tls://${upstream.address} {\ntls ${paths.ca}\n}`)
    assert.equal(await plain.told('example.org. A'), truth)
  })
  test('asks nobody with another name', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'tls')
    const { told } = forwardBy(
      t,
      `forward . tls://${upstream.address} {\ntls ${paths.ca}\ntls_servername other.example\n}`,
    )
    assert.match(await told('example.org. A'), /^SERVFAIL EDE23: dial tcp 127\.0\.0\.1: connect: tls: .*other\.example/)
    assert.equal(upstream.asked.length, 0)
  })
  test('nor anybody signed by others', async (t) => {
    const { upstream } = await secureUpstream(t, 'tls')
    const { told } = forwardBy(t, `forward . tls://${upstream.address} {\ntls_servername dns.example\n}`)
    assert.match(await told('example.org. A'), /^SERVFAIL EDE23: dial tcp 127\.0\.0\.1: connect: tls: /)
    assert.equal(upstream.asked.length, 0)
  })
  test('shows its own certificate', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'tls', { knowsUs: true })
    const stranger = forwardBy(t, `forward . tls://${upstream.address} {\ntls ${paths.ca}\n}`)
    assert.match(await stranger.told('example.org. A'), /^SERVFAIL EDE23: /)
    const known = forwardBy(t, `forward . tls://${upstream.address} {\ntls ${paths.cert} ${paths.key} ${paths.ca}\n}`)
    assert.equal(await known.told('example.org. A'), truth)
  })
  test('a server that says nothing is given up', async (t) => {
    const { upstream, paths } = await secureUpstream(t, 'tls', { behave: silent })
    const { told } = forwardBy(
      t,
      `forward . tls://${upstream.address} {\ntls ${paths.ca}\nread_timeout 80ms\nmax_fails 0\n}`,
    )
    assert.equal(await told('example.org. A'), 'SERVFAIL EDE22: read tcp 127.0.0.1->127.0.0.1: i/o timeout')
  })
  test('one that speaks no TLS as well', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . tls://${upstream?.address} {\nread_timeout 80ms\nmax_fails 0\n}`)
    assert.match(await told('example.org. A'), /^SERVFAIL EDE2[23]: dial tcp 127\.0\.0\.1: /)
  })
})
