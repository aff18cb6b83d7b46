// A client that nobody here wrote: CoreDNS, whose binary COREDNS names, syncs from the sandbox and answers the walkthroughs.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { withSandbox } from './with-sandbox.ts'

const binary = process.env.COREDNS ?? ''
const skip = binary === '' ? 'needs COREDNS' : false
const walkthroughs = join(import.meta.dirname, '../../manifests/walkthroughs')

/** A port that is free now. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address() as AddressInfo
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}

/** Asks until the answer is the one wanted; fails with the last one after ten seconds. */
async function eventually(ask: () => Promise<readonly string[]>, wanted: readonly string[]): Promise<void> {
  let last: readonly string[] = []
  for (const start = Date.now(); Date.now() - start < 10_000; await new Promise((resolve) => setTimeout(resolve, 50))) {
    last = [...(await ask().catch((error: Error) => [error.message]))].sort()
    if (last.join() === [...wanted].sort().join()) return
  }
  assert.deepEqual(last, [...wanted].sort())
}

for (const context of ['sandbox', 'sandbox-token', 'sandbox-cert']) {
  test(`CoreDNS by way of ${context}`, { skip }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clusterdns-coredns-'))
    const port = await freePort()
    await withSandbox({ manifests: [walkthroughs] }, async (sandbox) => {
      sandbox.writeKubeconfig(join(folder, 'kubeconfig'))
      const kubernetes = `kubeconfig ${join(folder, 'kubeconfig')} ${context}\n  pods verified\n  ttl 0`
      const corefile = `.:${port} {\n bind 127.0.0.1\n kubernetes cluster.local in-addr.arpa {\n  ${kubernetes}\n }\n}\n`
      writeFileSync(join(folder, 'Corefile'), corefile)
      const child = spawn(binary, ['-conf', join(folder, 'Corefile')], { stdio: 'ignore' })
      const ended = new Promise((resolve) => child.on('exit', resolve))
      try {
        const resolver = new Resolver({ timeout: 1000, tries: 1 })
        resolver.setServers([`127.0.0.1:${port}`])
        const a = (name: string) => () => resolver.resolve4(`${name}.default.svc.cluster.local`)
        await eventually(a('nginx-test'), ['192.168.40.103', '192.168.40.96'])
        await eventually(a('nginx-web-1.nginx-test'), ['192.168.40.96'])
        await eventually(a('kubia'), ['10.254.129.235'])
        await eventually(a('kubia-headless'), ['172.30.35.3', '172.30.14.3'])
        await eventually(a('headless-by-hand'), ['192.168.40.201', '192.168.40.202'])
        const reverse = () => resolver.reverse('10.42.0.6')
        await eventually(reverse, ['mysql-sts-2.mysql-svc.default.svc.cluster.local'])
        await eventually(() => resolver.resolve4('10-42-0-6.default.pod.cluster.local'), ['10.42.0.6'])
        sandbox.patch('svc', 'default', 'kubia-headless', { spec: { publishNotReadyAddresses: true } })
        await eventually(a('kubia-headless'), ['172.30.35.3', '172.30.14.3', '172.30.35.2'])
        for (const ordinal of [0, 1, 2]) sandbox.delete('pod', 'default', `hello-kubernetes-${ordinal}`)
        await eventually(a('headless-demo'), ['10.244.1.7', '10.244.2.7', '10.244.0.8'])
        sandbox.trouble.restart()
        sandbox.delete('svc', 'default', 'kubia')
        await eventually(a('kubia'), ['queryA ENOTFOUND kubia.default.svc.cluster.local'])
      } finally {
        child.kill()
        await ended
      }
    })
    rmSync(folder, { recursive: true })
  })
}
