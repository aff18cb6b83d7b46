// Every command of the pages for operators, as it stands there, in its order: kubectl against a sandbox, ours as it is, the ports of
// a server that runs. What builds images, and what needs containers, is stood in for here and done by `npm run e2e`.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { ask, freePort, question } from './server/ask.ts'
import { folderFor, start } from './server/process.ts'
import { stockText } from './stock-corefiles.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const stock = fileURLToPath(new URL('fixtures/stock/kubeadm.yaml', import.meta.url))
const pages = ['docs/installing.md', 'docs/migrating.md', 'docs/operating.md']
const missing = ['kubectl', 'curl', 'bash'].filter((program) => spawnSync(program, ['--help']).error !== undefined)
const skip = missing.length === 0 ? false : `needs ${missing.join(', ')}`

/** What a cluster has whose DNS is kube-dns. */
const kubeDns = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kube-dns, namespace: kube-system }
data: { stubDomains: '{"acme.local": ["192.0.2.1"]}' }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: kube-dns, namespace: kube-system, labels: { k8s-app: kube-dns } }
spec:
  replicas: 2
  selector: { matchLabels: { k8s-app: kube-dns } }
  template:
    metadata: { labels: { k8s-app: kube-dns } }
    spec: { containers: [{ name: kubedns, image: registry.k8s.io/dns/k8s-dns-kube-dns:1.22.28 }] }
`

/** Programs that don't run here, by their names: what they do instead. `REAL` is the program itself. */
const standIns: Readonly<Record<string, string>> = {
  docker: 'test "$1" = build && test -f Dockerfile',
  buildah: 'test "$1" = push',
  git: 'echo 1a2b3c4',
  ip: 'echo "$*" | grep -q "^link "',
  npm: `case "$*" in
  ci) ;;
  "run bundle") exec "$NODE" scripts/bundle.ts "$PWD/dist" ;;
  "run image") test -f scripts/image.ts ;;
  "run e2e -- rollout") test -f test/e2e/rollout.test.ts ;;
  *) echo "no stand-in for npm $*" >&2; exit 1 ;;
esac`,
  // Nothing runs in the pods of a sandbox.
  kubectl: `case " $* " in
  *" exec "* | *" logs "* | *" port-forward "*) ;;
  *) exec REAL "$@" ;;
esac`,
  node: 'exec "$NODE" "$@"',
}

/** The commands of a page: lines that are indented by four, of blocks of their own. Lines that go on are one. */
function commandsIn(page: string): string[] {
  const blocks = [...page.matchAll(/(?<=\n\n)(?: {4}.*\n)+/g)].map(([block]) => block.replace(/^ {4}/gm, ''))
  return blocks.flatMap((block) =>
    block
      .replace(/\|\n\s+/g, '| ')
      .trimEnd()
      .split('\n'),
  )
}

interface Place {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  /** A command with the ports and files of this test. */
  readonly here: (command: string) => string
}

async function makePlace(t: TestContext): Promise<Place> {
  const folder = folderFor(t)
  for (const path of ['node_modules', 'src', 'manifests', 'scripts', 'test', 'Dockerfile', 'package.json']) {
    symlinkSync(join(root, path), join(folder, path))
  }
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  mkdirSync(join(folder, '.kube'))
  sandbox.writeKubeconfig(join(folder, '.kube/config'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const path = process.env.PATH ?? ''
  for (const [name, script] of Object.entries(standIns)) {
    const real = spawnSync('bash', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${script.replace('REAL', real)}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const env = { ...process.env, HOME: folder, PATH: `${bin}:${path}`, NODE: process.execPath }
  const kubeconfig = join(folder, '.kube/config')
  const kubectl = (args: readonly string[], input: string) => {
    const done = spawn('kubectl', args, {
      env: { ...env, KUBECONFIG: kubeconfig },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    done.stdin.end(input)
    return once(done, 'exit')
  }
  await kubectl(['apply', '-f', '-'], readFileSync(stock, 'utf8'))
  writeFileSync(join(folder, 'Corefile'), stockText('kubeadm', '/etc/coredns'))
  await kubectl(['-n', 'kube-system', 'create', 'configmap', 'coredns', `--from-file=${join(folder, 'Corefile')}`], '')

  await kubectl(['apply', '-f', '-'], kubeDns)

  const ports = { 8080: await freePort(), 8181: await freePort(), 9153: await freePort(), 53: await freePort() }
  const file = join(folder, 'Corefile.running')
  const corefile = `.:${ports[53]} {
    bind 127.0.0.1
    errors
    health 127.0.0.1:${ports[8080]}
    ready 127.0.0.1:${ports[8181]}
    prometheus 127.0.0.1:${ports[9153]}
    kubernetes cluster.local {
        endpoint ${sandbox.url}
    }
}
`
  writeFileSync(file, corefile)
  const pidFile = join(folder, 'clusterdns.pid')
  const server = start(t, ['-conf', file, '-pidfile', pidFile])
  await server.printed(/\nlinux\/|\ndarwin\//)
  // So that there is something to count.
  await ask(ports[53], question('kubernetes.default.svc.cluster.local'))
  const here = (command: string) =>
    command
      .replace(/http:\/\/localhost:(\d+)/g, (_, port: '8080') => `http://127.0.0.1:${ports[port]}`)
      .replace('-server 10.96.0.10', `-server 127.0.0.1:${ports[53]}`)
      .replace('/run/clusterdns.pid', pidFile)
  return { folder, env, here }
}

/** Resolves to what was printed. */
async function type(command: string, { folder, env, here }: Place): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', here(command)], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = await once(child, 'close')
  // `kubectl diff` says in its code that there is a difference.
  assert.equal(code, /^kubectl diff /.test(command) ? 1 : 0, `${command}\n${output}`)
  return output
}

/** Of some commands, what has to be in what they print. */
const expected: readonly (readonly [command: RegExp, output: RegExp])[] = [
  [/ check /, /^(?![\s\S]*error)/i],
  [/\/ready$/, /^OK$/],
  [/\/health$/, /^OK$/],
  [/ explain /, /^Resolved/m],
  [/get endpointslices/, /kube-dns-/],
  [/get pods/, /coredns-[\s\S]*coredns-/],
  [/rollout status/, /successfully rolled out/],
]

for (const page of pages) {
  suite(page, { skip }, () => {
    const commands = commandsIn(readFileSync(join(root, page), 'utf8'))
    test('has commands', () => assert.ok(commands.length > 0))

    test('each of its commands runs', async (t) => {
      const place = await makePlace(t)
      for (const command of commands) {
        if (/^node .*main\.js /.test(command)) await serveFor(t, command, place)
        else {
          const output = await type(command, place)
          for (const [of, pattern] of expected) if (of.test(command)) assert.match(output, pattern, command)
        }
      }
    })
  })
}

/** A command that starts the server: it prints its banner, and ends when it is told to. */
async function serveFor(t: TestContext, command: string, { folder }: Place): Promise<void> {
  const [, main = '', args = ''] = /^node (?:--\S+ )*(\S+) (.*)$/.exec(command) ?? []
  writeFileSync(join(folder, 'Corefile'), '. {\n  bind 127.0.0.1\n  whoami\n}\n')
  const program = start(t, [...args.split(' '), '-dns.port', '0'], { main: join(folder, main), cwd: folder })
  await program.printed(/\nlinux\/|\ndarwin\//)
  program.process.kill('SIGTERM')
  assert.equal(await program.ended, 0, program.output())
}

suite('this test', () => {
  test('finds commands', () => {
    const page = 'A:\n\n    one\n    two |\n        three\n\nB.\n\n* list\n\n    four\n\n```\n    no\n```\n'
    assert.deepEqual(commandsIn(page), ['one', 'two | three', 'four'])
  })
})
