// A node and its pods as network namespaces (iproute2): the node holds a bridge and the ClusterIP, each pod has an address
// on the bridge and a resolv.conf of its own. Needs root.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

export const clusterIP = '10.96.0.10'

export interface PodNetwork {
  /** Of the namespace. */
  readonly name: string
  readonly address: string
  readonly resolvConf: string
}

export interface Network {
  readonly node: string
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

/** By the names of the pods, their resolv.conf. */
export function makeNetwork(files: Readonly<Record<string, string>>): Network {
  const prefix = `cdns-${process.pid}`
  const node = `${prefix}-node`
  ip('netns', 'add', node)
  inside(node, 'link', 'set', 'lo', 'up')
  inside(node, 'link', 'add', 'br0', 'type', 'bridge')
  inside(node, 'addr', 'add', '10.244.0.1/24', 'dev', 'br0')
  inside(node, 'addr', 'add', 'fd00:10:244::1/64', 'dev', 'br0', 'nodad')
  inside(node, 'addr', 'add', `${clusterIP}/32`, 'dev', 'lo')
  inside(node, 'link', 'set', 'br0', 'up')
  const pods: Record<string, PodNetwork> = {}
  for (const [at, [pod, resolvConf]] of Object.entries(files).entries()) {
    const name = `${prefix}-${pod}`
    const host = at + 11
    ip('netns', 'add', name)
    ip('link', 'add', 'eth0', 'netns', name, 'type', 'veth', 'peer', 'name', `veth${host}`, 'netns', node)
    inside(node, 'link', 'set', `veth${host}`, 'master', 'br0', 'up')
    inside(name, 'link', 'set', 'lo', 'up')
    inside(name, 'addr', 'add', `10.244.0.${host}/24`, 'dev', 'eth0')
    inside(name, 'addr', 'add', `fd00:10:244::${host}/64`, 'dev', 'eth0', 'nodad')
    inside(name, 'link', 'set', 'eth0', 'up')
    inside(name, 'route', 'add', 'default', 'via', '10.244.0.1')
    writeEtc(name, resolvConf)
    pods[pod] = { name, address: `10.244.0.${host}`, resolvConf }
  }
  return { node, pods }
}

export function removeNetwork({ node, pods }: Network): void {
  for (const name of [...Object.values(pods).map((pod) => pod.name), node]) {
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
