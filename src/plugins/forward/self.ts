// Upstreams that can't be meant: this server itself, and stub resolvers on loopback addresses, which inside a pod are the pod's own.
import type { Key } from '../../corefile/directive.ts'
import { parseCidr } from '../../dns/address.ts'
import type { Destination } from './destination.ts'
import { printHostPort } from './upstream-error.ts'

const loopback = parseCidr('127.0.0.0/8')

function isLoopback(address: string): boolean {
  return address === '::1' || loopback?.contains(address) === true
}

/** A sentence for each of `to` that is suspect. `own` are the addresses of this host. */
export function suspectUpstreams(
  to: readonly Destination[],
  keys: readonly Key[],
  own: ReadonlySet<string>,
): readonly string[] {
  return to.flatMap(({ host, port, file }) => {
    const where = `${printHostPort(host, port)}${file === undefined ? '' : ` in ${file}`}`
    const mend = 'cluster names are answered all the same; see https://coredns.io/plugins/loop#troubleshooting'
    if ((isLoopback(host) || own.has(host)) && keys.some((key) => key.port === port)) {
      return [`upstream ${where} is an address of this server itself, so that questions may come back: ${mend}`]
    }
    if (isLoopback(host) && file !== undefined) {
      return [`upstream ${where} is a stub resolver on this host, which a pod can't reach: ${mend}`]
    }
    return []
  })
}
