// What a rule of `rewrite` does to a question on its way in and to the reply on its way out.
import { Rcode } from '../../dns/codes.ts'
import { type Name, NameError, parseName } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { errorReply, type Reply } from '../../dns/reply.ts'
import type { Maybe } from '../../maybe.ts'
import { Failure } from '../../plugin.ts'

/** `text` is the query's name as text, lower-cased, with the trailing dot. Undefined: the rule is not for this question. */
export type Step = (query: Query, text: string) => Rewritten | undefined

export interface Rewritten {
  /** What the next rule, or the next plugin, is asked. */
  readonly query: Query
  /** Undoes it in the reply, or does what the rule is for; `asked` is the question as it went to the next plugin. */
  readonly revert?: (reply: Reply, asked: Query) => Maybe<Reply>
}

/** Throws Failure, answered with SERVFAIL, where a rewrite made a name that is none. */
export function nameOf(text: string): Name {
  try {
    return parseName(text)
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    throw new Failure(`invalid name after rewrite: ${text}`, errorReply(Rcode.SERVFAIL), { cause: error })
  }
}
