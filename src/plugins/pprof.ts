// `pprof`: in CoreDNS the profiles of a Go program over HTTP. There are none here: it is read and said to do nothing, so that
// a Corefile that has it goes on working.
import { once, readArgs, readBlock, readValue } from '../corefile/read-block.ts'
import { parseHostPort, parseInteger } from '../corefile/values.ts'
import type { Plugin } from '../plugin.ts'

interface PprofConfig {
  /** Where CoreDNS would listen. */
  readonly address: string
}

export const pprof: Plugin<PprofConfig> = {
  name: 'pprof',

  parse(directives) {
    const directive = once(directives)
    const [address = 'localhost:6053'] = readArgs(directive, 0, 1)
    readValue(directive, () => parseHostPort(address))
    readBlock(directive, {
      block: (property) => {
        const [rate = '1'] = readArgs(property, 0, 1)
        const words = () => `property 'block' invalid integer value '${rate}'`
        readValue(property, () => parseInteger(rate), words)
      },
    })
    return { address }
  },

  background({ address }, { log }) {
    log.warning(`no profiles are served at ${address}: not supported here`)
    return {}
  },
}
