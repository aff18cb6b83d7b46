// `dnstap`: in CoreDNS a copy of each message for a listener elsewhere. There are none here: it is read and said to do
// nothing, so that a Corefile that has it goes on working.
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { readBlock, readValue, wrongArgumentCount } from '../corefile/read-block.ts'
import { parseInteger } from '../corefile/values.ts'
import type { Plugin } from '../plugin.ts'

interface DnstapConfig {
  /** Where CoreDNS would send messages to, or listen for whom to send them to. */
  readonly endpoints: readonly string[]
}

/** Mebibytes of buffer, and multiples of 10,000 messages. */
const maxBuffer = 1024
const maxQueue = 4096

export const dnstap: Plugin<DnstapConfig> = {
  name: 'dnstap',

  parse(directives) {
    return { endpoints: directives.map(parseDnstap) }
  },

  background({ endpoints }, { log }) {
    for (const endpoint of endpoints) log.warning(`no messages are copied to ${endpoint}: not supported here`)
    return {}
  },
}

function parseDnstap(directive: Directive): string {
  const listens = directive.args[0] === 'listen'
  const [endpoint, , buffer, queue] = listens ? directive.args.slice(1) : directive.args
  if (endpoint === undefined) {
    throw listens
      ? new CorefileError(directive, 'dnstap listen requires an endpoint argument')
      : wrongArgumentCount(directive)
  }
  if (buffer !== undefined) {
    checkMultiple(buffer, directive, { what: 'MultipleTcpWriteBuf', unit: 'MiB units', max: maxBuffer })
  }
  if (queue !== undefined) {
    checkMultiple(queue, directive, { what: 'MultipleQueue', unit: 'x10k messages', max: maxQueue })
  }
  readBlock(directive, {
    skipverify: (property) => readWords(property, 0),
    tls: (property) => {
      if (!listens) throw new CorefileError(property, 'tls directive only valid for listeners')
      if (property.args.length < 2) throw new CorefileError(property, 'tls requires cert and key file paths')
    },
    identity: (property) => readWords(property, 1),
    version: (property) => readWords(property, 1),
    extra: (property) => readWords(property, 1),
  })
  return endpoint
}

/** So many arguments; what follows would be the next property. */
function readWords(property: Directive, count: number): void {
  if (property.args.length < count) throw wrongArgumentCount(property)
  const next = property.args[count]
  if (next !== undefined) throw new CorefileError(property, `unknown property '${next}'`)
}

function checkMultiple(
  text: string,
  directive: Directive,
  { what, unit, max }: { readonly what: string; readonly unit: string; readonly max: number },
): void {
  const words = (problem: string) => `dnstap: invalid ${what} ${JSON.stringify(text)}: ${problem}`
  const value = readValue(directive, () => parseInteger(text), words)
  if (value >= 1 && value <= max) return
  throw new CorefileError(directive, `dnstap: ${what} must be between 1 and ${max} (${unit}): ${value}`)
}
