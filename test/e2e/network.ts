// A node and its pods as network namespaces (iproute2): the node holds a bridge, each pod has an address and a resolv.conf of
// its own. The ClusterIP is an address of the node, or, where pods are routed, nobody's: the node then has to translate it
// (service-proxy.ts). Needs root.
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'

export const clusterIP = '10.96.0.10'

export interface PodNetwork {
  /** Of the namespace. */
  readonly name: string
  readonly address: string
  readonly resolvConf: string
}

/** Of the node. */
export const nodeAddress = '10.244.0.1'

export interface Network {
  readonly node: string
  /** Every packet between pods passes the node, as in a cluster; else they reach each other on the bridge. */
  readonly routed: boolean
  readonly pods: Readonly<Record<string, PodNetwork>>
}

const ip = (...args: readonly string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Undefined where namespaces can be made; else why not. */
export function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const name = `cdns-${process.pid}-probe`
  try {
    ip('netns', 'add', name)
    ip('netns', 'del', name)
    return undefined
  } catch (error) {
    return `network namespaces can't be made: ${(error as Error).message.split('\n')[0]}`
  }
}

/** `files`: by the names of the pods, their resolv.conf. */
export function makeNetwork(files: Readonly<Record<string, string>>, { routed = false } = {}): Network {
  const prefix = `cdns-${process.pid}`
  const node = `${prefix}-node`
  ip('netns', 'add', node)
  inside(node, 'link', 'set', 'lo', 'up')
  // An address of its own: it would have that of one of its ports, and lose packets when a pod goes.
  inside(node, 'link', 'add', 'br0', 'address', '02:00:0a:f4:00:01', 'type', 'bridge')
  inside(node, 'addr', 'add', `${nodeAddress}/16`, 'dev', 'br0')
  inside(node, 'addr', 'add', 'fd00:10:244::1/64', 'dev', 'br0', 'nodad')
  if (routed) {
    for (const setting of ['ip_forward=1', 'conf.all.send_redirects=0', 'conf.br0.send_redirects=0']) {
      ip('netns', 'exec', node, 'sysctl', '-qw', `net.ipv4.${setting}`)
    }
  } else inside(node, 'addr', 'add', `${clusterIP}/32`, 'dev', 'lo')
  inside(node, 'link', 'set', 'br0', 'up')
  // Where packets to Services seem to go, before they are translated.
  if (routed) inside(node, 'route', 'add', 'default', 'dev', 'br0')
  const network: Network = { node, routed, pods: {} }
  const pods = Object.fromEntries(
    Object.entries(files).map(([pod, resolvConf], at) => [
      pod,
      addPod(network, pod, `10.244.0.${at + 11}`, resolvConf),
    ]),
  )
  return { ...network, pods }
}

/** `address`: its address, of 10.244.0.0/16. */
function addPod(network: Network, pod: string, address: string, resolvConf: string): PodNetwork {
  const own = podNetwork(network, pod, address, resolvConf)
  for (const command of commandsFor(network, own)) ip(...command)
  return own
}

/** As addPod, but lets this thread do other things meanwhile. Whoever adds one removes it. */
export async function joinPod(network: Network, pod: string, address: string, resolvConf: string): Promise<PodNetwork> {
  const own = podNetwork(network, pod, address, resolvConf)
  await runAll(commandsFor(network, own))
  // As container runtimes set it.
  await runAll([['netns', 'exec', own.name, 'sysctl', '-qw', 'net.ipv4.ip_unprivileged_port_start=0']])
  return own
}

export async function leavePod({ name }: PodNetwork): Promise<void> {
  await runAll([['netns', 'del', name]])
  rmSync(`/etc/netns/${name}`, { recursive: true, force: true })
}

/** Runs `ip` with each of these arguments, which have nothing in them that a shell would take for its own. */
async function runAll(commands: readonly (readonly string[])[]): Promise<void> {
  const script = commands.map((args) => `ip ${args.join(' ')}`).join('\n')
  await promisify(execFile)('sh', ['-ec', script])
}

function podNetwork({ node }: Network, pod: string, address: string, resolvConf: string): PodNetwork {
  const name = node.replace(/node$/, pod)
  writeEtc(name, resolvConf)
  return { name, address, resolvConf }
}

function commandsFor({ node, routed }: Network, { name, address }: PodNetwork): string[][] {
  const [third = 0, fourth = 0] = address.split('.').slice(2).map(Number)
  const peer = `veth${third}-${fourth}`
  return [
    ['netns', 'add', name],
    ['link', 'add', 'eth0', 'netns', name, 'type', 'veth', 'peer', 'name', peer, 'netns', node],
    ['-n', node, 'link', 'set', peer, 'master', 'br0', 'up'],
    ['-n', name, 'link', 'set', 'lo', 'up'],
    ['-n', name, 'addr', 'add', `${address}/${routed ? 32 : 24}`, 'dev', 'eth0'],
    ['-n', name, 'addr', 'add', `fd00:10:244::${third}:${fourth}/64`, 'dev', 'eth0', 'nodad'],
    ['-n', name, 'link', 'set', 'eth0', 'up'],
    ...(routed ? [['-n', name, 'route', 'add', nodeAddress, 'dev', 'eth0']] : []),
    ['-n', name, 'route', 'add', 'default', 'via', nodeAddress],
  ]
}

/** Removes it with all pods that there are now, and ends what still runs in them. */
export function removeNetwork({ node }: Network): void {
  const prefix = node.replace(/node$/, '')
  const names = ip('netns', 'list')
    .split('\n')
    .map((line) => line.replace(/ .*/, ''))
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const pids = ip('netns', 'pids', name).split('\n')
    // Those that have ended since are no fault.
    if (pids[0] !== '') spawnSync('kill', ['-KILL', ...pids.filter((pid) => pid !== '')])
    ip('netns', 'del', name)
    rmSync(`/etc/netns/${name}`, { recursive: true, force: true })
  }
}

function inside(namespace: string, ...args: readonly string[]): void {
  ip('-n', namespace, ...args)
}

/** What `ip netns exec` lays over /etc. */
function writeEtc(name: string, resolvConf: string): void {
  const folder = `/etc/netns/${name}`
  mkdirSync(`${folder}/systemd`, { recursive: true })
  writeFileSync(`${folder}/resolv.conf`, resolvConf)
  writeFileSync(`${folder}/hosts`, '127.0.0.1 localhost\n')
  writeFileSync(`${folder}/nsswitch.conf`, 'passwd: files\ngroup: files\nhosts: files dns\n')
  writeFileSync(
    `${folder}/systemd/resolved.conf`,
    '[Resolve]\nDNSSEC=no\nLLMNR=no\nMulticastDNS=no\nDNSStubListener=no\nCache=no\nFallbackDNS=\n',
  )
  // systemd-resolved runs as a user that its package would make.
  for (const [file, line] of [
    ['passwd', 'systemd-resolve:x:991:991::/:/usr/sbin/nologin\n'],
    ['group', 'systemd-resolve:x:991:\n'],
  ] as const) {
    const text = readFileSync(`/etc/${file}`, 'utf8')
    writeFileSync(`${folder}/${file}`, text.includes('systemd-resolve:') ? text : text + line)
  }
}
