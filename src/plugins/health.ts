// `health`: an HTTP page that says whether the process is well, and a pause before it ends.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Directive } from '../corefile/directive.ts'
import { readArg, readArgs, readBlock, readValue } from '../corefile/read-block.ts'
import { type HostPort, parseDuration, parseHostPort, printDuration } from '../corefile/values.ts'
import type { Plugin } from '../plugin.ts'

interface HealthConfig {
  readonly address: HostPort
  /** From the order to stop to the stop, ms. */
  readonly lameduck: number
}

/** The longest a timer can wait. */
const maxTimer = 2 ** 31 - 1

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
    if (lameduck > 0) {
      server.onStop(async () => {
        log.info(`Going into lameduck mode for ${printDuration(lameduck)}`)
        await sleep(Math.min(lameduck, maxTimer))
      }, signal)
    }
    return {}
  },
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
