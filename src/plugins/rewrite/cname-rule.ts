// `rewrite cname`: aliases of replies point elsewhere, and what is there follows them.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { Type } from '../../dns/codes.ts'
import { lowerName, type Name, printName } from '../../dns/name.ts'
import { type Query, withQuestion } from '../../dns/query.ts'
import { decodeName, encodeName } from '../../dns/rdata.ts'
import type { Reply } from '../../dns/reply.ts'
import { after, type Maybe } from '../../maybe.ts'
import type { WorkerContext } from '../../plugin.ts'
import { checkPattern, compileSubstitution, kindOf, type NameMatch, normalize } from './name-match.ts'
import { nameOf, type Step } from './step.ts'

export interface CnameRule {
  readonly field: 'cname'
  readonly match: NameMatch
  readonly to: string
}

/** Throws CorefileError. */
export function parseCnameRule(at: Directive, args: readonly string[]): CnameRule {
  if (args.length !== 2 && args.length !== 3) {
    throw new CorefileError(at, `too few (${args.length}) arguments for a cname rule`)
  }
  const [word = '', from = '', to = ''] = args.length === 2 ? ['exact', ...args] : args
  const kind = kindOf(word)
  if (kind === undefined) throw new CorefileError(at, `unknown cname rewrite type: ${word.toLowerCase()}`)
  if (kind === 'exact') return { field: 'cname', match: { kind, from: normalize(from) }, to: normalize(to) }
  // Without a dot at the end, unlike in other rules.
  const match = { kind, from: kind === 'regex' ? from : from.toLowerCase() }
  if (kind === 'regex') {
    const words = (cause: Error) => `invalid cname rewrite regex pattern: ${cause.message}`
    checkPattern(at, from, ' in a cname rule', words)
  }
  return { field: 'cname', match, to: to.toLowerCase() }
}

export function compileCnameRule({ match, to }: CnameRule, context: WorkerContext): Step {
  const isRegex = match.kind === 'regex'
  const substitute = compileSubstitution(isRegex ? { ...match, from: `(?i)${match.from}` } : match, to)
  const newTarget = (target: Name): Name | undefined => {
    const text = substitute(printName(lowerName(target)))
    return text === undefined ? undefined : nameOf(text)
  }
  return (query) => {
    if (match.from === '' || to === '') return undefined
    return { query, revert: (reply, asked) => follow(reply, asked, newTarget, context) }
  }
}

/** The answer up to the first alias that is to point elsewhere, that alias, and what the server answers for its target. */
function follow(
  reply: Reply,
  asked: Query,
  newTarget: (target: Name) => Name | undefined,
  context: WorkerContext,
): Maybe<Reply> {
  for (const [i, rrset] of reply.answer.entries()) {
    const [rdata] = rrset.rdatas
    if (rrset.type !== Type.CNAME || rdata === undefined) continue
    const target = newTarget(decodeName(rdata))
    if (target === undefined) continue
    const before = reply.answer.slice(0, i).filter(({ type }) => type === Type.CNAME)
    const alias = { ...rrset, rdatas: [encodeName(target)] }
    return after(context.ask(withQuestion(asked, target, lowerName(target))), (found) => ({
      ...reply,
      answer: [...before, alias, ...found.answer],
      truncated: found.truncated,
    }))
  }
  return reply
}
