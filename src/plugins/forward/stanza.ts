// One `forward` stanza of a Corefile as data: FROM, TO and every property, refused in CoreDNS's words.
import { isIP } from 'node:net'
import { CorefileError, type Directive, type Position } from '../../corefile/directive.ts'
import { readBlock, readValue, unknownProperty, wrongArgumentCount } from '../../corefile/read-block.ts'
import { plainTls, readTlsFiles, type TlsOptions } from '../../corefile/tls-files.ts'
import { parseDuration, parseInteger, printDuration, ValueError } from '../../corefile/values.ts'
import { parseZones } from '../../corefile/zones.ts'
import { parseRcode, Rcode } from '../../dns/codes.ts'
import { lowerName, type Name, NameError, parseName, printName, root } from '../../dns/name.ts'
import { type Destination, parseDestinations, splitScheme, withoutRepeats } from './destination.ts'
import type { HttpMethod } from './https-connection.ts'
import { type Policy, policies } from './policy.ts'
import { printHostPort } from './upstream-error.ts'

/** Times in milliseconds. */
export interface Options {
  /** Names at or below these are not forwarded, but for FROM itself. */
  readonly except: readonly Name[]
  /** `force_tcp`, `prefer_udp`, or as the client asks. */
  readonly protocol: 'tcp' | 'udp' | 'as asked'
  readonly expire: number
  readonly maxAge: number
  readonly maxIdle: number
  readonly readTimeout: number
  readonly maxFails: number
  /** 0: no limit; undefined: twice the number of upstreams. */
  readonly maxAttempts: number | undefined
  readonly tls: TlsOptions
  readonly serverName: string | undefined
  /** `doh_method`. */
  readonly httpMethod: HttpMethod
  readonly policy: Policy
  readonly healthCheck: { readonly interval: number; readonly recursionDesired: boolean; readonly name: Name }
  readonly maxConcurrent: number
  readonly next: readonly number[]
  readonly nextOnNodata: boolean
  readonly failover: readonly number[]
  readonly failfast: boolean
  readonly source: string | undefined
  /** `IP` or `IP:port`. */
  readonly resolvers: readonly string[]
}

export interface Stanza extends Options {
  /** Lower-cased. */
  readonly from: Name
  /** One at least. */
  readonly to: readonly Destination[]
  /** What is to be said of it at the start. */
  readonly warnings: readonly string[]
  readonly at: Position
}

const defaults: Options = {
  except: [],
  protocol: 'as asked',
  expire: 10_000,
  maxAge: 0,
  maxIdle: 0,
  readTimeout: 2000,
  maxFails: 2,
  maxAttempts: undefined,
  tls: plainTls,
  serverName: undefined,
  httpMethod: 'POST',
  policy: 'random',
  healthCheck: { interval: 500, recursionDesired: true, name: root },
  maxConcurrent: 0,
  next: [],
  nextOnNodata: false,
  failover: [],
  failfast: false,
  source: undefined,
  resolvers: [],
}

const maxWords = 15

/** Reads the files it names. Throws CorefileError. */
export function parseStanza(directive: Directive): Stanza {
  const [from, ...words] = directive.args
  if (from === undefined) throw wrongArgumentCount(directive)
  const fail = (problem: string) => new CorefileError(directive, problem)
  const zones = parseZones([from])
  const [zone] = zones
  if (zone === undefined) throw fail(`unable to normalize '${from}'`)
  if (words.length === 0) throw wrongArgumentCount(directive)
  const options = readOptions(directive)
  if (options.maxAge > 0 && options.maxAge < options.expire) {
    const [age, expire] = [printDuration(options.maxAge), printDuration(options.expire)]
    throw fail(`max_age (${age}) must not be less than expire (${expire})`)
  }
  for (const word of words) {
    const { scheme, rest } = splitScheme(word)
    if (scheme === 'https' && rest.includes('/')) {
      throw fail(`paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): ${word}`)
    }
  }
  const to = withoutRepeats(words.flatMap((word) => readValue(directive, () => parseDestinations(word))))
  if (to.length === 0) throw fail('no valid upstream addresses found')
  for (const { transport, serverName, host, port } of to) {
    if (options.serverName === undefined || serverName === undefined || transport !== 'tls') continue
    const both = `both forward ('${options.serverName}') and proxy level ('${serverName}') TLS servernames are set`
    throw fail(`${both} for upstream proxy '${transport}://${printHostPort(host, port)}'`)
  }
  if (words.length > maxWords) throw fail(`more than ${maxWords} TOs configured: ${words.length}`)
  const { plugin, file, line } = directive
  const only = `expands to multiple zones. Using only '${printName(zone)}'.`
  return {
    ...options,
    from: zone,
    to,
    warnings: zones.length > 1 ? [`Unsupported CIDR notation: '${from}' ${only}`] : [],
    at: { plugin, file, line },
  }
}

type Growing = { -readonly [Key in keyof Options]: Options[Key] }

/** Of a property given twice the last one counts; `except`, `next` and `failover` add up. */
function readOptions(directive: Directive): Options {
  const options: Growing = { ...defaults }
  const duration = (key: 'expire' | 'maxAge', name: string) => (property: Directive) =>
    readFirst(property, (text) => {
      options[key] = parseDuration(text)
      if (options[key] < 0) throw new ValueError(`${name} can't be negative: ${printDuration(options[key])}`)
    })
  const count = (key: 'maxIdle' | 'maxConcurrent', name: string) => (property: Directive) =>
    readFirst(property, (text) => {
      options[key] = parseInteger(text)
      if (options[key] < 0) throw new ValueError(`${name} can't be negative: ${options[key]}`)
    })
  const flag = (set: () => void) => (property: Directive) => {
    if (property.args.length > 0) throw wrongArgumentCount({ ...property, args: property.args.slice(0, 1) })
    set()
  }
  readBlock(directive, {
    except: (property) => {
      options.except = [...options.except, ...parseZones(readSome(property))]
    },
    force_tcp: flag(() => {
      options.protocol = 'tcp'
    }),
    prefer_udp: flag(() => {
      if (options.protocol !== 'tcp') options.protocol = 'udp'
    }),
    expire: duration('expire', 'expire'),
    max_age: duration('maxAge', 'max_age'),
    max_idle_conns: count('maxIdle', 'max_idle_conns'),
    max_concurrent: count('maxConcurrent', 'max_concurrent'),
    read_timeout: (property) =>
      readFirst(property, (text) => {
        options.readTimeout = parseDuration(text)
        if (options.readTimeout <= 0) {
          throw new ValueError(`read_timeout must be positive: ${printDuration(options.readTimeout)}`)
        }
      }),
    max_fails: (property) =>
      readFirst(property, (text) => {
        options.maxFails = parseUnsigned(text)
      }),
    max_connect_attempts: (property) =>
      readFirst(property, (text) => {
        options.maxAttempts = parseUnsigned(text)
      }),
    doh_method: (property) =>
      readFirst(property, (text) => {
        if (text !== 'POST' && text !== 'GET') throw new ValueError('doh_method must be either POST or GET')
        options.httpMethod = text
      }),
    tls: (property) => {
      if (property.args.length > 3) throw wrongArgumentCount(property)
      options.tls = readValue(property, () => readTlsFiles(property.args))
    },
    tls_servername: (property) =>
      readFirst(property, (text) => {
        options.serverName = text
      }),
    policy: (property) =>
      readFirst(property, (text) => {
        const policy = policies.find((name) => name === text)
        if (policy === undefined) throw new ValueError(`unknown policy '${text}'`)
        options.policy = policy
      }),
    health_check: (property) => {
      options.healthCheck = readHealthCheck(property)
    },
    next: (property) => {
      options.next = [...options.next, ...readSome(property).map((word) => readRcode(property, word))]
    },
    next_on_nodata: flag(() => {
      options.nextOnNodata = true
    }),
    failfast_all_unhealthy_upstreams: flag(() => {
      options.failfast = true
    }),
    failover: (property) => {
      const rcodes = readSome(property).map((word) => {
        const rcode = readRcode(property, word)
        if (rcode === Rcode.NOERROR) throw new CorefileError(property, 'NoError cannot be used in failover')
        return rcode
      })
      options.failover = [...options.failover, ...rcodes]
    },
    source_address: (property) =>
      readFirst(property, (text) => {
        if (isIP(text) === 0 || text.includes('%')) throw new ValueError(`invalid IP address: ${text}`)
        options.source = text
      }),
    resolver: (property) => {
      options.resolvers = readSome(property)
      for (const text of options.resolvers) {
        if (isIP(text.replace(/^\[(.*)\]:[^:]*$|^([^:]*):[^:]*$/, '$1$2')) === 0) {
          throw new CorefileError(property, `resolver must be an IP address or IP:port: ${JSON.stringify(text)}`)
        }
      }
    },
  })
  return options
}

/** One argument there must be. What follows it is the next property to CoreDNS, and one that it doesn't know. */
function readFirst(property: Directive, read: (text: string) => void): void {
  const [first, second] = property.args
  if (first === undefined) throw wrongArgumentCount(property)
  readValue(property, () => read(first))
  if (second !== undefined) throw unknownProperty({ ...property, name: second })
}

function readSome(property: Directive): readonly string[] {
  if (property.args.length === 0) throw wrongArgumentCount(property)
  return property.args
}

/** 32 bits, as Go's strconv.ParseUint. */
function parseUnsigned(text: string): number {
  const fail = (why: string) => new ValueError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`)
  if (!/^[0-9]+$/.test(text)) throw fail('invalid syntax')
  const value = Number(text)
  if (value > 0xffff_ffff) throw fail('value out of range')
  return value
}

/** Names that the registry has for other messages than ours, and CoreDNS's older one of NOTIMP. */
const otherRcodes: Readonly<Record<string, number>> = {
  NOTIMPL: Rcode.NOTIMP,
  DSOTYPENI: 11,
  BADSIG: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
}

function readRcode(property: Directive, word: string): number {
  const name = word.toUpperCase()
  const rcode = name.startsWith('RCODE') || name === 'BADVERS' ? undefined : (otherRcodes[name] ?? parseRcode(name))
  if (rcode === undefined) throw new CorefileError(property, `${word} is not a valid rcode`)
  return rcode
}

function readHealthCheck(property: Directive): Options['healthCheck'] {
  const [text, ...words] = property.args
  if (text === undefined) throw wrongArgumentCount(property)
  const interval = readValue(property, () => parseDuration(text))
  if (interval < 0) {
    // Nanoseconds: CoreDNS prints this one as a number.
    throw new CorefileError(property, `health_check can't be negative: ${Math.round(interval * 1e6)}`)
  }
  let recursionDesired = true
  let name = root
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === 'no_rec') recursionDesired = false
    else if (word === 'domain') {
      const domain = words[++at]
      if (domain === undefined) throw wrongArgumentCount(property)
      name = readDomain(property, domain)
    } else throw new CorefileError(property, `health_check: unknown option ${word}`)
  }
  return { interval, recursionDesired, name }
}

function readDomain(property: Directive, text: string): Name {
  try {
    return lowerName(parseName(text))
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    throw new CorefileError(property, `health_check: invalid domain name ${text}`, { cause: error })
  }
}
