// What every resolver's walk over the search list is: a generator that yields the next question, is told how it came
// out, and returns what the program in front of it gets. Pure: tables and `explain` both drive it.
import { countLabels, labelsOf, type Name, NameError, parseName, prepend } from '../dns/name.ts'
import type { ResolvConf } from './resolv-conf.ts'

/**
 * How one question came out, for a client: `answer` has records of the type, `alias` only a CNAME that leads to none,
 * `nodata` nothing at all, `error` is any other rcode, `unreachable` a server that isn't there.
 */
export type Outcome =
  | 'answer'
  | 'alias'
  | 'nodata'
  | 'nxdomain'
  | 'servfail'
  | 'refused'
  | 'error'
  | 'timeout'
  | 'unreachable'

/** One name, asked for all of the types at once. */
export interface Step {
  readonly name: Name
  readonly types: readonly number[]
}

/** What comes of it: records, a name without such records, no such name, or no way to tell. */
export type End = 'found' | 'nodata' | 'nxdomain' | 'failed'

export interface Verdict {
  readonly end: End
  /** Numbers of the steps, from 0, whose answers the program gets. */
  readonly taken: readonly number[]
  /** What the program is told, in the resolver's own words; '' where it gets its answer. */
  readonly report: string
  /** Why the walk ended here, as a sentence. */
  readonly because: string
}

/** Yields steps; is told the outcomes in the order of the step's types. */
export type Walk = Generator<Step, Verdict, readonly Outcome[]>

/** A name as somebody typed it. */
export interface Asked {
  /** By itself, as if it were fully qualified. */
  readonly name: Name
  /** It ends with a dot. */
  readonly absolute: boolean
  /** In the text, which is what `ndots` is compared with; those within labels don't count here. */
  readonly dots: number
}

/** A resolver's rules. `types` are asked for together where it asks for addresses. */
export type Walker = (conf: ResolvConf, asked: Asked, types: readonly number[]) => Walk

/** Throws NameError. */
export function parseAsked(text: string): Asked {
  const name = parseName(text)
  const absolute = text === '.' || /[^\\](?:\\\\)*\.$/.test(text)
  return { name, absolute, dots: countLabels(name) - 1 + (absolute ? 1 : 0) }
}

/** The name with a domain of the search list after it; undefined where that is no name. `.` adds nothing. */
export function join({ name }: Asked, domain: string): Name | undefined {
  try {
    return prepend(labelsOf(name), parseName(domain))
  } catch (error) {
    if (error instanceof NameError) return undefined
    throw error
  }
}

/** Counts steps as it yields them. */
export interface Steps {
  count: number
}

/** Asks one step; the verdict's numbers are those of `steps`. */
export function* ask(
  steps: Steps,
  name: Name,
  types: readonly number[],
): Generator<Step, readonly Outcome[], readonly Outcome[]> {
  steps.count++
  return yield { name, types }
}

/** The verdict on an answer to the step just asked. */
export function found(steps: Steps, because: string): Verdict {
  return { end: 'found', taken: [steps.count - 1], report: '', because }
}

export function lost(end: End, report: string, because: string): Verdict {
  return { end, taken: [], report, because }
}
