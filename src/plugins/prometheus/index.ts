// `prometheus`: counts the queries of its server block, and an HTTP page of all that is counted anywhere.
import { lately, now } from '../../clock.ts'
import { CorefileError } from '../../corefile/directive.ts'
import { once, readArg, readArgs, readBlock, readValue } from '../../corefile/read-block.ts'
import { type HostPort, parseHostPort } from '../../corefile/values.ts'
import { Rcode } from '../../dns/codes.ts'
import { isWithin, type Name, printName } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { errorReply, type Reply } from '../../dns/reply.ts'
import type { HttpListener, TlsSettings } from '../../http.ts'
import type { Log } from '../../log.ts'
import { gauge } from '../../metrics.ts'
import { Failure, type Plugin } from '../../plugin.ts'
import { queryCounter } from '../../query-metrics.ts'
import { revision, version } from '../../version.ts'

interface PrometheusConfig {
  readonly address: HostPort
  /** Is the JavaScript engine measured too? */
  readonly runtime: boolean
  /** The file that says how the page is served by TLS. */
  readonly webConfig: string | undefined
}

const buildInfo = gauge(
  'coredns_build_info',
  "A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.",
  ['version', 'revision', 'goversion'],
)

export const prometheus: Plugin<PrometheusConfig> = {
  name: 'prometheus',

  parse(directives) {
    const directive = once(directives)
    const [text = 'localhost:9153'] = readArgs(directive, 0, 1)
    const address = readValue(directive, () => parseHostPort(text))
    let runtime = false
    let webConfig: string | undefined
    readBlock(
      directive,
      {
        runtime_metrics: (property) => {
          readArgs(property, 0)
          runtime = true
        },
        tls: (property) => {
          if (webConfig !== undefined) throw new CorefileError(property, 'tls block already specified')
          webConfig = readArg(property)
        },
      },
      (property) => new CorefileError(property, `unknown option: ${property.name}`),
    )
    return { address, runtime, webConfig }
  },

  async background({ address, runtime, webConfig }, { log, share, signal }) {
    // Workers read this file too, and have no use for what makes the page.
    const [{ sharedListener }, { exposeMetrics, exposeRuntime, expositionType }] = await Promise.all([
      import('../../http.ts'),
      import('../../exposition.ts'),
    ])
    buildInfo.with(version, revision, process.version).set(1)
    if (runtime) await exposeRuntime()
    const listener = await (webConfig === undefined
      ? sharedListener(share, address)
      : openSecurely(webConfig, (tls) => sharedListener(share, address, tls), log, signal))
    const page = async () => ({ status: 200, body: await exposeMetrics(), contentType: expositionType })
    listener.serve('/metrics', page, signal)
    return {}
  },

  handler(_, { keys }) {
    const zones = keys
      .map(({ zone }) => ({ zone, count: queryCounter(printName(zone)) }))
      .sort((a, b) => b.zone.length - a.zone.length)
    // What the server asks itself need not be in any of them.
    const elsewhere = queryCounter('.')
    const counterFor = (name: Name): typeof elsewhere => {
      for (let i = 0; i < zones.length; i++) {
        const { zone, count } = zones[i] as (typeof zones)[number]
        if (isWithin(name, zone)) return count
      }
      return elsewhere
    }
    const count = (query: Query, reply: Reply, start: number): void =>
      counterFor(query.name)(query, reply, (now() - start) / 1000)
    const failed = (query: Query, error: unknown, start: number): never => {
      count(query, error instanceof Failure ? error.reply : errorReply(Rcode.SERVFAIL), start)
      throw error
    }
    // hot
    return (query, next) => {
      const start = lately()
      let reply: ReturnType<typeof next>
      try {
        reply = next(query)
      } catch (error) {
        return failed(query, error, start)
      }
      if (reply instanceof Promise) {
        return reply.then(
          (value) => {
            count(query, value, start)
            return value
          },
          (error: unknown) => failed(query, error, start),
        )
      }
      count(query, reply, start)
      return reply
    }
  },
}

/** Certificates are replaced before they expire; this is how soon that is noticed, ms. */
const renewal = 10_000

/** Opens a listener by what the file says, and gives it the certificates of the file as it changes. */
async function openSecurely(
  file: string,
  open: (tls: TlsSettings) => Promise<HttpListener>,
  log: Log,
  signal: AbortSignal,
): Promise<HttpListener> {
  const { readWebConfig } = await import('./web-config.ts')
  let settings = readWebConfig(file)
  const listener = await open(settings)
  // One that is shared may have been opened by another configuration, with older certificates.
  listener.secure(settings)
  let trouble = ''
  const renew = () => {
    try {
      const read = readWebConfig(file)
      if (JSON.stringify(read) !== JSON.stringify(settings)) listener.secure(read)
      settings = read
      trouble = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== trouble) log.error(`the old certificate stays: ${message}`)
      trouble = message
    }
  }
  const timer = setInterval(renew, renewal)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  return listener
}
