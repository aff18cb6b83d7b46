// The whole program while the API server is away: at its start, with and without a snapshot, and over a reload.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { decode } from 'dns-packet'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { ask, freePort, question, rcodeOf } from './ask.ts'
import { type Program, serve } from './process.ts'

const opt = {
  additionals: [
    {
      type: 'OPT' as const,
      name: '.' as const,
      udpPayloadSize: 1232,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ],
}

/** The rcode, the addresses, and the numbers of extended errors. */
async function told(program: Program, name: string): Promise<string> {
  const reply = await ask(program.port, question(name, opt))
  if (reply === undefined) return 'silence'
  const { answers = [], additionals = [] } = decode(reply)
  const addresses = answers.flatMap((record) => (record.type === 'A' ? [record.data] : []))
  const options = additionals.flatMap((record) => (record.type === 'OPT' ? record.options : []))
  const errors = options.flatMap((option) =>
    (option.code as unknown) === 15 ? [(option as unknown as { data: Buffer }).data.readUInt16BE(0)] : [],
  )
  return [rcodeOf(reply), ...addresses, ...errors.map((code) => `EDE ${code}`)].join(' ')
}

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `waited too long for ${what}`)
    await sleep(50)
  }
}

const service = (name: string, clusterIP: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name },
  spec: { clusterIP, ports: [{ port: 80 }] },
})

async function sandboxFor(t: TestContext): Promise<Sandbox> {
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  sandbox.apply([service('kept', '10.96.7.1'), service('deleted', '10.96.7.2')])
  return sandbox
}

const corefile = (sandbox: Sandbox, more = '', http = '') => `cluster.local:0 {
    bind 127.0.0.1
    errors
    ${http}
    kubernetes {
        endpoint ${sandbox.url}
        startup_timeout 300ms
        ${more}
    }
}
`

const kept = 'kept.default.svc.cluster.local'
const deleted = 'deleted.default.svc.cluster.local'

test('a start during an outage, without a snapshot: nothing is denied, and all is there once the API server is', async (t) => {
  const sandbox = await sandboxFor(t)
  sandbox.trouble.refuse(true)
  const port = await freePort()
  const program = await serve(t, corefile(sandbox, '', `ready 127.0.0.1:${port}`))
  assert.equal(await told(program, kept), 'SERVFAIL')
  const page = () => fetch(`http://127.0.0.1:${port}/ready`)
  const notReady = await page()
  assert.deepEqual([notReady.status, await notReady.text()], [503, 'kubernetes'])
  await program.printed(
    /plugin\/ready: Plugins not ready: "kubernetes"; kubernetes waits for services, namespaces, endpointslices/,
  )
  await program.printed(/plugin\/kubernetes: failed to list endpointslices, namespaces, services: /)
  sandbox.trouble.refuse(false)
  await until('answers', async () => (await told(program, kept)) === 'NOERROR 10.96.7.1')
  await until('readiness', async () => (await page()).status === 200)
  await program.printed(/plugin\/kubernetes: endpointslices, namespaces, services are followed again, after /)
  assert.equal((program.output().match(/failed to list/g) ?? []).length, 1)
})

test('a start during an outage, with a snapshot: answers as before, marked as stale, and then what is true', async (t) => {
  const sandbox = await sandboxFor(t)
  const folder = mkdtempSync(join(tmpdir(), 'outage-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const snapshot = join(folder, 'snapshot')
  const text = corefile(sandbox, `snapshot ${snapshot}\n        stale_after 0s`)
  const first = await serve(t, text)
  assert.equal(await told(first, kept), 'NOERROR 10.96.7.1')
  first.process.kill('SIGTERM')
  assert.equal(await first.ended, 0)
  assert.ok(existsSync(snapshot))
  sandbox.trouble.refuse(true)
  sandbox.delete('services', 'default', 'deleted')
  const second = await serve(t, text)
  await until('the snapshot', async () => (await told(second, kept)) === 'NOERROR 10.96.7.1 EDE 3')
  assert.equal(await told(second, deleted), 'NOERROR 10.96.7.2 EDE 3')
  assert.equal(await told(second, 'nope.default.svc.cluster.local'), 'NXDOMAIN EDE 19')
  await second.printed(/services can't be listed, answering from snapshot/)
  sandbox.trouble.refuse(false)
  await until('the truth', async () => (await told(second, deleted)) === 'NXDOMAIN')
  assert.equal(await told(second, kept), 'NOERROR 10.96.7.1')
})

test('a reload during an outage keeps what is known', async (t) => {
  const sandbox = await sandboxFor(t)
  const program = await serve(t, corefile(sandbox))
  assert.equal(await told(program, kept), 'NOERROR 10.96.7.1')
  sandbox.trouble.refuse(true)
  // Its own settings may change too, but for those of what is watched.
  writeFileSync(program.file, corefile(sandbox, 'ttl 7\n        stale_after 100ms').replace(':0', `:${program.port}`))
  program.process.kill('SIGUSR1')
  await program.printed(/Reloading complete/)
  await until('stale answers', async () => (await told(program, kept)) === 'NOERROR 10.96.7.1 EDE 3')
  sandbox.delete('services', 'default', 'deleted')
  sandbox.trouble.refuse(false)
  await until('the truth', async () => (await told(program, deleted)) === 'NXDOMAIN')
  assert.equal(await told(program, kept), 'NOERROR 10.96.7.1')
})
