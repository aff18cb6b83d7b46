// Forwarding by the whole server: over reloads, to itself, and while upstreams come and go.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { decode } from 'dns-packet'
import { handlerFor } from '../../ask.ts'
import { queryOf, recordLog } from '../../context.ts'
import { ask, askTcp, question, rcodeOf } from '../../server/ask.ts'
import { serve } from '../../server/process.ts'
import { honest, lieTo, truthTo } from '../../upstream.ts'
import { counted, forwardBy, until, upstreams } from './forwarding.ts'

const corefile = (upstream: string, more = '') =>
  `. {\n  bind 127.0.0.1\n  errors\n  forward . ${upstream}\n${more}}\nlocal.test {\n  bind 127.0.0.1\n  whoami\n}\n`

const addressOf = (reply: Buffer): string =>
  JSON.stringify(decode(reply).answers?.map((answer) => 'data' in answer && answer.data))

test('a reload ends what the old configuration had open, once what was asked is answered', async (t) => {
  const [old, fresh] = await upstreams(t, (asked) => [{ wait: 700 }, { send: truthTo(asked) }], honest)
  assert(old !== undefined && fresh !== undefined)
  const { port, file, process, printed } = await serve(t, corefile(old.address, '  reload\n'))
  const answer = askTcp(port, question('example.org'))
  await until(() => old.asked.length === 1)
  assert.equal(old.open, 1)
  writeFileSync(file, corefile(fresh.address, '  reload\n'))
  process.kill('SIGUSR1')
  await printed(/Reloading complete/)
  assert.equal(addressOf(await answer), '["192.0.2.1"]')
  await until(() => old.open === 0)
  assert.equal(addressOf(await askTcp(port, question('example.org'))), '["192.0.2.1"]')
  assert.equal(old.asked.length, 1)
  assert.equal(fresh.asked.length, 1)
})

test('logs name the upstream whatever changed the question on its way', async (t) => {
  const [upstream] = await upstreams(t, honest)
  const { log, lines } = recordLog()
  const body = `
    log . "{name} {/forward/upstream}"
    bufsize 512
    rewrite continue name asked.test other.test
    rewrite continue edns0 local set 0xffee 0x01
    rewrite class CH IN
    header {
      query clear rd
    }
    cache {
      prefetch 1
    }
    forward . ${upstream?.address} {
      expire 100ms
    }`
  const chain = handlerFor(body, { log })
  const edns = { udpSize: 4096, version: 0, dnssecOk: false, options: [] }
  await chain(queryOf('asked.test. A', { edns }))
  await chain(queryOf('asked.test. A', { edns }))
  await chain(queryOf('plain.test. A'))
  const { address } = upstream ?? assert.fail()
  assert.deepEqual(lines, [
    `[INFO] asked.test. ${address}`,
    // From the cache: nobody was asked.
    '[INFO] asked.test. -',
    `[INFO] plain.test. ${address}`,
  ])
  const [asked] = upstream?.asked ?? []
  assert.deepEqual(
    [asked?.query.recursionDesired, asked?.query.edns?.udpSize, asked?.query.edns?.options.map(({ code }) => code)],
    [false, 512, [0xffee]],
  )
})

test('a server that is told to stop answers what it was asked, and leaves nothing open', async (t) => {
  const [slow] = await upstreams(t, (asked) => [{ wait: 300 }, { send: truthTo(asked) }])
  const { port, process, ended } = await serve(t, corefile(slow?.address ?? ''))
  const answers = [ask(port, question('example.org')), askTcp(port, question('example.com'))]
  await until(() => slow?.asked.length === 2)
  process.kill('SIGTERM')
  assert.deepEqual((await Promise.all(answers)).map(rcodeOf), ['NOERROR', 'NOERROR'])
  assert.equal(await ended, 0)
  await until(() => slow?.open === 0)
})

test('a server that forwards to itself says so, and answers what it can', async (t) => {
  const [upstream] = await upstreams(t, honest)
  const { port, file, process, printed, output } = await serve(t, corefile(upstream?.address ?? '', '  loop\n'))
  writeFileSync(file, corefile(`127.0.0.1:${port}`, '  loop\n'))
  process.kill('SIGUSR1')
  await printed(/\[WARNING\] plugin\/forward: upstream 127\.0\.0\.1:[0-9]+ is an address of this server itself/)
  await printed(/\[ERROR\] plugin\/loop: Loop \(127\.0\.0\.1:[0-9]+ -> 127\.0\.0\.1:[0-9]+\) detected for zone "\."/)
  let reply: Buffer | undefined
  const edns = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    options: [],
  } as never
  while (!/forwarding loop detected for zone \./.test(reply?.toString('latin1') ?? '')) {
    reply = await ask(port, question('example.org', { additionals: [edns] }), { wait: 5000 })
  }
  assert.equal(rcodeOf(reply), 'SERVFAIL')
  assert.equal(rcodeOf(await ask(port, question('local.test'))), 'NOERROR')
  assert.equal(output().match(/plugin\/loop: Loop/g)?.length, 1)
})

test('a circle nobody looks for ends by itself, and other names are not held up', async (t) => {
  const [upstream] = await upstreams(t, honest)
  const { port, file, process, printed, output } = await serve(t, corefile(upstream?.address ?? ''))
  writeFileSync(file, corefile(`127.0.0.1:${port} {\n  read_timeout 300ms\n  }`))
  process.kill('SIGUSR1')
  await printed(/is an address of this server itself/)
  await printed(/Reloading complete/)
  const names = Array.from({ length: 40 }, (_, at) => `n${at}.example.org`)
  const circling = Promise.all(names.map((name) => ask(port, question(name), { wait: 20_000 })))
  assert.equal(rcodeOf(await ask(port, question('local.test'))), 'NOERROR')
  assert.deepEqual(
    (await circling).map(rcodeOf),
    names.map(() => 'SERVFAIL'),
  )
  // Each worker asks a question once at a time: a line for every client it had, and for the other worker.
  const lines = () => output().match(/plugin\/errors: 2 n[0-9]+\.example\.org\. A: /g)?.length ?? 0
  // What was logged may still be on its way to us.
  while (lines() < names.length) await new Promise((resolve) => setTimeout(resolve, 10))
  assert(lines() <= 10 * names.length, `${lines()} failures`)
})

test('upstreams that die and come back under load: failures are told and counted, and nothing wrong is answered', async (t) => {
  const [one, two] = await upstreams(
    t,
    honest,
    // Every third reply follows a lie.
    (asked) => [
      ...(asked.count % 3 === 0 ? [{ send: lieTo(asked, { id: asked.query.id ^ 1 }) }] : []),
      ...honest(asked),
    ],
  )
  assert(one !== undefined && two !== undefined)
  const { told } = forwardBy(
    t,
    `forward . ${one.address} ${two.address} {\nread_timeout 200ms\nhealth_check 10ms\npolicy round_robin\n}`,
  )
  let isOver = false
  const answers = new Map<string, number>()
  const load = Array.from({ length: 8 }, async (_, client) => {
    for (let count = 0; !isOver; count++) {
      const name = `n${count}.c${client}.example.org.`
      const answer = (await told(`${name} ${client % 2 === 0 ? 'A' : 'TXT'}`)).replace(name, 'NAME')
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      // Datagrams that are refused are refused at once.
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })
  const failures = () =>
    [one, two].reduce(
      (sum, { address }) => sum + counted('coredns_proxy_healthcheck_failures_total', 'forward', address),
      0,
    )
  for (const dying of [[one], [two], [one, two]]) {
    const before = failures()
    await Promise.all(dying.map((upstream) => upstream.die()))
    await until(() => failures() >= before + 5 * dying.length)
    await Promise.all(dying.map((upstream) => upstream.revive()))
    const known = dying.map((upstream) => upstream.asked.filter(({ query }) => query.questions[0]?.type !== 2).length)
    const isAsked = () =>
      dying.every(
        (upstream, at) =>
          upstream.asked.filter(({ query }) => query.questions[0]?.type !== 2).length > (known[at] ?? 0),
      )
    await until(isAsked)
  }
  isOver = true
  await Promise.all(load)
  const expected =
    /^(NOERROR NAME 60 IN A 192\.0\.2\.1|NOERROR|SERVFAIL EDE2[23]: read udp 127\.0\.0\.1->127\.0\.0\.1: (read: connection refused|i\/o timeout))$/
  for (const answer of answers.keys()) assert.match(answer, expected)
  assert((answers.get('NOERROR') ?? 0) > 0 && (answers.get('NOERROR NAME 60 IN A 192.0.2.1') ?? 0) > 0)
})
