// Regular expressions with Go's syntax, matched in time linear in the text: operators write them, strangers choose what
// they are matched with. Only importer of re2js.
import { createRequire } from 'node:module'
import type * as Re2 from 're2js'

export interface Pattern {
  readonly source: string
  /** Does it match anywhere in the text? */
  test(text: string): boolean
  /** The first place where it matches: the whole, then what each group holds, '' where it took no part. */
  match(text: string): readonly string[] | undefined
  /** The number of each group that has a name. */
  readonly groups: Readonly<Record<string, number>>
}

/** A regular expression that makes no sense; the message is Go's. */
export class PatternError extends Error {
  override name = 'PatternError'
}

let engine: typeof Re2 | undefined

/** Loaded when the first pattern is: most Corefiles have none, and it costs every thread several MiB. */
function loadEngine(): typeof Re2 {
  engine ??= createRequire(import.meta.url)('re2js') as typeof Re2
  return engine
}

/** Throws PatternError. */
export function compilePattern(source: string): Pattern {
  const { RE2JS, RE2JSException } = loadEngine()
  try {
    const compiled = RE2JS.compile(source)
    return {
      source,
      test: (text) => compiled.test(text),
      match: (text) => {
        const matcher = compiled.matcher(text)
        if (!matcher.find()) return undefined
        return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
      },
      groups: { ...compiled.namedGroups() },
    }
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw new PatternError(error.message, { cause: error })
  }
}

/** How many groups it has, the whole left out. Throws PatternError. */
export function countGroups(source: string): number {
  // An alternative that matches anything: the match has all groups, whether they took part or not.
  const groups = compilePattern(`${source}|`).match('')
  return groups === undefined ? 0 : groups.length - 1
}
