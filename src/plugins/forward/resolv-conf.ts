// The name servers of a file like /etc/resolv.conf (resolv.conf(5)); its other lines don't concern a forwarder.
import { isIP } from 'node:net'

/** Addresses in the order of the file, as they stand there; lines whose address is none are left out. */
export function nameserversOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, address] = line.trim().split(/\s+/)
    return keyword === 'nameserver' && address !== undefined && isIP(address) !== 0 ? [address] : []
  })
}
