// `npm run e2e [resolvers] [autopath] [image] [rollout] [transfer]`: whole programs, most in network namespaces; all of it by default. Says
// what is skipped, and why.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { need } from '../../scripts/buildah.ts'
import { podResolvConf } from '../../src/resolver/kubelet.ts'
import { printResolvConf, type ResolvConf } from '../../src/resolver/resolv-conf.ts'
import { version } from '../../src/version.ts'
import { programs as containerPrograms, removeCgroups, unpackImage } from './container.ts'
import { clusterIP, makeNetwork, type Network, nodeAddress, obstacle, removeNetwork } from './network.ts'
import { buildPrograms } from './programs.ts'
import { programs as proxyPrograms } from './service-proxy.ts'

const nothing: ResolvConf = { nameservers: [], search: [], options: [] }

function fileOf(namespace: string, search: readonly string[] = []): string {
  const dnsConfig = { nameservers: [], searches: search, options: [] }
  const pod = { namespace, policy: 'ClusterFirst', hostNetwork: false, dnsConfig, clusterDns: [clusterIP] } as const
  return printResolvConf(podResolvConf({ ...pod, clusterDomain: 'cluster.local', host: nothing }).conf)
}

/** Runs a test file in the network namespace of the node. Resolves to the exit code. */
async function runTests(file: string, network: Network, env: Readonly<Record<string, string>>): Promise<number> {
  const tests = fileURLToPath(new URL(file, import.meta.url))
  // `ip netns exec` would hide the cgroups.
  const args = [`--net=/run/netns/${network.node}`, process.execPath, '--test', '--test-timeout=3600000', tests]
  const child = spawn('nsenter', args, {
    stdio: 'inherit',
    env: { ...process.env, E2E_NETWORK: JSON.stringify(network), ...env },
  })
  // The child ends first, and what was made is removed then.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

/** Runs a test file with all the resolvers there are. */
async function withResolvers(file: string, folder: string): Promise<number> {
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
    return await runTests(file, network, { E2E_PROGRAMS: JSON.stringify(programs) })
  } finally {
    removeNetwork(network)
  }
}

/** Runs a test file with the image of `npm run image`, or that of E2E_IMAGE, in a network where pods are routed. */
async function withImage(file: string, pods: Readonly<Record<string, string>>, folder: string): Promise<number> {
  const name = process.env.E2E_IMAGE ?? `localhost/clusterdns:${version}`
  need(['buildah', 'busybox', ...containerPrograms, ...proxyPrograms])
  const image = unpackImage(name)
  if (image === undefined) {
    process.stdout.write(`skipped: ${file}, for there is no image ${name} (npm run image)\n`)
    return 0
  }
  try {
    const network = makeNetwork(pods, { routed: true })
    try {
      const { remove: _, ...unpacked } = image
      return await runTests(file, network, { E2E_UNPACKED_IMAGE: JSON.stringify(unpacked), E2E_FOLDER: folder })
    } finally {
      removeNetwork(network)
      removeCgroups(folder)
    }
  } finally {
    image.remove()
  }
}

/** Runs a test file that needs no network but loopback. Resolves to the exit code. */
async function runPlainTests(file: string): Promise<number> {
  const tests = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, ['--test', '--test-timeout=600000', tests], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

const scenarios: Readonly<Record<string, (folder: string) => Promise<number>>> = {
  resolvers: (folder) => withResolvers('resolvers.test.ts', folder),
  autopath: (folder) => withResolvers('autopath.test.ts', folder),
  image: (folder) =>
    withImage('image.test.ts', { dns: `nameserver ${nodeAddress}\n`, client: fileOf('default') }, folder),
  rollout: (folder) => withImage('rollout.test.ts', { client: fileOf('default') }, folder),
  transfer: () => runPlainTests('transfer.test.ts'),
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(scenarios)
const unknown = wanted.filter((name) => scenarios[name] === undefined)
const why = obstacle()
if (unknown.length > 0) {
  process.stderr.write(`no scenario ${unknown.join(', ')}; there are ${Object.keys(scenarios).join(', ')}\n`)
  process.exitCode = 2
} else if (why !== undefined) {
  process.stdout.write(`skipped: all of it, for ${why}\n`)
} else {
  for (const name of wanted) {
    const folder = mkdtempSync(join(tmpdir(), 'clusterdns-e2e-'))
    try {
      process.exitCode = (await scenarios[name]?.(folder)) || process.exitCode || 0
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}
