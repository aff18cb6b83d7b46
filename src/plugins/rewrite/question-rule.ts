// `rewrite type` and `rewrite class`: the question gets another type or class, and the reply its own back by itself.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { parseClass, parseType } from '../../dns/codes.ts'
import { changeQuery } from '../../dns/query.ts'
import type { Step } from './step.ts'

export interface QuestionRule {
  readonly field: 'type' | 'class'
  readonly from: number
  readonly to: number
}

/** Throws CorefileError. */
export function parseQuestionRule(at: Directive, field: 'type' | 'class', args: readonly string[]): QuestionRule {
  if (args.length !== 2) throw new CorefileError(at, `${field} rules must have exactly two arguments`)
  const [from = 0, to = 0] = args.map((word) => {
    const upper = word.toUpperCase()
    // By name only, as in CoreDNS.
    const parse = field === 'type' ? parseType : parseClass
    const code = /^(?:TYPE|CLASS)[0-9]/.test(upper) ? undefined : parse(upper)
    if (code === undefined) throw new CorefileError(at, `invalid ${field} ${JSON.stringify(upper)}`)
    return code
  })
  return { field, from, to }
}

export function compileQuestionRule({ field, from, to }: QuestionRule): Step {
  return (query) => (query[field] === from ? { query: changeQuery(query, { [field]: to }) } : undefined)
}
