// `rewrite`: questions are changed before anything else looks at them, and their replies are changed back.
import { printName } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { type Reply, silence } from '../../dns/reply.ts'
import { after, attempt, type Maybe } from '../../maybe.ts'
import { Failure, type Plugin } from '../../plugin.ts'
import { compileRule, parseRule, type Rule } from './rule.ts'
import type { Rewritten } from './step.ts'

type Revert = NonNullable<Rewritten['revert']>

export const rewrite: Plugin<readonly Rule[]> = {
  name: 'rewrite',

  parse(directives) {
    return directives.map(parseRule)
  },

  handler(rules, context) {
    const steps = rules.map((rule) => ({ step: compileRule(rule, context), isLast: rule.mode === 'stop' }))
    // hot
    return (query, next) => {
      let asked = query
      let text = printName(query.name)
      const reverts: Revert[] = []
      for (const { step, isLast } of steps) {
        const rewritten = step(asked, text)
        if (rewritten === undefined) continue
        if (rewritten.query.name !== asked.name) text = printName(rewritten.query.name)
        asked = rewritten.query
        if (rewritten.revert !== undefined) reverts.push(rewritten.revert)
        if (isLast) break
      }
      if (reverts.length === 0) return next(asked)
      reverts.reverse()
      return attempt(
        () => next(asked),
        (reply) => revertAll(reverts, reply, asked),
        (error) => refuse(reverts, error, asked),
      )
    }
  },
}

/** The last that was done is undone first. */
function revertAll(reverts: readonly Revert[], reply: Reply, asked: Query): Maybe<Reply> {
  if (reply === silence) return reply
  let reverted: Maybe<Reply> = reply
  for (const revert of reverts) reverted = after(reverted, (now) => revert(now, asked))
  return reverted
}

/** What a plugin tells the client in the place of an answer is changed back as well. */
function refuse(reverts: readonly Revert[], error: unknown, asked: Query): never {
  if (!(error instanceof Failure)) throw error
  const reply = revertAll(reverts, error.reply, asked)
  // Only aliases make it wait, and there are none in such a reply.
  if (reply instanceof Promise || reply === error.reply) throw error
  throw new Failure(error.message, reply, { cause: error })
}
