// Zones as they stand in a Corefile, [scheme://]zone[:port]: the keys of server blocks and the arguments of directives.
import { parseCidr, reverseZones } from '../dns/address.ts'
import { lowerName, type Name, NameError, parseName } from '../dns/name.ts'
import { CorefileError, type Key, type Position, type ServerBlock } from './directive.ts'
import { parseInteger, ValueError } from './values.ts'

/** Those of CoreDNS, with their default ports; that of plain DNS is the server's. */
const schemes: Readonly<Record<string, number | undefined>> = {
  dns: undefined,
  tls: 853,
  https: 443,
  quic: 853,
  grpc: 443,
  https3: 443,
  unix: undefined,
}

/**
 * The keys that one word at the head of a server block stands for: several where it is a CIDR that no single reverse
 * zone covers. `port` is that of plain DNS where the key has none. Throws CorefileError.
 */
export function parseKeys(
  text: string,
  at: Position,
  defaults: { readonly port: number; warn(message: string): void },
): Key[] {
  const { scheme, rest } = splitScheme(text)
  if (rest.includes('://')) defaults.warn(`${at.file}:${at.line} - '${text}' has no scheme we know: taken for a zone`)
  if (!isServed(scheme)) {
    throw new CorefileError(
      at,
      `'${text}': ${scheme}:// is not supported here; docs/migrating.md says what to do instead`,
    )
  }
  try {
    const { zones, port = schemes[scheme] ?? defaults.port } = splitZone(rest)
    if (port < 0 || port > 0xffff) throw new ValueError(`address ${port}: invalid port`)
    return zones.map((zone) => ({ scheme, zone, port }))
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new CorefileError(at, error.message, { cause: error })
  }
}

function isServed(scheme: string): scheme is Key['scheme'] {
  return scheme === 'dns' || scheme === 'tls' || scheme === 'https'
}

/**
 * The zones that arguments stand for, lower-cased; a CIDR is the reverse zones of its addresses. Schemes and ports mean
 * nothing here, and what can't be a zone is left out without a word, as CoreDNS does.
 */
export function parseZones(args: readonly string[]): Name[] {
  return args.flatMap((arg) => {
    try {
      return splitZone(splitScheme(arg).rest).zones
    } catch (error) {
      if (!(error instanceof ValueError)) throw error
      return []
    }
  })
}

/** The zones a plugin is for: its arguments or, without any, the keys of its server block. */
export function zonesOf(args: readonly string[], block: ServerBlock): Name[] {
  return args.length > 0 ? parseZones(args) : block.keys.map((key) => key.zone)
}

function splitScheme(text: string): { readonly scheme: string; readonly rest: string } {
  const [head = ''] = text.split('://', 1)
  return Object.hasOwn(schemes, head) && head !== text
    ? { scheme: head, rest: text.slice(head.length + 3) }
    : { scheme: 'dns', rest: text }
}

/** A colon and a number at the end are a port; everything before is a domain name or a CIDR. Throws ValueError. */
function splitZone(text: string): { readonly zones: readonly Name[]; readonly port?: number } {
  const colon = text.lastIndexOf(':')
  if (colon === text.length - 1) throw new ValueError(`expecting data after last colon: ${JSON.stringify(text)}`)
  const port = colon < 0 ? undefined : readPort(text.slice(colon + 1))
  const zone = port === undefined ? text : text.slice(0, colon)
  const octets = Buffer.byteLength(zone)
  if (octets > 255) throw new ValueError(`specified zone is too long: ${octets} > 255`)
  const zones = expandZone(zone)
  return port === undefined ? { zones } : { zones, port }
}

function readPort(text: string): number | undefined {
  try {
    return parseInteger(text)
  } catch (error) {
    // No number: the colon belongs to an IPv6 network or to the name.
    if (error instanceof ValueError) return undefined
    throw error
  }
}

function expandZone(text: string): Name[] {
  const cidr = parseCidr(text)
  // These read as a port with nothing before it, or could; CoreDNS wants them written out.
  if (cidr?.family === 6 && /^[:0]/.test(text)) throw new ValueError(`invalid CIDR ${text}`)
  if (cidr !== undefined) return reverseZones(cidr)
  try {
    return [lowerName(parseName(text))]
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    throw new ValueError(`zone is not a valid domain name: ${text}`, { cause: error })
  }
}
