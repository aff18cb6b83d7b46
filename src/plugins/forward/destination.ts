// Where a stanza forwards to: its words TO, as addresses, hostnames and files of name servers.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { openWords } from '../../corefile/tls-files.ts'
import { ValueError } from '../../corefile/values.ts'
import { NameError, parseName } from '../../dns/name.ts'
import { nameserversOf } from './resolv-conf.ts'
import { printHostPort } from './upstream-error.ts'

export interface Destination {
  readonly transport: 'dns' | 'tls' | 'https'
  /** An address, that of IPv6 with its interface where one is given (`fe80::1%eth0`), or a name to be looked up at the start. */
  readonly host: string
  readonly port: number
  /** Whose certificate it must show; undefined where that isn't said here. */
  readonly serverName: string | undefined
  readonly isName: boolean
  /** The file that names it; undefined where the Corefile does. */
  readonly file: string | undefined
}

/** CoreDNS's, with their ports. */
const schemes: Readonly<Record<string, number>> = {
  dns: 53,
  tls: 853,
  quic: 853,
  grpc: 443,
  https: 443,
  https3: 443,
  unix: 0,
}

/**
 * What one word stands for: several destinations where it is a file. Throws ValueError in CoreDNS's words. In the order of
 * CoreDNS: an address, with or without a port; else a file; else a hostname.
 */
export function parseDestinations(word: string): readonly Destination[] {
  const { scheme, rest } = splitScheme(word)
  if (rest === '') throw new ValueError(`invalid address: ${JSON.stringify(word)}`)
  const { text, suffix } = splitSuffix(rest)
  const { host, port } = splitPort(text)
  const isAddress = isIP(host) !== 0
  if (scheme !== 'unix' && !isAddress) {
    const nameservers = readNameservers(rest)
    if (nameservers !== undefined) return nameservers
  }
  if (scheme !== 'dns' && scheme !== 'tls' && scheme !== 'https') {
    const shown =
      scheme === 'unix' ? rest : printHostPort(host, port === undefined ? (schemes[scheme] ?? 0) : Number(port))
    throw new ValueError(`'${scheme}' is not supported as a destination protocol in forward: ${scheme}://${shown}`)
  }
  if (!isAddress && !isHostname(host)) {
    if (rest.includes('/')) throw new ValueError(noFile(rest))
    throw new ValueError(`not an IP address, file, or valid domain: ${JSON.stringify(word)}`)
  }
  return [
    {
      transport: scheme,
      // Of plain DNS what stands behind % is the interface, of the others the server's name.
      host: scheme === 'dns' && suffix !== undefined && host.includes(':') ? `${host}%${suffix}` : host,
      port: port === undefined ? (schemes[scheme] ?? 53) : parsePort(port, word),
      serverName: scheme === 'dns' ? undefined : suffix,
      isName: !isAddress,
      file: undefined,
    },
  ]
}

export function splitScheme(word: string): { readonly scheme: string; readonly rest: string } {
  const [head = ''] = word.split('://', 1)
  return Object.hasOwn(schemes, head) && word.startsWith(`${head}://`)
    ? { scheme: head, rest: word.slice(head.length + 3) }
    : { scheme: 'dns', rest: word }
}

/** What stands between a % and the port is taken out: `[fe80::1%eth0]:53` is `[fe80::1]:53` and `eth0`. */
function splitSuffix(text: string): { readonly text: string; readonly suffix: string | undefined } {
  const percent = text.lastIndexOf('%')
  if (percent < 0) return { text, suffix: undefined }
  const tail = text.slice(percent + 1)
  const colon = tail.lastIndexOf(':')
  const port = colon < 0 ? '' : tail.slice(colon)
  const suffix = (colon < 0 ? tail : tail.slice(0, colon)).replace(/\]$/, '')
  return { text: `${text.slice(0, percent)}${text.startsWith('[') ? ']' : ''}${port}`, suffix }
}

function splitPort(text: string): { readonly host: string; readonly port: string | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(text) ?? []
  if (port !== undefined) return { host: bracketed ?? plain ?? '', port }
  return { host: text.replace(/^\[+|\]+$/g, ''), port: undefined }
}

/** CoreDNS takes any text here, and fails when it has something to forward. */
function parsePort(text: string, word: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new ValueError(`invalid port in ${JSON.stringify(word)}`)
  return port
}

/** Undefined where there is no such file. A directory has no name servers, as for CoreDNS. */
function readNameservers(file: string): readonly Destination[] | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ERR_INVALID_ARG_VALUE')
      return undefined
    if (code === 'EISDIR') return []
    throw new ValueError(`not an IP address or file ${JSON.stringify(file)}: ${openWords(file, error)}`, {
      cause: error,
    })
  }
  return nameserversOf(text).map((host) => ({
    transport: 'dns',
    host,
    port: 53,
    serverName: undefined,
    isName: false,
    file,
  }))
}

const noFile = (file: string) =>
  `not an IP address or file ${JSON.stringify(file)}: failed to open file: open ${file}: no such file or directory`

function isHostname(text: string): boolean {
  if (text === '' || text.includes('/')) return false
  try {
    parseName(text)
    return true
  } catch (error) {
    if (error instanceof NameError) return false
    throw error
  }
}

/** The same host and port count once, in the order in which they first stand there. */
export function withoutRepeats(destinations: readonly Destination[]): readonly Destination[] {
  const seen = new Set<string>()
  return destinations.filter(({ host, port }) => {
    const key = printHostPort(host, port)
    return !seen.has(key) && seen.add(key)
  })
}
