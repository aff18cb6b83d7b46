// `rewrite rcode`: replies get another response code.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { parseRcode, Rcode } from '../../dns/codes.ts'
import { compileMatch, type NameMatch } from './name-match.ts'
import type { Step } from './step.ts'
import { parseMatch } from './ttl-rule.ts'

export interface RcodeRule {
  readonly field: 'rcode'
  readonly match: NameMatch
  readonly from: number
  readonly to: number
}

/** Throws CorefileError. */
export function parseRcodeRule(at: Directive, args: readonly string[]): RcodeRule {
  if (args.length < 3) throw new CorefileError(at, `too few (${args.length}) arguments for a rcode rule`)
  const [from = '', to = ''] = args.length > 4 ? [] : args.slice(-2)
  const codes = { from: codeOf(from), to: codeOf(to) }
  if (codes.from === undefined) throw new CorefileError(at, `invalid matching RCODE '${from}' for a rcode rule`)
  if (codes.to === undefined) throw new CorefileError(at, `invalid replacement RCODE '${to}' for a rcode rule`)
  return { field: 'rcode', match: parseMatch(at, 'rcode', args.slice(0, -2)), from: codes.from, to: codes.to }
}

/** Names that mean the same as others. */
const otherNames: Readonly<Record<string, number>> = { BADSIG: Rcode.BADVERS, NOTIMPL: Rcode.NOTIMP }

function codeOf(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text) <= Rcode.BADCOOKIE ? Number(text) : undefined
  const upper = text.toUpperCase()
  if (Object.hasOwn(otherNames, upper)) return otherNames[upper]
  return upper.startsWith('RCODE') ? undefined : parseRcode(upper)
}

export function compileRcodeRule({ match, from, to }: RcodeRule): Step {
  const fits = compileMatch(match)
  return (query, text) => {
    if (!fits(text)) return undefined
    return { query, revert: (reply) => (reply.rcode === from ? { ...reply, rcode: to } : reply) }
  }
}
