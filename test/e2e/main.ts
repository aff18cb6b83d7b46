// `npm run e2e`: real resolvers in network namespaces against the server at a ClusterIP; says so where that can't be.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { podResolvConf } from '../../src/resolver/kubelet.ts'
import { printResolvConf, type ResolvConf } from '../../src/resolver/resolv-conf.ts'
import { clusterIP, makeNetwork, obstacle, removeNetwork } from './network.ts'
import { buildPrograms } from './programs.ts'

const nothing: ResolvConf = { nameservers: [], search: [], options: [] }

function fileOf(namespace: string, search: readonly string[] = []): string {
  const dnsConfig = { nameservers: [], searches: search, options: [] }
  const pod = { namespace, policy: 'ClusterFirst', hostNetwork: false, dnsConfig, clusterDns: [clusterIP] } as const
  return printResolvConf(podResolvConf({ ...pod, clusterDomain: 'cluster.local', host: nothing }).conf)
}

const why = obstacle()
if (why !== undefined) {
  process.stdout.write(`skipped: all of it, for ${why}\n`)
} else {
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-e2e-'))
  const programs = buildPrograms(folder)
  for (const [name, reason] of programs.missing) process.stdout.write(`skipped: ${name}, for ${reason}\n`)
  const more = Array.from({ length: 6 }, (_, i) => `extra-${i}.example.org`)
  const network = makeNetwork({
    default: fileOf('default'),
    other: fileOf('other'),
    // More than the six search paths of old.
    many: fileOf('default', more),
    // A root in front of the list, as some nodes have it.
    root: fileOf('default').replace('search ', 'search . '),
  })
  try {
    const tests = fileURLToPath(new URL('resolvers.test.ts', import.meta.url))
    const args = ['netns', 'exec', network.node, process.execPath, '--test', '--test-timeout=300000', tests]
    const env = { ...process.env, E2E_NETWORK: JSON.stringify(network), E2E_PROGRAMS: JSON.stringify(programs) }
    const child = spawn('ip', args, { stdio: 'inherit', env })
    // The child ends first, and what was made is removed then.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
    const [code] = (await once(child, 'exit')) as [number | null]
    process.exitCode = code ?? 1
  } finally {
    removeNetwork(network)
    rmSync(folder, { recursive: true })
  }
}
