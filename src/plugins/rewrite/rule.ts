// A directive of `rewrite` read: its words, those of its block behind them, are one rule.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import type { WorkerContext } from '../../plugin.ts'
import { type CnameRule, compileCnameRule, parseCnameRule } from './cname-rule.ts'
import { compileEdnsRule, type EdnsRule, parseEdnsRule } from './edns-rule.ts'
import { compileNameRule, type NameRule, parseNameRule } from './name-rule.ts'
import { compileQuestionRule, parseQuestionRule, type QuestionRule } from './question-rule.ts'
import { compileRcodeRule, parseRcodeRule, type RcodeRule } from './rcode-rule.ts'
import type { Step } from './step.ts'
import { compileTtlRule, parseTtlRule, type TtlRule } from './ttl-rule.ts'

export interface Rule {
  /** Where it is for the question: is it the last one? */
  readonly mode: 'stop' | 'continue'
  readonly change: NameRule | QuestionRule | TtlRule | RcodeRule | CnameRule | EdnsRule
}

/** Throws CorefileError. */
export function parseRule(directive: Directive): Rule {
  const words = wordsOf(directive)
  const [first] = words
  if (first === undefined) throw new CorefileError(directive, 'no rule type specified for rewrite')
  const lower = first.toLowerCase()
  const mode = lower === 'continue' ? 'continue' : 'stop'
  const isMode = lower === 'continue' || lower === 'stop'
  const field = isMode ? words[1]?.toLowerCase() : lower
  if (field === undefined) throw new CorefileError(directive, `${lower} rule must begin with a rule type`)
  const change = parseChange(directive, field, words.slice(isMode ? 2 : 1))
  if (change === undefined) throw new CorefileError(directive, `invalid rule type ${JSON.stringify(first)}`)
  return { mode, change }
}

function parseChange(at: Directive, field: string, args: readonly string[]): Rule['change'] | undefined {
  switch (field) {
    case 'answer':
      throw new CorefileError(at, 'response rewrites must begin with a name rule')
    case 'name':
      return parseNameRule(at, args)
    case 'type':
    case 'class':
      return parseQuestionRule(at, field, args)
    case 'ttl':
      return parseTtlRule(at, args)
    case 'rcode':
      return parseRcodeRule(at, args)
    case 'cname':
      return parseCnameRule(at, args)
    case 'edns0':
      return parseEdnsRule(at, args)
    default:
      return undefined
  }
}

/** A block belongs to a directive of at most one word; behind more it would be a directive without any. */
function wordsOf({ args, block, emptyBlock, ...at }: Directive): readonly string[] {
  if (block.length === 0 && (emptyBlock !== true || args.length < 2)) return args
  const nested = block.find((property) => property.block.length > 0)
  if (args.length > 1 || nested !== undefined) {
    throw new CorefileError(nested ?? at, 'no rule type specified for rewrite')
  }
  return [...args, ...block.flatMap((property) => [property.name, ...property.args])]
}

export function compileRule({ change }: Rule, context: WorkerContext): Step {
  switch (change.field) {
    case 'name':
      return compileNameRule(change)
    case 'type':
    case 'class':
      return compileQuestionRule(change)
    case 'ttl':
      return compileTtlRule(change)
    case 'rcode':
      return compileRcodeRule(change)
    case 'cname':
      return compileCnameRule(change, context)
    case 'edns0':
      return compileEdnsRule(change, context)
  }
}
