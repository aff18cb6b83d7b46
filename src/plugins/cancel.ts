// `cancel`: an end to the time a question may take.
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { readArgs, readNothing } from '../corefile/read-block.ts'
import { parseDuration, printDuration, ValueError } from '../corefile/values.ts'
import { ExtendedErrorCode, Rcode } from '../dns/codes.ts'
import { errorReply } from '../dns/reply.ts'
import type { Plugin } from '../plugin.ts'

/** A little more than resolvers wait for, ms. */
const defaultTimeout = 5001
/** The longest a timer can wait, ms. */
const maxTimer = 2 ** 31 - 1

/** Milliseconds. */
export const cancel: Plugin<number> = {
  name: 'cancel',

  /** Of several directives the last one counts. */
  parse(directives) {
    return directives.reduce((_before, directive) => parseTimeout(directive), defaultTimeout)
  },

  handler(timeout) {
    const late = errorReply(Rcode.SERVFAIL, {
      code: ExtendedErrorCode.OTHER,
      text: `no answer within ${printDuration(timeout)}`,
    })
    // hot
    return (query, next) => {
      const reply = next(query)
      return reply instanceof Promise ? within(reply, timeout, late) : reply
    }
  },
}

function parseTimeout(directive: Directive): number {
  const [text] = readArgs(directive, 0, 1)
  // Braces are well, as long as there is nothing in them: so in CoreDNS.
  readNothing({ ...directive, args: [], emptyBlock: false })
  if (text === undefined) return defaultTimeout
  let timeout: number
  try {
    timeout = parseDuration(text)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new CorefileError(directive, `invalid duration: ${JSON.stringify(text)}`, { cause: error })
  }
  if (timeout <= 0) throw new CorefileError(directive, `invalid negative duration: ${JSON.stringify(text)}`)
  return timeout
}

/** The value, or `otherwise` after `deadline` ms; what becomes of the value then is nobody's concern. */
async function within<T>(value: Promise<T>, deadline: number, otherwise: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  const timer = setTimeout(() => resolve(otherwise), Math.min(deadline, maxTimer))
  try {
    return await Promise.race([value, promise])
  } finally {
    clearTimeout(timer)
  }
}
