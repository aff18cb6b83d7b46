// `errors`: logs what goes wrong further down the chain and answers SERVFAIL in its place.
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { once, readArgs, readBlock, readNothing, readValue } from '../corefile/read-block.ts'
import { parseDuration, printDuration } from '../corefile/values.ts'
import { printType, Rcode } from '../dns/codes.ts'
import { printName } from '../dns/name.ts'
import type { Query } from '../dns/query.ts'
import { errorReply, type Reply } from '../dns/reply.ts'
import type { Log } from '../log.ts'
import { Failure, type Plugin } from '../plugin.ts'
import { panics } from '../query-metrics.ts'
import { compilePattern, type Pattern, PatternError } from '../regexp.ts'

interface ErrorsConfig {
  /** Are faults of our own logged with their stack? */
  readonly stacktrace: boolean
  /** In file order: the first that matches counts. */
  readonly consolidations: readonly Consolidation[]
}

type Level = 'error' | 'warning' | 'info' | 'debug'

/** Errors that are counted for a while instead of being logged one by one. */
interface Consolidation {
  /** Milliseconds. */
  readonly period: number
  /** Regular expression. */
  readonly pattern: string
  readonly level: Level
  /** Is the first one of a period logged as well? */
  readonly showFirst: boolean
}

const maxPatternLength = 10_000
/** The longest a timer can wait, ms. */
const maxTimer = 2 ** 31 - 1

export const errors: Plugin<ErrorsConfig> = {
  name: 'errors',

  parse(directives) {
    const directive = once(directives)
    const [file] = readArgs(directive, 0, 1)
    if (file !== undefined && file !== 'stdout') throw new CorefileError(directive, `invalid log file: ${file}`)
    let stacktrace = false
    const consolidations: Consolidation[] = []
    readBlock(directive, {
      stacktrace: (property) => {
        readNothing(property)
        stacktrace = true
      },
      consolidate: (property) => consolidations.push(parseConsolidation(property)),
    })
    return { stacktrace, consolidations }
  },

  handler({ stacktrace, consolidations }, { log }) {
    const counters = consolidations.map((consolidation) => new Counter(consolidation, log))
    const rescue = (query: Query, error: unknown): Reply => {
      const message = error instanceof Error ? error.message : String(error)
      if (isFault(error)) panics.inc()
      const answer = error instanceof Failure ? error.reply : errorReply(Rcode.SERVFAIL)
      const counter = counters.find((candidate) => candidate.matches(message))
      if (counter === undefined || counter.count()) {
        const told = stacktrace && isFault(error) ? error.stack : message
        log[counter?.level ?? 'error'](`${answer.rcode} ${printName(query.name)} ${printType(query.type)}: ${told}`)
      }
      return answer
    }
    // hot
    return (query, next) => {
      try {
        const reply = next(query)
        return reply instanceof Promise ? reply.catch((error: unknown) => rescue(query, error)) : reply
      } catch (error) {
        return rescue(query, error)
      }
    }
  },
}

const levels: readonly string[] = ['error', 'warning', 'info', 'debug'] satisfies readonly Level[]
const isLevel = (word: string): word is Level => levels.includes(word)

function parseConsolidation(property: Directive): Consolidation {
  const [duration = '', pattern = '', ...options] = readArgs(property, 2, 4)
  const period = readValue(property, () => parseDuration(duration))
  const length = Buffer.byteLength(pattern)
  if (length > maxPatternLength) {
    throw new CorefileError(property, `regex pattern too long: ${length} > ${maxPatternLength}`)
  }
  try {
    compilePattern(pattern)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new CorefileError(property, error.message, { cause: error })
  }
  let level: Level | undefined
  let showFirst = false
  for (const option of options) {
    if (option === 'show_first') showFirst = true
    else if (!isLevel(option)) throw new CorefileError(property, `unknown option in consolidate: ${option}`)
    else if (level !== undefined) {
      throw new CorefileError(property, 'multiple log levels specified in consolidate')
    } else if (showFirst) {
      throw new CorefileError(property, 'log level must come before show_first in consolidate')
    } else level = option
  }
  return { period, pattern, level: level ?? 'error', showFirst }
}

/** Is it a mistake in this program, and not something a plugin has to tell? */
function isFault(error: unknown): error is Error {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  )
}

/** Counts errors of one pattern and says how many there were, once per period that had any. */
class Counter {
  readonly level: Level
  readonly #consolidation: Consolidation
  readonly #pattern: Pattern
  readonly #log: Log
  #count = 0

  constructor(consolidation: Consolidation, log: Log) {
    this.level = consolidation.level
    this.#consolidation = consolidation
    this.#pattern = compilePattern(consolidation.pattern)
    this.#log = log
  }

  matches(message: string): boolean {
    return this.#pattern.test(message)
  }

  /** Counts one more; true where it is to be logged by itself all the same. */
  count(): boolean {
    this.#count++
    if (this.#count > 1) return false
    setTimeout(() => this.#tell(), Math.min(this.#consolidation.period, maxTimer)).unref()
    return this.#consolidation.showFirst
  }

  #tell(): void {
    const { period, pattern, level, showFirst } = this.#consolidation
    const count = this.#count
    this.#count = 0
    if (count === 1 && showFirst) return
    this.#log[level](`${count} errors like '${pattern}' occurred in last ${printDuration(period)}`)
  }
}
