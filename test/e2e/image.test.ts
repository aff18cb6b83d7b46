// The image as kubelet has it run: in a network namespace of its own, not as root, on a root that can't be written, with all
// capabilities dropped but one and with the stock limits, asked by busybox through the Service's address. Runs in the node's
// network namespace; started by main.ts.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from '../../src/dns/codes.ts'
import { parseName } from '../../src/dns/name.ts'
import { Inquiry } from '../../src/explain/inquiry.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { version } from '../../src/version.ts'
import { memoryOf } from '../bench/rig/process-cpu.ts'
import { objectsOf } from '../bench/synthetic-cluster.ts'
import { stockText } from '../stock-corefiles.ts'
import { type Container, limitObstacle, startContainer, type UnpackedImage } from './container.ts'
import { startInternet } from './internet.ts'
import { clusterIP, type Network, nodeAddress } from './network.ts'
import { setEndpoints } from './service-proxy.ts'

const image = JSON.parse(process.env.E2E_UNPACKED_IMAGE ?? '{"root":""}') as Omit<UnpackedImage, 'remove'>
const network = JSON.parse(process.env.E2E_NETWORK ?? '{"node":"","pods":{}}') as Network
const folder = process.env.E2E_FOLDER ?? ''
const isSetUp = image.root !== ''
const { dns, client } = network.pods

/** Of the stock Deployment. */
const memory = 170 * 2 ** 20
const size = { services: Number(process.env.E2E_SERVICES ?? 10_000), endpoints: 5, namespaces: 50 }

let sandbox: Sandbox
let environment: Readonly<Record<string, string>>

/** Starts the image's program with the stock arguments. */
function start(args: readonly string[], cpu: number | undefined): Promise<Container> {
  assert.ok(dns)
  const limits = limitObstacle() === undefined ? { memory, cpu } : undefined
  return startContainer({
    name: 'coredns',
    folder,
    root: image.root,
    args: [...image.args, ...args],
    env: { ...image.env, ...environment },
    user: image.user,
    capabilities: ['CAP_NET_BIND_SERVICE'],
    network: dns.name,
    mounts: {
      '/etc/coredns': join(folder, 'config'),
      '/etc/resolv.conf': `/etc/netns/${dns.name}/resolv.conf`,
      '/etc/hosts': `/etc/netns/${dns.name}/hosts`,
      '/var/run/secrets/kubernetes.io/serviceaccount': join(folder, 'account'),
    },
    limits,
  })
}

function setPortStart(first: number): void {
  assert.ok(dns)
  execFileSync('ip', ['netns', 'exec', dns.name, 'sysctl', '-qw', `net.ipv4.ip_unprivileged_port_start=${first}`])
}

/** Addresses of a name as the server gives them to the node; undefined without an answer. */
async function addressesOf(name: string, timeout = 5000): Promise<readonly string[] | undefined> {
  const { rcode, data } = await new Inquiry([{ address: clusterIP, port: 53 }], timeout).ask(parseName(name), Type.A)
  return rcode === 'NOERROR' ? data : undefined
}

/** Not in this thread, which answers for the Internet. */
async function nslookup(name: string): Promise<{ readonly code: number | null; readonly output: string }> {
  assert.ok(client)
  const child = spawn('ip', ['netns', 'exec', client.name, 'busybox', 'nslookup', name])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

/** Asks until it is so; a minute at most. */
async function until(isSo: () => Promise<boolean>, program: Container): Promise<void> {
  const started = performance.now()
  while (!(await isSo())) {
    assert.ok(performance.now() - started < 60_000, program.output())
    await sleep(5)
  }
}

before(async () => {
  if (!isSetUp) return
  assert.ok(dns)
  // What kubelet mounts is read by another user.
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'config'))
  mkdirSync(join(folder, 'account'))
  writeFileSync(join(folder, 'config/Corefile'), stockText('kubeadm', '/etc/coredns'))
  sandbox = await startSandbox({ host: nodeAddress })
  sandbox.apply([...objectsOf(size)] as Parameters<Sandbox['apply']>[0])
  await sandbox.settled()
  environment = sandbox.writeServiceAccount(join(folder, 'account'))
  for (const file of ['token', 'ca.crt', 'namespace']) chmodSync(join(folder, 'account', file), 0o644)
  setEndpoints(clusterIP, [dns.address])
})

after(async () => {
  if (!isSetUp) return
  await sandbox.close()
})

suite('image', { skip: isSetUp ? false : 'started by npm run e2e' }, () => {
  test('tells its version and revision', async () => {
    const program = await start(['-version'], undefined)
    assert.equal(await program.ended, 0)
    assert.match(program.output(), new RegExp(`^clusterdns-${version}\nlinux/\\w+, node v[0-9.]+, [0-9a-f]{7}\\S*\n$`))
  })

  // The stock Deployment has no limit of CPU.
  for (const [first, cpu, cpus] of [
    [0, undefined, 'all CPUs'],
    [0, 0.5, 'half a CPU'],
    [1024, 0.5, 'half a CPU'],
  ] as const) {
    test(`serves a cluster by port 53 where ip_unprivileged_port_start is ${first}, with ${cpus}`, async (t) => {
      assert.ok(dns)
      const obstacle = limitObstacle()
      if (obstacle !== undefined) t.diagnostic(`without limits of memory and CPU, for ${obstacle}`)
      setPortStart(first)
      const internet = await startInternet(nodeAddress, 53)
      t.after(() => internet.close())
      const started = performance.now()
      const program = await start(['-conf', '/etc/coredns/Corefile'], cpu)
      t.after(async () => {
        await program.kill('SIGKILL')
        await program.ended
      })
      await until(async () => (await addressesOf('svc-0.ns-0.svc.cluster.local', 100)) !== undefined, program)
      const answered = performance.now() - started

      const page = async (port: number, path: string) => (await fetch(`http://${dns.address}:${port}${path}`)).text()
      // The worker that answered may be ahead of the other.
      await until(async () => (await page(8181, '/ready')) === 'OK', program)

      const status = readFileSync(`/proc/${program.pid}/status`, 'utf8')
      assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m)
      assert.match(status, /^NoNewPrivs:\t1$/m)
      assert.match(status, /^CapBnd:\t0000000000000400$/m)
      assert.match(readFileSync(`/proc/${program.pid}/mountinfo`, 'utf8'), /^\S+ \S+ \S+ \S+ \/ ro[, ]/m)
      // Without koffi it would serve, too, but fewer queries a second.
      assert.match(readFileSync(`/proc/${program.pid}/maps`, 'utf8'), /\/koffi\.node$/m)

      for (const [name, address] of [
        ['kubernetes', '10.96.0.1'],
        ['svc-3.ns-3.svc.cluster.local', '10.96.1.3'],
        ['api.example.com', '192.0.2.80'],
      ] as const) {
        assert.match((await nslookup(name)).output, new RegExp(`^Name:\t${name}.*\nAddress:? ?.*\\b${address}$`, 'm'))
      }
      assert.equal((await nslookup('svc-3.ns-3.svc.cluster.local')).code, 0)
      assert.match((await nslookup('nobody.ns-3.svc.cluster.local')).output, /NXDOMAIN/)

      assert.equal(await page(8080, '/health'), 'OK')
      assert.match(await page(9153, '/metrics'), /^coredns_build_info\{[^}]*revision="[0-9a-f]{7}[^}]*\} 1$/m)

      const before = memoryOf([program.pid])
      for (let index = 0; index < size.services; index++) {
        const name = `svc-${index}.ns-${index % size.namespaces}.svc.cluster.local`
        const expected = index % 10 === 9 ? size.endpoints : 1
        assert.equal((await addressesOf(name))?.length, expected, name)
      }
      const after = memoryOf([program.pid])
      // What the API server's restart brings: everything anew, at once, from all that watch.
      sandbox.trouble.expire()
      const told = (pattern: RegExp) => async () => pattern.test(await page(9153, '/metrics'))
      await until(told(/^clusterdns_kubernetes_relists_total\{kind="endpointslices"[^}]*\} [1-9]/m), program)
      // The watch that comes after the list.
      await until(told(/^clusterdns_kubernetes_watch_age_seconds\{kind="endpointslices"\} (?!0$)/m), program)
      const relisted = memoryOf([program.pid])
      const counted = program.memory()
      const mebibytes = (octets: number) => (octets / 2 ** 20).toFixed(0)
      t.diagnostic(`${size.services} Services with ${size.endpoints} endpoints each, ${cpus}, 170 MiB`)
      t.diagnostic(`first answer after ${(answered / 1000).toFixed(2)} s`)
      t.diagnostic(`resident ${before.now} MiB, ${after.now} MiB after a query for each Service`)
      t.diagnostic(`resident after another list of everything ${relisted.now} MiB, at most ${relisted.peak} MiB`)
      if (counted !== undefined) {
        t.diagnostic(
          `memory by its cgroup ${mebibytes(counted.now)} MiB, at most ${mebibytes(counted.peak)} MiB of 170 MiB`,
        )
        assert.equal(program.outOfMemory(), 0)
      }

      await program.kill('SIGTERM')
      assert.equal(await program.ended, 0, program.output())
    })
  }
})
