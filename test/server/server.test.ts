import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { decode } from 'dns-packet'
import { ask, askTcp, freePort, question, rcodeOf } from './ask.ts'
import { folderFor, serve, start } from './process.ts'

const whoami = (zone: string) => `${zone} {\n    errors\n    bind 127.0.0.1 ::1\n    whoami\n}\n`

test('a server answers by UDP and TCP, IPv4 and IPv6, and ends on SIGTERM with 0', async (t) => {
  const program = await serve(t, whoami('b.example example.org'))
  // As CoreDNS says it.
  const places = ['b.example', 'example.org'].flatMap((zone) => [`${zone}.:PORT on 127.0.0.1`, `${zone}.:PORT on ::1`])
  assert.equal(
    program
      .output()
      .replaceAll(`:${program.port} on`, ':PORT on')
      .split('clusterdns-')[0]
      ?.replace(/^\[.*\n/gm, ''),
    places.map((place) => `${place}\n`).join(''),
  )
  for (const host of ['127.0.0.1', '::1']) {
    for (const reply of [
      await ask(program.port, question('x.example.org'), { host }),
      await askTcp(program.port, question('x.example.org'), host),
    ]) {
      assert.ok(reply)
      const { id, additionals } = decode(reply)
      assert.equal(id, 4711)
      assert.equal((additionals?.[0] as { data?: string } | undefined)?.data, host)
    }
  }
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0)
})

test('what is no question is answered by its header, or not at all', async (t) => {
  const { port } = await serve(t, whoami('example.org'))
  const good = question('x.example.org')
  const changed = (change: (message: Buffer) => void) => {
    const message = Buffer.from(good)
    change(message)
    return message
  }
  for (const [title, message, expected] of [
    ['nothing', Buffer.alloc(0), 'silence'],
    ['less than a header', good.subarray(0, 11), 'silence'],
    ['a reply', changed((octets) => octets.writeUInt8(0x81, 2)), 'silence'],
    ['opcode STATUS', changed((octets) => octets.writeUInt8(0x10, 2)), 'NOTIMP'],
    ['no question', changed((octets) => octets.writeUInt16BE(0, 4)), 'FORMERR'],
    ['two questions', changed((octets) => octets.writeUInt16BE(2, 4)), 'FORMERR'],
    ['a question cut short', good.subarray(0, good.length - 3), 'FORMERR'],
    ['another zone', question('x.example.net'), 'REFUSED'],
    ['a good one', good, 'NOERROR'],
  ] as const) {
    assert.equal(rcodeOf(await ask(port, message, { wait: expected === 'silence' ? 300 : 2000 })), expected, title)
  }
})

test('SIGUSR1 puts the changed Corefile into force, a bad one is refused and the old one stays; SIGHUP and SIGUSR2 do nothing', async (t) => {
  const program = await serve(t, whoami('example.org'))
  const { port } = program
  assert.equal(rcodeOf(await ask(port, question('example.net'))), 'REFUSED')

  writeFileSync(program.file, whoami('example.net'))
  program.process.kill('SIGUSR1')
  await program.printed(/Reloading complete/)
  assert.equal(rcodeOf(await ask(port, question('example.net'))), 'NOERROR')
  assert.equal(rcodeOf(await ask(port, question('example.org'))), 'REFUSED')

  writeFileSync(program.file, 'example.com {\n    whoamy\n}\n')
  program.process.kill('SIGUSR1')
  await program.printed(/the old one stays: .*Corefile:2 - Error during parsing: Unknown directive 'whoamy'/)
  assert.equal(rcodeOf(await ask(port, question('example.net'))), 'NOERROR')

  assert.doesNotMatch(program.output(), /Debugger/, "the signal is ours, not the inspector's")
  program.process.kill('SIGHUP')
  program.process.kill('SIGUSR2')
  await program.printed(/\[WARNING\] SIGUSR2: /)
  assert.equal(rcodeOf(await ask(port, question('example.net'))), 'NOERROR')
  program.process.kill('SIGINT')
  assert.equal(await program.ended, 0)
  assert.match(
    program.output(),
    /\[INFO\] SIGUSR1: Reloading\n\[INFO\] Reloading\n[\s\S]*\[INFO\] SIGINT: Shutting down\n/,
  )
})

test('no query is lost over reloads', async (t) => {
  const program = await serve(t, whoami('example.org'))
  let asked = 0
  let done = false
  const asking = (async () => {
    while (!done) {
      assert.equal(rcodeOf(await ask(program.port, question('example.org'))), 'NOERROR', `question ${asked}`)
      asked++
    }
  })()
  for (let reloads = 1; reloads <= 10; reloads++) {
    program.process.kill('SIGUSR1')
    await program.printed(new RegExp(`(Reloading complete[\\s\\S]*){${reloads}}`))
  }
  done = true
  await asking
  assert.ok(asked > 0)
})

for (const [title, args, code, message] of [
  ['a Corefile that makes no sense', ['-conf', 'BAD'], 1, /BAD:2 - Error during parsing: Unknown directive 'nonsense'/],
  ['a Corefile that is not there', ['-conf', 'MISSING'], 1, /no such file/],
  ['an unknown flag', ['-nope'], 2, /flag provided but not defined: -nope/],
  ['an extra argument', ['-conf', 'BAD', 'more'], 2, /extra command line arguments: \[more\]/],
  ['a bad port', ['-dns.port', '70000'], 2, /invalid port "70000"/],
] as const) {
  test(`the program does not start with ${title}`, async (t) => {
    const folder = folderFor(t)
    writeFileSync(join(folder, 'BAD'), '.:0 {\n    nonsense\n}\n')
    const program = start(
      t,
      args.map((arg) => (arg === 'BAD' || arg === 'MISSING' ? join(folder, arg) : arg)),
    )
    assert.equal(await program.ended, code)
    assert.match(program.output(), message)
  })
}

test('a port in use is an error, not a port shared', async (t) => {
  const first = await serve(t, whoami('example.org'))
  const second = start(t, ['-conf', first.file, '-dns.port', `${first.port}`])
  assert.equal(await second.ended, 1)
  assert.match(second.output(), /EADDRINUSE/)
})

test('how datagrams come in is told once, for all workers and over reloads', async (t) => {
  const program = await serve(t, 'example.org {\n    bind 127.0.0.1 ::1\n    multisocket 2\n    whoami\n}\n')
  program.process.kill('SIGUSR1')
  await program.printed(/Reloading complete/)
  const lines = program.output().match(/^\[INFO\] udp: datagrams .*$/gm)
  assert.equal(lines?.length, 1, program.output())
  assert.match(lines?.[0] ?? '', /, receive buffers of \d+ KiB(, \d+ asked for)?$/)
})

test('the Corefile may come by standard input', async (t) => {
  const program = start(t, ['-conf', 'stdin', '-dns.port', '0'], { input: whoami('example.org') })
  await program.printed(/example\.org\.:\d+ on 127\.0\.0\.1\n/)
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0)
})

test('-version and -plugins say what they should', async (t) => {
  const version = start(t, ['-version'])
  assert.equal(await version.ended, 0)
  assert.match(version.output(), /^clusterdns-\d+\.\d+\.\d+\n\S+\/\S+, node v\d+/)
  const plugins = start(t, ['-plugins'])
  assert.equal(await plugins.ended, 0)
  assert.match(plugins.output(), /^dns\.whoami$/m)
})

test('a pid file is written and removed', async (t) => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'Corefile'), whoami('example.org'))
  const pidFile = join(folder, 'pid')
  const program = start(t, ['-conf', join(folder, 'Corefile'), '-dns.port', '0', '-pidfile', pidFile])
  await program.printed(/clusterdns-/)
  while (!existsSync(pidFile)) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(Number(readFileSync(pidFile, 'utf8')), program.process.pid)
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0)
  assert.equal(existsSync(pidFile), false)
})

test('a pid file that cannot be written is told of, and names are answered all the same', async (t) => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'Corefile'), whoami('example.org'))
  const pidFile = join(folder, 'missing', 'pid')
  const program = start(t, ['-conf', join(folder, 'Corefile'), '-dns.port', '0', '-pidfile', pidFile])
  await program.printed(/\[ERROR\] Could not write pidfile: ENOENT: .*\n/)
  const port = Number(/:(\d+)/.exec(program.output())?.[1])
  assert.equal(rcodeOf(await ask(port, question('example.org'))), 'NOERROR')
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0)
})

for (const flag of ['-h', '--help']) {
  test(`${flag} says how it is used, and that is no mistake`, async (t) => {
    for (const args of [[flag], ['sandbox', flag], ['resolv', flag], ['explain', 'a.example', flag]]) {
      const program = start(t, args)
      assert.equal(await program.ended, 0, args.join(' '))
      assert.match(program.output(), /^usage: /)
    }
  })
}

test('on SIGTERM ready says so first, DNS and health go on through the lameduck, and the end is a good one', async (t) => {
  const [healthPort, readyPort] = [await freePort(), await freePort()]
  const program = await serve(
    t,
    `example.org {
    bind 127.0.0.1
    health 127.0.0.1:${healthPort} {
        lameduck 2s
    }
    ready 127.0.0.1:${readyPort}
    whoami
}
`,
  )
  const page = async (port: number, path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`)
    return `${response.status} ${await response.text()}`
  }
  assert.equal(await page(readyPort, 'ready'), '200 OK')
  const start = performance.now()
  program.process.kill('SIGTERM')
  await program.printed(/\[INFO\] plugin\/health: Going into lameduck mode for 2s\n/)
  assert.equal(await page(readyPort, 'ready'), '503 Shutting down')
  assert.equal(await page(healthPort, 'health'), '200 OK')
  for (let asked = 0; asked < 10; asked++) {
    assert.equal(rcodeOf(await ask(program.port, question('example.org'))), 'NOERROR')
    assert.equal(rcodeOf(await askTcp(program.port, question('example.org'))), 'NOERROR')
  }
  // A reload now would begin what is about to end.
  program.process.kill('SIGUSR1')
  assert.equal(await program.ended, 0)
  assert(performance.now() - start > 1900, 'the lameduck was waited for')
  assert.match(program.output(), /\[INFO\] SIGTERM: Shutting down servers then terminating\n/)
  assert.doesNotMatch(program.output(), /\[INFO\] Reloading|ERROR/)
})

for (const [title, signals, code] of [
  ['another SIGINT', ['SIGINT', 'SIGINT'], 2],
  ['SIGQUIT', ['SIGINT', 'SIGQUIT'], 0],
] as const) {
  test(`${title} ends what a lameduck would hold up`, async (t) => {
    const program = await serve(
      t,
      `example.org {\n    bind 127.0.0.1\n    health 127.0.0.1:${await freePort()} {\n        lameduck 1h\n    }\n    whoami\n}\n`,
    )
    program.process.kill(signals[0])
    await program.printed(/Going into lameduck mode for 1h0m0s\n/)
    program.process.kill(signals[1])
    assert.equal(await program.ended, code)
  })
}
