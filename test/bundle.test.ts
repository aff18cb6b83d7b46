// The bundle of `npm run bundle`, away from its source: it serves, by its workers, with all that lies beside it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bundle } from '../scripts/bundle.ts'
import { decodeMessage } from '../src/dns/decode.ts'
import { printRecords } from '../src/dns/text.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { version } from '../src/version.ts'
import { fixtureFolder } from './ask.ts'
import { ask, askTcp, question } from './server/ask.ts'
import { folderFor, start } from './server/process.ts'

let folder = ''
let main = ''

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clusterdns-bundle-'))
  main = join(folder, 'main.js')
  await bundle(folder, '1a2b3c4')
})

after(() => rmSync(folder, { recursive: true }))

const answer = (reply: Buffer | undefined) => {
  assert.ok(reply, 'an answer')
  return decodeMessage(reply).answer.flatMap(printRecords)
}

test('serves a cluster by UDP and TCP, and ends with 0', async (t) => {
  const cluster = await startSandbox({ manifests: [fixtureFolder] })
  t.after(() => cluster.close())
  await cluster.settled()
  const corefile = join(folderFor(t), 'Corefile')
  writeFileSync(
    corefile,
    `. {
  bind 127.0.0.1
  errors
  kubernetes cluster.local {
    endpoint ${cluster.url}
  }
  template IN TXT example {
    match "^(a+)[.]example[.]$"
    answer "{{ .Name }} 60 IN TXT {{ index .Match 1 }}"
  }
}
`,
  )
  const program = start(t, ['-conf', corefile, '-dns.port', '0'], { main })
  await program.printed(/\nlinux\/|\ndarwin\//)
  const port = Number(/:(\d+)(?: on \S+)?\n/.exec(program.output())?.[1])
  const name = 'svc1.testns.svc.cluster.local'
  const expected = [`${name}. 5 IN A 10.96.1.1`]
  assert.deepEqual(answer(await ask(port, question(name))), expected)
  assert.deepEqual(answer(await askTcp(port, question(name))), expected)
  const text = question('aaa.example', { questions: [{ type: 'TXT', name: 'aaa.example' }] })
  assert.deepEqual(answer(await ask(port, text)), ['aaa.example. 60 IN TXT "aaa"'])
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0, program.output())
})

test('reads a kubeconfig', async (t) => {
  const cluster = await startSandbox({ manifests: [fixtureFolder] })
  t.after(() => cluster.close())
  await cluster.settled()
  const own = folderFor(t)
  await cluster.writeKubeconfig(join(own, 'kubeconfig'))
  writeFileSync(
    join(own, 'Corefile'),
    `. {\n  bind 127.0.0.1\n  errors\n  kubernetes cluster.local {\n    kubeconfig ${join(own, 'kubeconfig')} sandbox-token\n  }\n}\n`,
  )
  const program = start(t, ['-conf', join(own, 'Corefile'), '-dns.port', '0'], { main })
  await program.printed(/\nlinux\/|\ndarwin\//)
  const port = Number(/:(\d+)(?: on \S+)?\n/.exec(program.output())?.[1])
  const name = 'svc1.testns.svc.cluster.local'
  assert.deepEqual(answer(await ask(port, question(name))), [`${name}. 5 IN A 10.96.1.1`])
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0, program.output())
})

test('knows its version', () => {
  const { stdout, status } = spawnSync(process.execPath, [main, '-version'], { encoding: 'utf8' })
  assert.equal(status, 0)
  const [first, second] = stdout.split('\n')
  assert.equal(first, `clusterdns-${version}`)
  assert.match(second ?? '', /, node v[0-9.]+, 1a2b3c4$/)
})

test('keeps the package for kubeconfigs in a chunk of its own', () => {
  const chunks = readdirSync(folder).filter((file) => file.endsWith('.js'))
  const text = (file: string) => readFileSync(join(folder, file), 'utf8')
  const holders = chunks.filter((file) => text(file).includes('loadFromClusterAndUser('))
  assert.equal(holders.length, 1, 'it is in one chunk')
  // Not those of import(), with its parenthesis.
  const loadedAtOnce = chunks.flatMap((file) =>
    [...text(file).matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, to]) => to),
  )
  assert.ok(loadedAtOnce.length > 0)
  assert.ok(!loadedAtOnce.includes(holders[0]), 'nobody imports it but by import()')
})

test('brings the licenses of what is in it', () => {
  assert.match(readFileSync(join(folder, 'licenses.txt'), 'utf8'), /^pino \d/m)
})

test('brings koffi, where it is installed', {
  skip: !existsSync('node_modules/koffi') && 'koffi is not installed',
}, () => {
  // Where it can't be loaded, the server goes on with fewer queries a second, and a bundle without it would hardly be noticed.
  const script = "process.stdout.write(String(require('koffi').load(null).func('int getpid()')()))"
  const { stdout, stderr, pid } = spawnSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' })
  assert.equal(stdout, String(pid), stderr)
})
