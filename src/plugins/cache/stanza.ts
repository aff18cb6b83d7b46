// The stanza of `cache`: what is kept, how long, and what is done with what has expired.
import { CorefileError, type Directive, type ServerBlock } from '../../corefile/directive.ts'
import { once, readArg, readArgs, readNothing, readValue, wrongArgumentCount } from '../../corefile/read-block.ts'
import { parseDuration, parseInteger } from '../../corefile/values.ts'
import { parseZones, zonesOf } from '../../corefile/zones.ts'
import { type Name, root } from '../../dns/name.ts'

export interface CacheConfig {
  /** What lies outside of these passes the cache. */
  readonly zones: readonly Name[]
  readonly success: Part
  readonly denial: Part
  /** How long a server's failure is kept, seconds. */
  readonly servfail: number
  readonly prefetch: Prefetch
  readonly stale: Stale
  /** Are TTLs told as they were when the reply came? */
  readonly keepTtl: boolean
}

/** One of the two caches. */
export interface Part {
  /** Replies, over all workers. */
  readonly capacity: number
  /** Bounds of TTLs, seconds; where they contradict each other the upper one counts. */
  readonly maxTtl: number
  readonly minTtl: number
  /** Names in these zones are not kept. */
  readonly except: readonly Name[]
}

/** Replies that are asked for often are renewed before they expire. */
export interface Prefetch {
  /** How often is often; 0: nothing is renewed. */
  readonly amount: number
  /** The longest pause between two questions, ms. */
  readonly pause: number
  /** Of the lifetime, what is left of it when a reply is renewed. */
  readonly percentage: number
}

export interface Stale {
  /** How long after its end a reply is still given, seconds; 0: not at all. */
  readonly upTo: number
  /** Is a new reply waited for first? */
  readonly verify: boolean
  /** How long, ms; 0: as long as it takes. */
  readonly timeout: number
  /** The TTL told with what has expired, seconds. */
  readonly ttl: number
  /** The pause after an attempt to renew that failed, ms; 0: none. */
  readonly recheck: number
  /** Is an answer that has expired better than a denial that has not? */
  readonly preferPositive: boolean
}

/** Replies per cache, at least and where none is given: CoreDNS's 256 shards of 4 and of 39. */
const minCapacity = 1024
const defaultCapacity = 9984
const maxRecheck = 5 * 60_000
const maxServfail = 5 * 60_000
const maxUint32 = 0xffff_ffff

type Draft = { -readonly [Field in keyof CacheConfig]: CacheConfig[Field] }

/** Reads the directives of a server block. Throws CorefileError. */
export function parseStanza(directives: readonly Directive[], block: ServerBlock): CacheConfig {
  const directive = once(directives)
  const part = { capacity: defaultCapacity, minTtl: 5, except: [] }
  const draft: Draft = {
    zones: [],
    success: { ...part, maxTtl: 3600 },
    denial: { ...part, maxTtl: 1800 },
    servfail: 5,
    prefetch: { amount: 0, pause: 60_000, percentage: 10 },
    stale: { upTo: 0, verify: false, timeout: 0, ttl: 0, recheck: 0, preferPositive: false },
    keepTtl: false,
  }
  const [first = ''] = directive.args
  const hasTtl = /^[-+]?[0-9]+$/.test(first)
  if (hasTtl) {
    const maxTtl = readTtl(directive, first)
    draft.success = { ...draft.success, maxTtl }
    draft.denial = { ...draft.denial, maxTtl }
  }
  draft.zones = zonesOf(hasTtl ? directive.args.slice(1) : directive.args, block)
  let policy: Directive | undefined
  let hasStale = false
  for (const property of directive.block) {
    if (property.block.length > 0) {
      throw new CorefileError(property, "Unexpected token '{', expecting argument")
    }
    switch (property.name) {
      case 'success':
      case 'denial':
        draft[property.name] = readPart(property, draft[property.name])
        break
      case 'prefetch':
        draft.prefetch = readPrefetch(property, draft.prefetch)
        break
      case 'serve_stale':
        hasStale = true
        draft.stale = { ...readStale(property), preferPositive: draft.stale.preferPositive }
        break
      case 'serve_stale_policy':
        if (policy !== undefined) throw new CorefileError(property, 'serve_stale_policy can only be specified once')
        policy = property
        readPolicy(property)
        draft.stale = { ...draft.stale, preferPositive: true }
        break
      case 'servfail':
        draft.servfail = readServfail(property)
        break
      case 'disable': {
        const { part, zones } = readDisable(property)
        draft[part] = { ...draft[part], except: zones }
        break
      }
      case 'keepttl':
        readNothing(property)
        draft.keepTtl = true
        break
      default:
        throw wrongArgumentCount({ ...property, args: [] })
    }
  }
  if (policy !== undefined && !hasStale) throw new CorefileError(policy, 'serve_stale_policy requires serve_stale')
  return draft
}

function readTtl(at: Directive, text: string): number {
  const ttl = readValue(at, () => parseInteger(text))
  if (ttl <= 0) throw new CorefileError(at, `cache TTL can not be zero or negative: ${ttl}`)
  return ttl
}

/** `success CAPACITY [TTL [MINTTL]]`; what comes after is not looked at, as in CoreDNS. */
function readPart(property: Directive, part: Part): Part {
  const [capacity, maxTtl, minTtl] = readArgs(property, 1, Number.POSITIVE_INFINITY)
  const changed = {
    ...part,
    capacity: Math.max(
      readValue(property, () => parseInteger(capacity as string)),
      minCapacity,
    ),
  }
  if (maxTtl === undefined) return changed
  changed.maxTtl = readTtl(property, maxTtl)
  if (minTtl === undefined) return changed
  changed.minTtl = readValue(property, () => parseInteger(minTtl))
  if (changed.minTtl < 0) throw new CorefileError(property, `cache min TTL can not be negative: ${changed.minTtl}`)
  return changed
}

function readPrefetch(property: Directive, before: Prefetch): Prefetch {
  const [amountText = '', pauseText, percentageText] = readArgs(property, 1, 3)
  const amount = readValue(property, () => parseInteger(amountText))
  if (amount < 0) throw new CorefileError(property, `prefetch amount should be positive: ${amount}`)
  const pause = pauseText === undefined ? before.pause : readValue(property, () => parseDuration(pauseText))
  if (percentageText === undefined) return { ...before, amount, pause }
  if (!percentageText.endsWith('%')) {
    const last = percentageText.at(-1) ?? ''
    throw new CorefileError(property, `last character of percentage should be \`%\`, but is: '${last}'`)
  }
  const percentage = readValue(property, () => parseInteger(percentageText.slice(0, -1)))
  if (percentage < 10 || percentage > 90) {
    throw new CorefileError(property, `percentage should fall in range [10, 90]: ${percentage}`)
  }
  return { amount, pause, percentage }
}

/** `serve_stale [DURATION] [immediate [TTL [RECHECK]] | verify [TIMEOUT [TTL [RECHECK]]]]` */
function readStale(property: Directive): Omit<Stale, 'preferPositive'> {
  const [upToText = '1h', modeText = 'immediate', ...rest] = readArgs(property, 0, 5)
  const upTo = readValue(property, () => parseDuration(upToText))
  if (upTo < 0) throw new CorefileError(property, 'invalid negative duration for serve_stale')
  const mode = modeText.toLowerCase()
  if (mode !== 'immediate' && mode !== 'verify') {
    throw new CorefileError(property, `invalid value for serve_stale refresh mode: ${mode}`)
  }
  const verify = mode === 'verify'
  if (!verify && rest.length > 2) throw wrongArgumentCount(property)
  const [timeoutText = '0', ttlText = '0', recheckText = '0'] = verify ? rest : ['0', ...rest]
  const timeout = readValue(
    property,
    () => parseDuration(timeoutText),
    (problem) => `invalid serve_stale verify timeout: ${problem}`,
  )
  if (timeout < 0) throw new CorefileError(property, 'invalid negative timeout for serve_stale verify')
  const ttl = readStaleTtl(property, ttlText)
  const recheck = readRecheck(property, recheckText)
  return { upTo: Math.floor(upTo / 1000), verify, timeout, ttl, recheck }
}

/** Seconds. */
function readStaleTtl(property: Directive, text: string): number {
  const ttl = readValue(
    property,
    () => parseDuration(text),
    (problem) => `invalid serve_stale response TTL: ${problem}`,
  )
  if (ttl < 0) throw new CorefileError(property, 'invalid negative response TTL for serve_stale')
  if (ttl % 1000 !== 0) {
    throw new CorefileError(property, 'serve_stale response TTL must be a whole number of seconds')
  }
  if (ttl / 1000 > maxUint32) throw new CorefileError(property, 'serve_stale response TTL exceeds the DNS TTL range')
  return ttl / 1000
}

/** Milliseconds. */
function readRecheck(property: Directive, text: string): number {
  const recheck = readValue(
    property,
    () => parseDuration(text),
    (problem) => `invalid serve_stale failure recheck: ${problem}`,
  )
  if (recheck < 0) throw new CorefileError(property, 'invalid negative failure recheck for serve_stale')
  if (recheck > maxRecheck) {
    throw new CorefileError(property, 'serve_stale failure recheck cannot exceed 5 minutes')
  }
  return recheck
}

function readPolicy(property: Directive): void {
  const policy = readArg(property)
  if (policy.toLowerCase() !== 'prefer_positive') {
    throw new CorefileError(property, `invalid serve_stale_policy: ${policy}`)
  }
}

/** Seconds. */
function readServfail(property: Directive): number {
  const text = readArg(property)
  const duration = readValue(property, () => parseDuration(text))
  if (duration < 0) throw new CorefileError(property, 'invalid negative ttl for servfail')
  if (duration > maxServfail) {
    throw new CorefileError(property, 'caching SERVFAIL responses over 5 minutes is not permitted')
  }
  return Math.floor(duration / 1000)
}

function readDisable(property: Directive): { readonly part: 'success' | 'denial'; readonly zones: readonly Name[] } {
  const [part, ...words] = readArgs(property, 1, Number.POSITIVE_INFINITY)
  if (part !== 'success' && part !== 'denial') {
    throw new CorefileError(property, 'cache type for disable must be "success" or "denial"')
  }
  return { part, zones: words.length === 0 ? [root] : parseZones(words) }
}
