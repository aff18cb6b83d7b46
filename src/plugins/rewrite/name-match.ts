// How the rules of `rewrite` choose names, and what they put in their place: names as text, by text.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { compilePattern, countGroups, PatternError } from '../../regexp.ts'

export const matchKinds = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const

export interface NameMatch {
  readonly kind: (typeof matchKinds)[number]
  /** Lower-cased and with a trailing dot where it is no regular expression. */
  readonly from: string
}

export const kindOf = (word: string): NameMatch['kind'] | undefined =>
  matchKinds.find((kind) => kind === word.toLowerCase())

/** Lower-cased, with a trailing dot that is not escaped. */
export function normalize(text: string): string {
  const [backslashes = ''] = /\\*(?=\.$)/.exec(text) ?? []
  const isAbsolute = text.endsWith('.') && backslashes.length % 2 === 0
  return (isAbsolute ? text : `${text}.`).toLowerCase()
}

const maxPatternLength = 10_000

/** Throws CorefileError with what `words` makes of the pattern, or of its being too long in the rule of this name. */
export function checkPattern(
  at: Directive,
  source: string,
  rule: string,
  words: (cause: PatternError) => string,
): void {
  const { length } = Buffer.from(source)
  if (length > maxPatternLength) {
    throw new CorefileError(at, `regex pattern too long${rule}: ${length} > ${maxPatternLength}`)
  }
  try {
    compilePattern(source)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new CorefileError(at, words(error), { cause: error })
  }
}

/**
 * Throws CorefileError where `from` is no regular expression, or has fewer groups than `to` has different `{N}`; of `{0}`,
 * the whole, too, as in CoreDNS.
 */
export function checkSubstitution(at: Directive, from: string, to: string): void {
  const used = new Set([...to.matchAll(/\{(0|[1-9][0-9]?|100)\}/g)].map(([group]) => group)).size
  // Plain names need no engine.
  if (used === 0 && from.length <= maxPatternLength && /^[-\w.]*$/.test(from)) return
  checkPattern(at, from, '', () => `invalid regex matching pattern: ${from}`)
  if (used > countGroups(from)) {
    const uses = `the rewrite regex pattern (${to}) uses more subexpressions`
    throw new CorefileError(at, `${uses} than its corresponding matching regex pattern (${from})`)
  }
}

/** Does it match a name as text? */
export function compileMatch({ kind, from }: NameMatch): (text: string) => boolean {
  switch (kind) {
    case 'exact':
      return (text) => text === from
    case 'prefix':
      return (text) => text.startsWith(from)
    case 'suffix':
      return (text) => text.endsWith(from)
    case 'substring':
      return (text) => text.includes(from)
    case 'regex': {
      const pattern = compilePattern(from)
      return (text) => pattern.test(text)
    }
  }
}

/** What becomes of a name as text; undefined where the rule doesn't match it. */
export type Substitution = (text: string) => string | undefined

export function compileSubstitution(match: NameMatch, to: string): Substitution {
  if (match.kind === 'regex') return compileReplacement(match.from, to)
  const { kind, from } = match
  const fits = compileMatch(match)
  const replace: Readonly<Record<typeof kind, (text: string) => string>> = {
    exact: () => to,
    prefix: (text) => to + text.slice(from.length),
    suffix: (text) => text.slice(0, text.length - from.length) + to,
    substring: (text) => text.split(from).join(to),
  }
  return (text) => (fits(text) ? replace[kind](text) : undefined)
}

/** Where the pattern matches, the whole text gives way to the replacement, in which `{N}` is what the Nth group holds. */
export function compileReplacement(source: string, to: string): Substitution {
  const pattern = compilePattern(source)
  return (text) => {
    const groups = pattern.match(text)
    if (groups === undefined) return undefined
    // One pass: what a group holds is whatever a client sent, braces too.
    return to.replace(/\{(0|[1-9][0-9]*)\}/g, (whole, number: string) => groups[Number(number)] ?? whole)
  }
}
