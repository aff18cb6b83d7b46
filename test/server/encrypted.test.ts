// The whole program with keys of tls:// and https://: what clients see, over reloads and renewed certificates.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { decode } from 'dns-packet'
import { askTcp, freePort, question } from './ask.ts'
import { authority, first, later, second, trusting } from './encrypted.ts'
import { folderFor, start } from './process.ts'

async function serve(t: TestContext, more: string = '') {
  const folder = folderFor(t)
  const write = ({ certificate, key } = first) => {
    writeFileSync(join(folder, 'cert.pem'), certificate)
    writeFileSync(join(folder, 'key.pem'), key)
  }
  write()
  writeFileSync(join(folder, 'ca.pem'), authority.certificate)
  const [tlsPort, httpsPort, plainPort] = [await freePort(), await freePort(), await freePort()]
  const corefile = join(folder, 'Corefile')
  const text = `
    tls://.:${tlsPort} https://.:${httpsPort} {
      bind 127.0.0.1
      tls ${folder}/cert.pem ${folder}/key.pem
      multisocket 2
      acl ${more}
      whoami
      log
      errors
    }
    https://.:${plainPort} tls://.:0 {
      bind 127.0.0.1
      whoami
    }`
  writeFileSync(corefile, text)
  const program = start(t, ['-conf', corefile])
  await program.printed(/\nlinux\/|\ndarwin\//)
  return { program, folder, write, corefile, text, tlsPort, httpsPort, plainPort }
}

/** Asks on an open connection; resolves to the type of the first additional record, `A` of whoami. */
async function ask(socket: TLSSocket): Promise<string> {
  const message = question('example.org')
  socket.write(Buffer.concat([Buffer.from([0, message.length]), message]))
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return decode(chunk.subarray(2)).additionals?.[0]?.type ?? 'nothing'
}

async function connected(t: TestContext, port: number): Promise<TLSSocket> {
  const socket = connect({ ...trusting, port })
  t.after(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

const shown = (socket: TLSSocket) => socket.getPeerX509Certificate()?.toString()

test('the banner says how each key is served', async (t) => {
  const { program, tlsPort, httpsPort, plainPort } = await serve(t)
  const keys: readonly string[] = program.output().match(/^\w+:\/\/\.:\d+ on 127\.0\.0\.1$/gm) ?? []
  for (const key of [`tls://.:${tlsPort}`, `https://.:${httpsPort}`, `https://.:${plainPort}`]) {
    assert(keys.includes(`${key} on 127.0.0.1`), program.output())
  }
  assert.equal(keys.length, 4)
})

test('keys that are not encrypted are told of at the start', async (t) => {
  const { program, plainPort, tlsPort } = await serve(t)
  const warnings = program.output().match(/^\[WARNING\] .*$/gm)
  assert.deepEqual(warnings, [
    `[WARNING] https://.:${plainPort} is served without encryption: its server block has no tls`,
    '[WARNING] tls://.:0 is served without encryption: its server block has no tls',
  ])
  // It is DNS over TCP there.
  const keys = [...program.output().matchAll(/^tls:\/\/\.:(\d+) on /gm)].map((match) => Number(match[1]))
  const port = keys.find((each) => each !== tlsPort) ?? 0
  const reply = await askTcp(port, question('example.org'))
  assert.equal(decode(reply).additionals?.[0]?.type, 'A')
})

test('connections outlive a reload, and it shows the certificate of now', async (t) => {
  const { program, write, corefile, text, tlsPort, httpsPort } = await serve(t)
  const old = await connected(t, tlsPort)
  assert.equal(await ask(old), 'A')
  write(second)
  writeFileSync(corefile, `${text}\n`.replace('whoami', 'whoami\nnsid'))
  program.process.kill('SIGUSR1')
  await program.printed(/Reloading complete/)
  for (const port of [tlsPort, httpsPort]) {
    for (let i = 0; i < 4; i++) assert.equal(shown(await connected(t, port)), second.certificate)
  }
  assert.equal(await ask(old), 'A')
  assert.equal(shown(old), first.certificate)
})

test('a reload with a certificate that can not be used is none', async (t) => {
  const { program, folder, tlsPort } = await serve(t)
  writeFileSync(join(folder, 'cert.pem'), 'nothing')
  program.process.kill('SIGUSR1')
  await program.printed(
    /the old one stays: plugin\/tls: \S+Corefile:4 - Error during parsing: could not load TLS cert: /,
  )
  assert.equal(shown(await connected(t, tlsPort)), first.certificate)
})

test('a renewed certificate is shown without a reload, by every worker', async (t) => {
  const { program, write, tlsPort, httpsPort } = await serve(t)
  const old = await connected(t, tlsPort)
  write(second)
  await program.printed(/\[INFO\] plugin\/tls: Certificate renewed from /)
  for (const port of [tlsPort, httpsPort]) {
    for (let tries = 0, good = 0; good < 8; tries++) {
      assert.ok(tries < 500, 'the old certificate is still shown')
      good = shown(await connected(t, port)) === second.certificate ? good + 1 : 0
      if (good === 0) await later(20)
    }
  }
  assert.equal(await ask(old), 'A')
})

test('SIGTERM lets requests in flight have their replies, and ends', async (t) => {
  const { program, tlsPort, httpsPort } = await serve(t)
  const socket = await connected(t, tlsPort)
  assert.equal(await ask(socket), 'A')
  const session = connectHttp2(`https://localhost:${httpsPort}`, trusting)
  t.after(() => session.destroy())
  await once(session, 'connect')
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0)
})

test('a port of somebody else is refused at the start', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const port = (taken.address() as { port: number }).port
  const file = join(folderFor(t), 'Corefile')
  writeFileSync(file, `https://.:${port} {\n bind 127.0.0.1\n whoami\n}\n`)
  const program = start(t, ['-conf', file])
  assert.equal(await program.ended, 1)
  assert.match(program.output(), /EADDRINUSE/)
})

test('one port can not be that of two kinds of keys', async (t) => {
  const file = join(folderFor(t), 'Corefile')
  writeFileSync(file, '.:853 {\n whoami\n}\ntls://. {\n whoami\n}\n')
  const program = start(t, ['-conf', file])
  assert.equal(await program.ended, 1)
  assert.match(
    program.output(),
    /Corefile:4 - Error during parsing: cannot serve tls:\/\/\.:853 - port 853 is that of dns:\/\/ already/,
  )
})

const kdig = spawnSync('kdig', ['-V']).stdout?.toString() ?? ''
suite('kdig', { skip: kdig === '' ? 'no kdig' : false }, () => {
  const tables: readonly (readonly [string, readonly string[], 'tlsPort' | 'httpsPort' | 'plainPort', RegExp])[] = [
    ['+tls', ['+tls'], 'tlsPort', /TLS session/],
    ['+tls, many questions over one connection', ['+tls', '+keepopen'], 'tlsPort', /TLS session/],
    ['+https', ['+https'], 'httpsPort', /HTTP\/2-POST.*status: 200/],
    ['+https-get', ['+https-get'], 'httpsPort', /HTTP\/2-GET.*status: 200/],
  ]
  const without = {
    skip: /https/.test(spawnSync('kdig', ['-h']).stdout?.toString() ?? '') ? false : 'no HTTPS in this kdig',
  }
  for (const [title, flags, port, session] of tables) {
    test(title, flags[0] === '+tls' ? {} : without, async (t) => {
      const served = await serve(t)
      const trust = [`+tls-ca=${join(served.folder, 'ca.pem')}`, '+tls-hostname=localhost', '+time=10', '+retry=0']
      const names = title.includes('many') ? ['a.example', 'A', 'b.example', 'AAAA'] : ['a.example', 'A']
      const args = ['@127.0.0.1', '-p', String(served[port]), ...flags, ...trust, ...names]
      const { stdout, stderr } = spawnSync('kdig', args, { encoding: 'utf8', timeout: 60_000 })
      assert.match(stdout, session, stderr)
      assert.match(stdout, /status: NOERROR/)
      assert.match(stdout, /a\.example\.\s+0\s+IN\s+A\s+127\.0\.0\.1/)
      assert.match(stdout, /_tcp\.a\.example\./)
      await served.program.printed(/"A IN a\.example\. tcp \d+ false \d+" NOERROR/)
    })
  }

  test('who may not ask hears so', async (t) => {
    const { tlsPort, folder } = await serve(t, '{\nblock net 127.0.0.1\n}')
    const args = ['@127.0.0.1', '-p', String(tlsPort), '+tls', `+tls-ca=${join(folder, 'ca.pem')}`, 'a.example']
    const { stdout } = spawnSync('kdig', [...args, '+tls-hostname=localhost'], { encoding: 'utf8', timeout: 60_000 })
    assert.match(stdout, /status: REFUSED/)
  })

  test('a certificate of somebody else is noticed', async (t) => {
    const { tlsPort, folder } = await serve(t)
    assert.notEqual(readFileSync(join(folder, 'cert.pem'), 'utf8'), '')
    const args = ['@127.0.0.1', '-p', String(tlsPort), '+tls', `+tls-ca=${join(folder, 'ca.pem')}`, 'a.example']
    const { stdout, stderr } = spawnSync('kdig', [...args, '+tls-hostname=other.example', '+retry=0'], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.doesNotMatch(stdout, /status: NOERROR/)
    assert.match(stdout + stderr, /certificate|TLS/)
  })
})
