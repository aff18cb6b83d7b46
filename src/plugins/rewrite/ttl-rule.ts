// `rewrite ttl`: the records of replies live for no less and no longer than a rule says.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { checkPattern, compileMatch, kindOf, type NameMatch, normalize } from './name-match.ts'
import { changeRrsets } from './reply-names.ts'
import type { Step } from './step.ts'

export interface TtlRule {
  readonly field: 'ttl'
  readonly match: NameMatch
  /** Seconds. */
  readonly least: number
  readonly most: number
}

/** Throws CorefileError. */
export function parseTtlRule(at: Directive, args: readonly string[]): TtlRule {
  if (args.length < 2) throw new CorefileError(at, `too few (${args.length}) arguments for a ttl rule`)
  const text = args.length > 3 ? '' : (args.at(-1) ?? '')
  const range = parseRange(text)
  if (range === undefined) throw new CorefileError(at, `invalid TTL '${text}' for a ttl rule`)
  return { field: 'ttl', match: parseMatch(at, 'ttl', args.slice(0, -1)), ...range }
}

/** `[exact|prefix|suffix|substring|regex] STRING` in front of what a rule sets. Throws CorefileError. */
export function parseMatch(at: Directive, rule: 'ttl' | 'rcode', args: readonly string[]): NameMatch {
  const [word = '', from = ''] = args.length === 1 ? ['exact', ...args] : args
  const kind = kindOf(word)
  if (kind === undefined) {
    const problem = `${rule} rule supports only exact, prefix, suffix, substring, and regex name matching`
    throw new CorefileError(at, problem)
  }
  if (kind !== 'regex') return { kind, from: normalize(from) }
  checkPattern(at, from, ` in a ${rule} rule`, () => `invalid regex pattern in a ${rule} rule: ${from}`)
  return { kind, from }
}

/** What a range without an upper end goes up to (RFC 2181 8). */
const longest = 2 ** 31 - 1

/** `30`, `30-300`, `30-` or `-300`. */
function parseRange(text: string): { readonly least: number; readonly most: number } | undefined {
  const [, from = '', dash = '', to = ''] = /^([0-9]*)(-?)([0-9]*)$/.exec(text) ?? []
  if (from === '' && to === '') return undefined
  const least = Number(from)
  const most = dash === '' ? least : to === '' ? longest : Number(to)
  return Math.max(least, most) > 0xffff_ffff || least > most ? undefined : { least, most }
}

export function compileTtlRule({ match, least, most }: TtlRule): Step {
  const fits = compileMatch(match)
  const limit = (ttl: number) => Math.min(Math.max(ttl, least), most)
  return (query, text) => {
    if (!fits(text)) return undefined
    return { query, revert: (reply) => changeRrsets(reply, (rrset) => ({ ...rrset, ttl: limit(rrset.ttl) })) }
  }
}
