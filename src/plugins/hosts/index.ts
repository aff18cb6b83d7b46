// `hosts`: answers from a file of addresses and names like /etc/hosts, and from such lines in the Corefile.
import { stat } from 'node:fs/promises'
import { CorefileError, type Directive, type Position } from '../../corefile/directive.ts'
import { once, readArgs, readBlock, readValue, unknownProperty } from '../../corefile/read-block.ts'
import { parseDuration, parseInteger } from '../../corefile/values.ts'
import { parseZones, zonesOf } from '../../corefile/zones.ts'
import { addressOfReverse, parseAddress, unmappedAddress } from '../../dns/address.ts'
import { Rcode, Type } from '../../dns/codes.ts'
import { isWithin, type Name, root } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { encodeName } from '../../dns/rdata.ts'
import { errorReply, type Reply, reply } from '../../dns/reply.ts'
import type { Rdata } from '../../dns/rrset.ts'
import type { Maybe } from '../../maybe.ts'
import { gauge } from '../../metrics.ts'
import type { Next, Plugin } from '../../plugin.ts'
import { copyOf } from './copy.ts'
import { HostsEntries, isWildcard, parseHostsLine } from './entries.ts'
import { HostsFile } from './file.ts'

interface HostsConfig {
  /** As the Corefile names it; none where it is the system's own. */
  readonly file: string | undefined
  readonly at: Position
  readonly zones: readonly Name[]
  /** Lines of a hosts file. */
  readonly inline: readonly string[]
  /** Seconds. */
  readonly ttl: number
  /** Are there PTR records? */
  readonly reverse: boolean
  /** Between two looks at the file, ms; 0 for none. */
  readonly reload: number
  /** Names in these zones go on to the next plugin where nothing is known of them. */
  readonly fallthrough: readonly Name[]
  /** So do, in those zones, questions for other types than A, AAAA and PTR. */
  readonly fallthroughUnsupported: boolean
}

const systemFile = '/etc/hosts'

const hostsEntries = gauge('coredns_hosts_entries', 'The combined number of entries in hosts and Corefile.', [
  'hostsfile',
])
const reloadTimestamp = gauge(
  'coredns_hosts_reload_timestamp_seconds',
  'The timestamp of the last reload of hosts file.',
  [],
)

export const hosts: Plugin<HostsConfig> = {
  name: 'hosts',

  parse(directives, block) {
    const directive = once(directives)
    const { plugin, file, line, args } = directive
    const lines = directive.block.flatMap(splitNoReverse)
    return {
      file: args[0],
      at: { plugin, file, line },
      zones: zonesOf(args.slice(1), block),
      ...parseProperties({ ...directive, block: lines }),
    }
  },

  async background(config, { log, share, signal }) {
    const path = config.file ?? systemFile
    if (config.file !== undefined) await assertReachable(path, config.at)
    const key = `hosts ${config.reload} ${path}`
    const hostsFile = share(key, (end) => new HostsFile(path, config.reload, log, end))
    await hostsFile.refresh()
    const inline = countEntries(config.inline, config)
    hostsFile.listen((text, written) => {
      const count = countEntries(text.split('\n'), config)
      log.debug(`Parsed hosts file into ${count} entries`)
      hostsEntries.with(path).set(inline + count)
      reloadTimestamp.with().set(written)
    }, signal)
    return { feed: { key, open: (port) => hostsFile.feed(port) } }
  },

  handler(config, context) {
    const copy = context.feed(copyOf)
    const inline = new HostsEntries()
    for (const line of config.inline) inline.add(line)
    // hot
    return (query, next) => {
      if (query.type !== Type.PTR && !isWithinAny(query.name, config.zones)) return next(query)
      const entries = copy.entries()
      if (entries !== undefined) return answer(config, [entries, inline], query, next)
      return copy.heard.then((read) => answer(config, [copy.entries() ?? read, inline], query, next))
    }
  },
}

function parseProperties(
  directive: Directive,
): Pick<HostsConfig, 'inline' | 'ttl' | 'reverse' | 'reload' | 'fallthrough' | 'fallthroughUnsupported'> {
  const inline: string[] = []
  let ttl = 3600
  let reverse = true
  let reload = 5000
  let fallthrough: readonly Name[] = []
  let fallthroughUnsupported = false
  const properties: Record<string, (property: Directive) => void> = {
    fallthrough: ({ args }) => {
      fallthrough = args.length === 0 ? [root] : parseZones(args)
    },
    fallthrough_unsupported: (property) => {
      readArgs(property, 0)
      fallthroughUnsupported = true
    },
    no_reverse: () => {
      reverse = false
    },
    ttl: (property) => {
      ttl = parseTtl(property)
    },
    reload: (property) => {
      reload = parseReload(property)
    },
  }
  for (const property of directive.block) {
    const known = Object.hasOwn(properties, property.name)
    if (!known && fallthrough.length > 0) throw unknownProperty(property)
    // Whatever else stands there is a line of a hosts file, sense or not.
    const read = known ? {} : { [property.name]: () => inline.push([property.name, ...property.args].join(' ')) }
    readBlock({ ...directive, block: [property] }, { ...properties, ...read })
  }
  if (fallthroughUnsupported && fallthrough.length === 0) {
    throw new CorefileError(directive, 'fallthrough_unsupported requires fallthrough')
  }
  return { inline, ttl, reverse, reload, fallthrough, fallthroughUnsupported }
}

/** What stands behind `no_reverse` is read as if it stood on the next line: an oddity of CoreDNS's. */
function splitNoReverse(property: Directive): Directive[] {
  const [name, ...args] = property.args
  if (property.name !== 'no_reverse' || name === undefined) return [property]
  return [{ ...property, args: [] }, ...splitNoReverse({ ...property, name, args })]
}

function parseTtl(property: Directive): number {
  const [text] = property.args
  if (text === undefined) throw new CorefileError(property, 'ttl needs a time in second')
  const ttl = readValue(
    property,
    () => parseInteger(text),
    () => 'ttl needs a number of second',
  )
  if (ttl <= 0 || ttl > 65_535) throw new CorefileError(property, 'ttl provided is invalid')
  return ttl
}

function parseReload(property: Directive): number {
  const [text, ...others] = property.args
  if (text === undefined || others.length > 0) {
    throw new CorefileError(property, 'reload needs a duration (zero seconds to disable)')
  }
  const words = () => `invalid duration for reload '${text}'`
  const reload = readValue(property, () => parseDuration(text), words)
  if (reload < 0) throw new CorefileError(property, `invalid negative duration for reload '${text}'`)
  return reload
}

/** A file that isn't there may come; one that nobody could look at is a mistake. Throws CorefileError. */
async function assertReachable(path: string, at: Position): Promise<void> {
  try {
    await stat(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    throw new CorefileError(at, `unable to access hosts file '${path}': ${message}`, { cause: error })
  }
}

/** Names with an address each, and addresses with a name each. */
function countEntries(lines: readonly string[], { zones, reverse }: HostsConfig): number {
  let count = 0
  for (const line of lines) {
    for (const name of parseHostsLine(line)?.names ?? []) {
      if (isWithinAny(name, zones)) count += reverse && !isWildcard(name) ? 2 : 1
    }
  }
  return count
}

// hot
function isWithinAny(name: Name, zones: readonly Name[]): boolean {
  for (let i = 0; i < zones.length; i++) if (isWithin(name, zones[i] as Name)) return true
  return false
}

// hot
function answer(config: HostsConfig, sources: readonly HostsEntries[], query: Query, next: Next): Maybe<Reply> {
  const { name, type } = query
  if (type === Type.PTR) {
    const rdatas = config.reverse ? namesAt(name, sources, config.zones) : []
    return rdatas.length === 0 ? next(query) : found(config, query, rdatas)
  }
  const falls = isWithinAny(name, config.fallthrough)
  if (type === Type.A || type === Type.AAAA) {
    const rdatas = addressesOf(name, type, sources)
    if (rdatas.length > 0) return found(config, query, rdatas)
  } else if (config.fallthroughUnsupported && falls) return next(query)
  const isKnown = addressesOf(name, Type.A, sources).length > 0 || addressesOf(name, Type.AAAA, sources).length > 0
  if (isKnown) return found(config, query, [])
  // There is no SOA that a denial would need.
  return falls ? next(query) : errorReply(Rcode.SERVFAIL)
}

// hot
function addressesOf(
  name: Name,
  type: typeof Type.A | typeof Type.AAAA,
  sources: readonly HostsEntries[],
): readonly Rdata[] {
  let all: readonly Rdata[] = []
  for (const source of sources) {
    const addresses = source.addresses(name, type)
    if (addresses.length > 0) all = all.length === 0 ? addresses : [...all, ...addresses]
  }
  return all
}

function namesAt(name: Name, sources: readonly HostsEntries[], zones: readonly Name[]): Rdata[] {
  const address = addressOfReverse(name)
  const octets = address === undefined ? undefined : parseAddress(unmappedAddress(address))
  if (octets === undefined) return []
  const names = sources.flatMap((source) => source.names(octets))
  return names.filter((candidate) => isWithinAny(candidate, zones)).map(encodeName)
}

/** Repetitions are left out (RFC 2181 5). */
function found({ ttl }: HostsConfig, { asked, type, class: klass }: Query, rdatas: readonly Rdata[]): Reply {
  const answer = rdatas.length === 0 ? [] : [{ owner: asked, type, class: klass, ttl, rdatas: [...new Set(rdatas)] }]
  return reply({ authoritative: true, answer, plugin: 'hosts' })
}
