// Does a rule of `template` fit a question, and what does its match hold?
import { Class, printClass, printType, Type } from '../../dns/codes.ts'
import { isWithin, type Name, printName } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { compilePattern, type Pattern } from '../../regexp.ts'
import type { Rule } from './rule.ts'
import type { Value } from './values.ts'

export interface Match {
  readonly zone: string
  readonly class: string
  readonly type: string
  /** Of a template, by their path. */
  readonly fields: ReadonlyMap<string, Value>
}

/** `elsewhere`: the rule is not for this question. `unmatched`: it is, but none of its patterns matches. */
export type Matcher = (query: Query) => Match | 'elsewhere' | 'unmatched'

/** What is matched where the Corefile says nothing; without an engine, as it always matches. */
const everything: Pattern = { source: '.*', groups: {}, test: () => true, match: (text) => [text] }

export function compileMatcher(rule: Rule): Matcher {
  const patterns = rule.patterns.length === 0 ? [everything] : rule.patterns.map(compilePattern)
  const fits = (wanted: number, any: number, asked: number) => wanted === any || asked === any || asked === wanted
  return (query) => {
    const zone = longestZone(query.name, rule.zones)
    if (zone === undefined) return 'elsewhere'
    if (!fits(rule.class, Class.ANY, query.class) || !fits(rule.type, Type.ANY, query.type)) return 'elsewhere'
    const name = printName(query.name)
    for (const pattern of patterns) {
      const groups = pattern.match(name)
      if (groups !== undefined) return matchOf(query, rule, zone, { name, pattern, groups })
    }
    return 'unmatched'
  }
}

/** The longest of the zones that the name is in. */
export function longestZone(name: Name, zones: readonly Name[]): Name | undefined {
  let longest: Name | undefined
  for (const zone of zones) {
    if (isWithin(name, zone) && !(longest !== undefined && longest.length >= zone.length)) longest = zone
  }
  return longest
}

function matchOf(
  query: Query,
  rule: Rule,
  zone: Name,
  found: { readonly name: string; readonly pattern: Pattern; readonly groups: readonly string[] },
): Match {
  const group = new Map(found.groups.map((text, number) => [String(number), text]))
  for (const [name, number] of Object.entries(found.pattern.groups)) group.set(name, found.groups[number] ?? '')
  const told = {
    zone: printName(zone),
    class: nameOf(printClass(query.class === Class.ANY ? rule.class : query.class)),
    type: nameOf(printType(query.type === Type.ANY ? rule.type : query.type)),
  }
  const fields = new Map<string, Value>([
    ['Zone', told.zone],
    ['Name', found.name],
    ['Regex', found.pattern.source],
    ['Match', found.groups],
    ['Group', group],
    ['Class', told.class],
    ['Type', told.type],
    ['Remote', query.client.address],
    ['Question.Name', printName(query.asked)],
    ['Question.Qtype', BigInt(query.type)],
    ['Question.Qclass', BigInt(query.class)],
  ])
  return { ...told, fields }
}

/** What has no name has none here, as in CoreDNS: TYPE65280 is ''. */
function nameOf(text: string): string {
  return /^(?:TYPE|CLASS)[0-9]+$/.test(text) ? '' : text
}
