// `prometheus`: counts the queries of its server block, and an HTTP page of all that is counted anywhere.
import { CorefileError } from '../../corefile/directive.ts'
import { once, readArgs, readBlock, readValue } from '../../corefile/read-block.ts'
import { type HostPort, parseHostPort } from '../../corefile/values.ts'
import { Rcode } from '../../dns/codes.ts'
import { isWithin, printName } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { errorReply, type Reply } from '../../dns/reply.ts'
import { gauge } from '../../metrics.ts'
import { Failure, type Plugin } from '../../plugin.ts'
import { queryCounter } from '../../query-metrics.ts'
import { version } from '../../version.ts'

interface PrometheusConfig {
  readonly address: HostPort
  /** Is the JavaScript engine measured too? */
  readonly runtime: boolean
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
    readBlock(
      directive,
      {
        runtime_metrics: (property) => {
          readArgs(property, 0)
          runtime = true
        },
      },
      (property) => new CorefileError(property, `unknown option: ${property.name}`),
    )
    return { address, runtime }
  },

  async background({ address, runtime }, { share, signal }) {
    // Workers read this file too, and have no use for what makes the page.
    const [{ sharedListener }, { exposeMetrics, exposeRuntime, expositionType }] = await Promise.all([
      import('../../http.ts'),
      import('../../exposition.ts'),
    ])
    buildInfo.with(version, '', process.version).set(1)
    if (runtime) await exposeRuntime()
    const listener = await sharedListener(share, address)
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
    const count = (query: Query, reply: Reply, start: number): void => {
      const counter = zones.find(({ zone }) => isWithin(query.name, zone))?.count ?? elsewhere
      counter(query, reply, (performance.now() - start) / 1000)
    }
    const failed = (query: Query, error: unknown, start: number): never => {
      count(query, error instanceof Failure ? error.reply : errorReply(Rcode.SERVFAIL), start)
      throw error
    }
    // hot
    return (query, next) => {
      const start = performance.now()
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
