import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { decode } from 'dns-packet'
import { loadCorefile } from '../../src/cli/corefile.ts'
import { logTo } from '../../src/log.ts'
import { plugins } from '../../src/plugins/index.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { Server } from '../../src/server/server.ts'
import { samplesOf } from '../samples.ts'
import { ask, freePort, question, rcodeOf } from './ask.ts'
import { folderFor, serve } from './process.ts'

/** More of them by the environment: `RELOADS=1000`. */
const reloads = Number(process.env.RELOADS ?? 50)
/** A reply that takes longer is lost, ms. */
const patience = 20_000

const service = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { clusterIP: 10.96.0.80, ports: [{ port: 80 }], selector: { app: web } }
`

/** Keeps asking for one name, one question after the other, until it is told to stop; resolves to how often it was answered. */
async function askOn(send: (message: Buffer) => Promise<Buffer>, answer: string, stop: AbortSignal): Promise<number> {
  let id = 0
  for (; !stop.aborted; id++) {
    const reply = decode(await send(question('web.default.svc.cluster.local', { id: id % 65_536 })))
    const told = `question ${id}: ${JSON.stringify(reply)}`
    assert.equal(reply.id, id % 65_536, told)
    assert.deepEqual(
      reply.answers?.map((record) => (record.type === 'A' ? record.data : record.type)),
      [answer],
      told,
    )
  }
  return id
}

/** The next value of an event, or an error after a while. */
async function next(emitter: NodeJS.EventEmitter, event: string): Promise<unknown> {
  const [value] = await once(emitter, event, { signal: AbortSignal.timeout(patience) })
  return value
}

async function overUdp(t: TestContext, port: number): Promise<(message: Buffer) => Promise<Buffer>> {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return async (message) => {
    const reply = next(socket, 'message')
    socket.send(message)
    return (await reply) as Buffer
  }
}

/** A frame; the server is quick enough to send it in one piece over loopback. */
async function exchange(socket: Socket, message: Buffer): Promise<Buffer> {
  const reply = next(socket, 'data')
  socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]))
  return ((await reply) as Buffer).subarray(2)
}

/** One connection for all questions. */
async function overTcp(t: TestContext, port: number): Promise<(message: Buffer) => Promise<Buffer>> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return (message) => exchange(socket, message)
}

/** A connection for each question. */
function overManyTcp(port: number): (message: Buffer) => Promise<Buffer> {
  return async (message) => {
    const socket = connect(port, '127.0.0.1')
    try {
      return await exchange(socket, message)
    } finally {
      socket.destroy()
    }
  }
}

test(`no query is lost over ${reloads} reloads, nothing is forgotten, and nothing is left over`, async (t) => {
  const cluster = await startSandbox()
  cluster.apply(service)
  await cluster.settled()
  const kubeconfig = join(folderFor(t), 'kubeconfig')
  cluster.writeKubeconfig(kubeconfig)
  const [http, metrics] = [await freePort(), await freePort()]
  /** Another one each time: with a zone more, and another TTL. */
  const corefile = (turn: number) => `cluster.local {
    bind 127.0.0.1
    health 127.0.0.1:${http} {
        lameduck 1ms
    }
    ready 127.0.0.1:${http}
    prometheus 127.0.0.1:${metrics}
    reload 1h
    errors
    cache
    kubernetes {
        kubeconfig ${kubeconfig}
        ttl ${turn % 60}
    }
}
z${turn % 7}.example {
    bind 127.0.0.1
    health 127.0.0.1:${http}
    prometheus 127.0.0.1:${metrics}
    whoami
}
`
  let turn = 0
  const lines: string[] = []
  const server = new Server({
    plugins,
    log: logTo((line) => lines.push(line)),
    load: () => loadCorefile(corefile(turn), { file: 'Corefile', port: 0 }),
  })
  await server.start()
  t.after(() => server.stop())
  const port = server.blocks[0]?.keys[0]?.port ?? 0
  // The API is away from here on: what is known of the cluster is all there is.
  await cluster.close()

  const stop = new AbortController()
  const asking = Promise.all(
    [await overUdp(t, port), await overUdp(t, port), await overTcp(t, port), overManyTcp(port)].map((send) =>
      askOn(send, '10.96.0.80', stop.signal),
    ),
  )
  // A failure is told at the end, not as a rejection that nobody heard.
  asking.catch(() => undefined)
  const reloadOnce = async () => {
    turn++
    await server.reload()
    assert.equal(rcodeOf(await ask(port, question(`z${turn % 7}.example`), { wait: patience })), 'NOERROR')
  }
  await reloadOnce()
  await reloadOnce()
  const before = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length
  while (turn < reloads) await reloadOnce()
  stop.abort()
  const answered = (await asking).reduce((sum, count) => sum + count)
  assert.ok(answered > reloads, `${answered} questions`)

  // What the askers had open is gone; nothing came in its place.
  assert.ok(process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length <= before + 4)
  for (const path of ['health', 'ready']) {
    assert.equal(await (await fetch(`http://127.0.0.1:${http}/${path}`)).text(), 'OK', path)
  }
  const requests = Object.entries(samplesOf('coredns_dns_requests_total'))
  const sum = (zone: string) =>
    requests.filter(([labels]) => labels.includes(zone)).reduce((total, [, count]) => total + count, 0)
  assert.equal(sum('zone="cluster.local."'), answered)
  assert.equal(sum('.example."'), turn)
  const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
  assert.equal([...page.matchAll(/^coredns_reload_version_info/gm)].length, 1)
  assert.equal([...page.matchAll(/^coredns_plugin_enabled.*zone="z/gm)].length, 2)
  assert.deepEqual(
    lines.filter((line) => /ERROR|panic/.test(line) && !line.includes('plugin/kubernetes')),
    [],
  )
})

test('the plugin reload finds a change in an imported file, and refuses a bad one once', async (t) => {
  const metrics = await freePort()
  const program = await serve(
    t,
    `example.org {\n    bind 127.0.0.1\n    reload 2s 0\n    prometheus 127.0.0.1:${metrics}\n    whoami\n}\nimport more/*.conf\n`,
  )
  const folder = join(dirname(program.file), 'more')
  mkdirSync(folder)
  const write = (text: string) => writeFileSync(join(folder, 'one.conf'), text)
  const scrape = async () => await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
  const digests = () => [...program.output().matchAll(/Running configuration SHA512 = ([0-9a-f]{128})\n/g)]
  const shown = async () => /^coredns_reload_version_info\{hash="sha512",value="(\w+)"\} 1$/m.exec(await scrape())?.[1]
  assert.equal(digests().length, 1)
  assert.equal(await shown(), digests()[0]?.[1])
  assert.equal(rcodeOf(await ask(program.port, question('example.net'))), 'REFUSED')

  write('example.net {\n    bind 127.0.0.1\n    whoami\n}\n')
  await program.printed(/Reloading\n[\s\S]*Running configuration SHA512 = [\s\S]*Reloading complete\n/)
  assert.equal(rcodeOf(await ask(program.port, question('example.net'))), 'NOERROR')
  assert.equal(digests().length, 2)
  assert.notEqual(digests()[1]?.[1], digests()[0]?.[1])
  assert.equal(await shown(), digests()[1]?.[1])

  write('example.net {\n    whoamy\n}\n')
  await program.printed(
    /\[ERROR\] plugin\/reload: Corefile changed but reload failed: .*one\.conf:2 - Error during parsing: Unknown directive 'whoamy'\n/,
  )
  assert.equal(rcodeOf(await ask(program.port, question('example.net'))), 'NOERROR')
  // Two looks at the same bad file, and one at a good one.
  await new Promise((resolve) => setTimeout(resolve, 4500))
  write('example.com {\n    bind 127.0.0.1\n    whoami\n}\n')
  await program.printed(/(Reloading complete[\s\S]*){2}/)
  assert.equal(program.output().match(/reload failed/g)?.length, 1)
  assert.match(await scrape(), /^coredns_reload_failed_total 1$/m)
  assert.equal(rcodeOf(await ask(program.port, question('example.com'))), 'NOERROR')
  assert.equal(rcodeOf(await ask(program.port, question('example.net'))), 'REFUSED')
  assert.equal(program.output().match(/No files matching/g)?.length, 1, 'told at the start, not at every look')

  // What can't be listened on: the old pages stay too.
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  write(
    `example.com {\n    bind 127.0.0.1\n    prometheus 127.0.0.1:${metrics}\n    health 127.0.0.1:${port}\n    whoami\n}\n`,
  )
  await program.printed(new RegExp(`reload failed: listen tcp 127.0.0.1:${port}: bind: address already in use\n`))
  assert.match(await scrape(), /^coredns_reload_failed_total 2$/m)
  assert.equal(rcodeOf(await ask(program.port, question('example.com'))), 'NOERROR')
})

test('a reload refuses a place that another server shares with whoever asks', async (t) => {
  const whoami = (port: number) => `example.org:${port} {\n    bind 127.0.0.1\n    whoami\n}\n`
  const other = await serve(t, whoami(await freePort()))
  const program = await serve(t, whoami(await freePort()))
  writeFileSync(program.file, whoami(other.port))
  program.process.kill('SIGUSR1')
  await program.printed(/reload failed, the old one stays: listen EADDRINUSE/)
  assert.equal(rcodeOf(await ask(program.port, question('example.org'))), 'NOERROR')
})

test('also where it is another address of a port we have', { skip: process.platform !== 'linux' }, async (t) => {
  const port = await freePort()
  const whoami = (...addresses: readonly string[]) =>
    `example.org:${port} {\n    bind ${addresses.join(' ')}\n    whoami\n}\n`
  await serve(t, whoami('127.0.0.2'))
  const program = await serve(t, whoami('127.0.0.1'))
  writeFileSync(program.file, whoami('127.0.0.1', '127.0.0.2'))
  program.process.kill('SIGUSR1')
  await program.printed(/reload failed, the old one stays: listen EADDRINUSE/)
  writeFileSync(program.file, whoami('127.0.0.1', '127.0.0.3'))
  program.process.kill('SIGUSR1')
  await program.printed(/Reloading complete/)
  assert.equal(rcodeOf(await ask(port, question('example.org'), { host: '127.0.0.3' })), 'NOERROR')
})
