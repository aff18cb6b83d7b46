// `trace`: in CoreDNS a trace of each query for Zipkin or Datadog. There are none here: it is read and said to do nothing, so
// that a Corefile that has it goes on working.
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { readArg, readArgs, readBlock, readValue } from '../corefile/read-block.ts'
import { parseDuration, parseFloatingPoint, parseInteger, ValueError } from '../corefile/values.ts'
import type { Plugin } from '../plugin.ts'

interface TraceConfig {
  /** Where CoreDNS would send traces to. */
  readonly endpoint: string
}

/** By their type, which is written in any case. */
const defaultEndpoints: Readonly<Record<string, string>> = { zipkin: 'localhost:9411', datadog: 'localhost:8126' }

export const trace: Plugin<TraceConfig> = {
  name: 'trace',

  /** Of several directives the last one counts, as in CoreDNS. */
  parse(directives) {
    return directives.map(parseTrace).at(-1) as TraceConfig
  },

  background({ endpoint }, { log }) {
    log.warning(`no traces are sent to ${endpoint}: not supported here`)
    return {}
  },
}

function parseTrace(directive: Directive): TraceConfig {
  const args = readArgs(directive, 0, 2)
  const type = args.length === 2 ? (args[0] as string).toLowerCase() : 'zipkin'
  if (!Object.hasOwn(defaultEndpoints, type)) {
    throw new CorefileError(directive, `tracing endpoint type '${type}' is not supported`)
  }
  const endpoint = args.at(-1) || (defaultEndpoints[type] as string)
  const integer = (property: Directive) => readValue(property, () => parseInteger(readArg(property)))
  readBlock(directive, {
    every: (property) => readValue(property, () => checkUnsigned(readArg(property))),
    service: readArg,
    client_server: (property) => readOptional(property, checkBool),
    datadog_analytics_rate: (property) => readOptional(property, checkRate),
    zipkin_max_backlog_size: integer,
    zipkin_max_batch_size: integer,
    zipkin_max_batch_interval: (property) => readValue(property, () => parseDuration(readArg(property))),
  })
  const isUrl = type !== 'zipkin' || endpoint.includes('http')
  return { endpoint: isUrl ? endpoint : `http://${endpoint}/api/v2/spans` }
}

function readOptional(property: Directive, check: (text: string, property: Directive) => void): void {
  const [text] = readArgs(property, 0, 1)
  if (text !== undefined) check(text, property)
}

function checkUnsigned(text: string): void {
  const fail = (why: string) => new ValueError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`)
  if (!/^[0-9]+$/.test(text)) throw fail('invalid syntax')
  if (BigInt(text) >= 1n << 64n) throw fail('value out of range')
}

/** Go's strconv.ParseBool. */
function checkBool(text: string, property: Directive): void {
  if (/^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(text)) return
  throw new CorefileError(property, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
}

function checkRate(text: string, property: Directive): void {
  const rate = readValue(property, () => parseFloatingPoint(text))
  if (rate > 1 || rate < 0) {
    throw new CorefileError(
      property,
      `datadog analytics rate must be between 0 and 1, '${rate.toFixed(6)}' is not supported`,
    )
  }
}
