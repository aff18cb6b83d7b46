// `multisocket`: how many workers there are, each with sockets of its own on every address.
import { availableParallelism } from 'node:os'
import { CorefileError } from '../corefile/directive.ts'
import { readArgs, readNothing, readValue, wrongArgumentCount } from '../corefile/read-block.ts'
import { parseInteger } from '../corefile/values.ts'
import type { Plugin } from '../plugin.ts'

const maxSockets = 1024

/** The number, or undefined for that of the CPUs. */
export const multisocket: Plugin<number | undefined> = {
  name: 'multisocket',

  parse([directive, second]) {
    if (second !== undefined) throw wrongArgumentCount({ ...second, args: [] })
    if (directive === undefined) return undefined
    const [text] = readArgs(directive, 0, 1)
    readNothing({ ...directive, args: [] })
    if (text === undefined) return undefined
    const count = readValue(
      directive,
      () => parseInteger(text),
      (problem) => `invalid num sockets: ${problem}`,
    )
    if (count < 1) throw new CorefileError(directive, `num sockets can not be zero or negative: ${count}`)
    if (count > maxSockets) {
      throw new CorefileError(directive, `num sockets exceeds maximum (${maxSockets}): ${count}`)
    }
    return count
  },

  /** The CPUs that this process may use: those of the cgroup, where it is limited. */
  listen(count, listen) {
    return { ...listen, workers: count ?? availableParallelism() }
  },
}
