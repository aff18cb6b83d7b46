// `health`: an HTTP page that says whether the process is well, and a pause before it ends.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Directive } from '../corefile/directive.ts'
import { readArg, readArgs, readBlock, readValue } from '../corefile/read-block.ts'
import { type HostPort, parseDuration, parseHostPort, printDuration } from '../corefile/values.ts'
import type { Log } from '../log.ts'
import { counter, histogram } from '../metrics.ts'
import type { Plugin, ServerState } from '../plugin.ts'

interface HealthConfig {
  readonly address: HostPort
  /** From the order to stop to the stop, ms. */
  readonly lameduck: number
}

/** The longest a timer can wait. */
const maxTimer = 2 ** 31 - 1
/** From check to check, ms; one that takes longer than that is worth a warning. */
const checkInterval = 1000

const durations = histogram(
  'coredns_health_request_duration_seconds',
  'Histogram of the time (in seconds) each request took.',
  [],
  [0.00025, 0.0025, 0.025, 0.25, 2.5],
).with()
const failures = counter(
  'coredns_health_request_failures_total',
  'The number of times the health check failed.',
  [],
).with()

export const health: Plugin<HealthConfig> = {
  name: 'health',

  /** Of several directives each replaces what it names. */
  parse(directives) {
    return directives.reduce(parseHealth, { address: { host: '', port: 8080 }, lameduck: 0 })
  },

  async background({ address, lameduck }, { log, server, share, signal }) {
    // Workers read this file too, and node:http would cost each of them several MiB.
    const { sharedListener } = await import('../http.ts')
    const listener = await sharedListener(share, address)
    const page = async () => {
      const ailment = await server.ailing()
      return ailment === undefined ? { status: 200, body: 'OK' } : { status: 503, body: ailment }
    }
    listener.serve('/health', page, signal)
    const timer = setInterval(checker(server, log), checkInterval)
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    if (lameduck > 0) {
      server.onStop(async () => {
        log.info(`Going into lameduck mode for ${printDuration(lameduck)}`)
        await sleep(Math.min(lameduck, maxTimer))
      }, signal)
    }
    return {}
  },
}

/** Asks what the page asks, takes the time, and tells of what is wrong; does nothing while an earlier check isn't done. */
function checker(server: ServerState, log: Log): () => Promise<void> {
  let busy = false
  return async () => {
    if (busy) return
    busy = true
    const start = performance.now()
    const ailment = await server.ailing()
    const took = performance.now() - start
    busy = false
    durations.observe(took / 1000)
    if (ailment !== undefined) {
      failures.inc()
      log.warning(`Local health request failed: ${ailment}`)
    } else if (took > checkInterval) log.warning(`Local health request took more than 1s: ${printDuration(took)}`)
  }
}

function parseHealth(config: HealthConfig, directive: Directive): HealthConfig {
  const [text] = readArgs(directive, 0, 1)
  const address = text === undefined ? config.address : readValue(directive, () => parseHostPort(text))
  let { lameduck } = config
  readBlock(directive, {
    lameduck: (property) => {
      const value = readArg(property)
      const words = (problem: string) => `unable to parse lameduck duration value: '${value}' : ${problem}`
      lameduck = readValue(property, () => parseDuration(value), words)
    },
  })
  return { address, lameduck }
}
