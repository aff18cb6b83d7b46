// `k8s_external`: a zone for those outside of the cluster, in which services have the addresses by which they reach them.
import { CorefileError, type Directive, type ServerBlock } from '../../corefile/directive.ts'
import { readBlock, readNothing, readValue, wrongArgumentCount } from '../../corefile/read-block.ts'
import { parseInteger } from '../../corefile/values.ts'
import { parseZones, zonesOf } from '../../corefile/zones.ts'
import { Rcode, Type } from '../../dns/codes.ts'
import { isWithin, lowerName, type Name, NameError, parseName, printName, root } from '../../dns/name.ts'
import { errorReply, type Reply } from '../../dns/reply.ts'
import { after } from '../../maybe.ts'
import type { Outside, Plugin, WorkerContext } from '../../plugin.ts'
import { Answers } from './answer.ts'
import { find } from './lookup.ts'
import { transferZone } from './transfer.ts'
import { findZone, fitsApex, isReverseName, type OuterZone, zoneOf } from './zone.ts'

export interface ExternalOptions {
  /** The longest first. */
  readonly zones: readonly Name[]
  /** The zone that reverse names lead to; undefined where all are reverse zones. */
  readonly primary: Name | undefined
  /** Relative to the zone: under it are the names of the name server. */
  readonly apex: Name
  /** Seconds. */
  readonly ttl: number
  /** Endpoints of headless services count too. */
  readonly headless: boolean
  /** What isn't found in these zones is for the next plugin. */
  readonly fallthrough: readonly Name[]
}

export const k8s_external: Plugin<ExternalOptions> = {
  name: 'k8s_external',

  parse: parseOptions,

  handler(options, { offers, ask }) {
    const outside = outsideIn(offers)
    const zones = options.zones.map((zone) => zoneOf(zone, options.apex))
    const answers = new Answers(outside, options, ask)
    const refused: Reply = { ...errorReply(Rcode.REFUSED), fresh: true, plugin: 'k8s_external' }
    return (query, next) => {
      const zone = findZone(zones, query.name)
      if (zone === undefined) return next(query)
      if (query.type === Type.AXFR || query.type === Type.IXFR) return refused
      const found = find(outside, query.name, zone, options)
      if (found !== undefined) return after(answers.of(query, zone, found), (reply) => outside.mark(reply))
      if (!outside.isWhole()) return answers.servfail(zone)
      const fallsThrough = options.fallthrough.some((one) => isWithin(query.name, one))
      return fallsThrough ? next(query) : outside.mark(answers.nxdomain(zone))
    }
  },

  offers(options, { offers }) {
    const zones: readonly OuterZone[] = options.zones.map((zone) => zoneOf(zone, options.apex))
    return {
      transfer(name) {
        const zone = zones.find((candidate) => candidate.name === name)
        // What the block's plugins offer is not complete before they are asked for it.
        return zone === undefined ? undefined : transferZone(outsideIn(offers), zone, options)
      },
    }
  },
}

function outsideIn(offers: WorkerContext['offers']): Outside {
  const outside = offers.get('kubernetes')?.outside
  if (outside === undefined) throw new Error('kubernetes plugin not loaded')
  return outside
}

/** Of several directives the zones of the last count, as in CoreDNS; properties add up. */
function parseOptions(directives: readonly Directive[], block: ServerBlock): ExternalOptions {
  let zones: readonly Name[] = []
  let apex = parseName('dns')
  let ttl = 5
  let headless = false
  let fallthrough: readonly Name[] = []
  for (const directive of directives) {
    zones = [...new Set(zonesOf(directive.args, block))]
    readBlock(directive, {
      ttl(property) {
        ttl = readTtl(property)
      },
      apex(property) {
        const [text] = property.args
        if (text === undefined) throw wrongArgumentCount(property)
        apex = readApex(property, text)
      },
      headless(property) {
        const [stray] = property.args
        if (stray !== undefined) throw new CorefileError(property, `unknown property '${stray}'`)
        readNothing(property)
        headless = true
      },
      fallthrough({ args }) {
        fallthrough = args.length === 0 ? [root] : parseZones(args)
      },
    })
  }
  const [last] = directives.slice(-1)
  if (last !== undefined && !block.directives.some(({ name }) => name === 'kubernetes')) {
    throw new CorefileError(last, 'kubernetes plugin not loaded')
  }
  const tooLong = zones.find((zone) => !fitsApex(zone, apex))
  if (last !== undefined && tooLong !== undefined) {
    throw new CorefileError(last, `the names below apex ${printName(apex)} of ${printName(tooLong)} are too long`)
  }
  const primary = zones.find((zone) => !isReverseName(zone))
  return { zones: zones.toSorted((a, b) => b.length - a.length), primary, apex, ttl, headless, fallthrough }
}

/** Further arguments are overlooked, as in CoreDNS. */
function readTtl(property: Directive): number {
  const [text] = property.args
  if (text === undefined) throw wrongArgumentCount(property)
  const ttl = readValue(property, () => parseInteger(text))
  if (ttl < 0 || ttl > 3600) throw new CorefileError(property, `ttl must be in range [0, 3600]: ${ttl}`)
  return ttl
}

function readApex(property: Directive, text: string): Name {
  try {
    const name = lowerName(parseName(text))
    if (name !== root) return name
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    throw new CorefileError(property, `invalid apex: ${error.message}`, { cause: error })
  }
  throw new CorefileError(property, `invalid apex: ${text}`)
}
