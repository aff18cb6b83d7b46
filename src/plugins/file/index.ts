// `file`: answers for zones of master files (RFC 1035 5).
import { CorefileError, type Directive, type Position, type ServerBlock } from '../../corefile/directive.ts'
import { readBlock, readValue, wrongArgumentCount } from '../../corefile/read-block.ts'
import { parseDuration } from '../../corefile/values.ts'
import { parseZones, zonesOf } from '../../corefile/zones.ts'
import { Opcode, Rcode, Type } from '../../dns/codes.ts'
import { isWithin, type Name, printName, root } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { errorReply, type Reply, silence } from '../../dns/reply.ts'
import type { Maybe } from '../../maybe.ts'
import type { Next, Plugin } from '../../plugin.ts'
import { resolve } from './resolve.ts'
import { copiesOf } from './zone-copies.ts'
import { ZoneFiles, type ZoneSource } from './zone-files.ts'

interface FileConfig {
  /** Each origin once. */
  readonly sources: readonly ZoneSource[]
  /** Names in these zones go on to the next plugin where nothing is known of them. */
  readonly fallthrough: readonly Name[]
  /** Where each of them is named. */
  readonly positions: readonly Position[]
}

/** Milliseconds. */
const defaultReload = 60_000

export const file: Plugin<FileConfig> = {
  name: 'file',

  parse: parseConfig,

  async background({ sources, positions }, { log, share }) {
    const key = `file ${JSON.stringify(sources)}`
    const files = share(key, (end) => new ZoneFiles(sources, log, end))
    for (const [i, { origin }] of sources.entries()) {
      try {
        await files.load(origin)
      } catch (error) {
        throw new CorefileError(positions[i] as Position, (error as Error).message, { cause: error })
      }
    }
    return { feed: { key, open: (port) => files.feed(port) } }
  },

  handler({ sources, fallthrough }, { feed, ask, log }) {
    const copies = feed(copiesOf)
    // The longest first.
    const origins = sources.map(({ origin }) => origin).sort((a, b) => b.length - a.length)
    const falls = (name: Name) => fallthrough.some((zone) => isWithin(name, zone))
    const surroundings = { ask, falls }
    const answer = (origin: Name, query: Query, next: Next): Maybe<Reply> => {
      const zone = copies.zone(origin)
      // Its file could not be read yet.
      if (zone === undefined) return failed
      return resolve(zone, query, surroundings) ?? next(query)
    }
    return (query, next) => {
      const origin = originOf(origins, query)
      if (origin === undefined) return next(query)
      if (query.type === Type.AXFR || query.type === Type.IXFR) return refused
      if (query.opcode === Opcode.NOTIFY) {
        log.info(`Dropping notify from ${query.client.address} for ${printName(origin)}`)
        return silence
      }
      return copies.isTold() ? answer(origin, query, next) : copies.told.then(() => answer(origin, query, next))
    }
  },

  offers(_config, { feed }) {
    const copies = feed(copiesOf)
    return { transfer: (origin) => copies.zone(origin)?.records() }
  },
}

const refused: Reply = { ...errorReply(Rcode.REFUSED), plugin: 'file' }
const failed: Reply = { ...errorReply(Rcode.SERVFAIL), plugin: 'file' }

function originOf(origins: readonly Name[], { name, type }: Query): Name | undefined {
  let child: Name | undefined
  for (const origin of origins) {
    if (!isWithin(name, origin)) continue
    // Whether a zone is signed is said by the one above it (RFC 4035 3.1.4.1).
    if (type !== Type.DS || origin !== name) return origin
    child = origin
  }
  return child
}

/** What a directive sets holds for those after it, too, and `fallthrough` for all of them: as in CoreDNS. */
function parseConfig(directives: readonly Directive[], block: ServerBlock): FileConfig {
  const sources = new Map<Name, ZoneSource>()
  const positions = new Map<Name, Position>()
  let fallthrough: readonly Name[] = []
  let reload = defaultReload
  let byMtime = false
  for (const directive of directives) {
    const [path, ...zones] = directive.args
    if (path === undefined) throw wrongArgumentCount(directive)
    readBlock(directive, {
      fallthrough: ({ args }) => {
        fallthrough = args.length === 0 ? [root] : parseZones(args)
      },
      reload: (property) => {
        reload = parseReload(property)
      },
      reload_by_mtime: () => {
        byMtime = true
      },
      // Read for old Corefiles; it has had no meaning for years.
      upstream: () => undefined,
    })
    const { plugin, file, line } = directive
    for (const origin of zonesOf(zones, block)) {
      sources.set(origin, { origin, file: path, reload, byMtime })
      positions.set(origin, { plugin, file, line })
    }
  }
  return { sources: [...sources.values()], fallthrough, positions: [...positions.values()] }
}

function parseReload(property: Directive): number {
  const [text] = property.args
  if (text === undefined) throw new CorefileError(property, 'reload duration value is expected')
  const reload = readValue(property, () => parseDuration(text))
  if (reload < 0) throw new CorefileError(property, `negative duration for reload: ${text}`)
  return reload
}
