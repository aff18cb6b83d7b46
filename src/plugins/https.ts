// `https`: how many clients a listener for DNS over HTTPS has at a time.
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { readArg, readArgs, readBlock, readValue } from '../corefile/read-block.ts'
import { parseInteger } from '../corefile/values.ts'
import type { HttpsAllowance, Plugin } from '../plugin.ts'

export const https: Plugin<HttpsAllowance> = {
  name: 'https',

  parse(directives) {
    let connections: number | undefined
    for (const directive of directives) {
      readArgs(directive, 0)
      readBlock(directive, {
        max_connections: (property) => {
          const count = readCount(property)
          if (connections !== undefined) {
            throw new CorefileError(property, 'max_connections already defined for this server block')
          }
          connections = count
        },
      })
    }
    return connections === undefined ? {} : { connections }
  },

  listen(allowance, listen) {
    return { ...listen, https: { ...listen.https, ...allowance } }
  },
}

function readCount(property: Directive): number {
  const text = readArg(property)
  const count = readValue(
    property,
    () => parseInteger(text),
    (problem) => `invalid max_connections value '${text}': ${problem}`,
  )
  if (count < 0) throw new CorefileError(property, `max_connections must be a non-negative integer: ${count}`)
  return count
}
