// What kube-proxy does for one Service, with nftables: packets for the ClusterIP go to one of the endpoints, by chance for each
// new flow, and flows stay where they went (conntrack). Works on the network namespace it runs in, which must be a node's.
import { execFileSync, spawnSync } from 'node:child_process'

/** Debian packages with the programs it needs. */
export const programs = ['nft', 'conntrack'] as const

/** Replaces the rules by those for these endpoints; without any, packets are dropped. */
export function setEndpoints(clusterIP: string, endpoints: readonly string[]): void {
  const to =
    endpoints.length === 1
      ? endpoints[0]
      : `numgen random mod ${endpoints.length} map { ${endpoints.map((address, at) => `${at} : ${address}`).join(', ')} }`
  const verdict = endpoints.length === 0 ? 'drop' : `dnat to ${to}`
  const rule = `ip daddr ${clusterIP} meta l4proto { tcp, udp } th dport 53 ${verdict}`
  const chain = (hook: string) => `chain ${hook} { type nat hook ${hook} priority -100; ${rule}; }\n`
  // One transaction: there is no moment without rules.
  const input = `table ip services\ndelete table ip services\ntable ip services {\n${chain('prerouting')}${chain('output')}}\n`
  execFileSync('nft', ['-f', '-'], { input, stdio: ['pipe', 'ignore', 'pipe'] })
}

/**
 * Forgets the UDP flows to an endpoint that is gone, as kube-proxy does: packets of their clients' ports go to another one from
 * now on.
 */
export function forgetFlows(clusterIP: string, endpoint: string): void {
  const args = ['-D', '-p', 'udp', '--orig-dst', clusterIP, '--dst-nat', endpoint]
  const { status, stderr } = spawnSync('conntrack', args, { encoding: 'utf8' })
  // It fails where there are none, too.
  if (status !== 0 && !/ 0 flow entries/.test(stderr)) throw new Error(`conntrack: ${stderr}`)
}
