// How plugins read their directives: properties by name, arguments by count, values with the place they stand at.
// What CoreDNS says about a bad one is said here, in its words.
import { NameError } from '../dns/name.ts'
import { CorefileError, type Directive } from './directive.ts'
import { ValueError } from './values.ts'

/** What to do for each property, by its name. */
export type Properties = Readonly<Record<string, (property: Directive) => void>>

/**
 * Calls the property's function for each line of the directive's block, in order. For others throws CorefileError, or what
 * `unknown` makes of them.
 */
export function readBlock(
  directive: Directive,
  properties: Properties,
  unknown: (property: Directive) => CorefileError = unknownProperty,
): void {
  for (const property of directive.block) {
    const read = Object.hasOwn(properties, property.name) ? properties[property.name] : undefined
    if (read === undefined) throw unknown(property)
    // No property of CoreDNS's has a block of its own.
    const inner = property.block[0]
    if (inner !== undefined) throw new CorefileError(property, "unknown property '{'")
    read(property)
  }
}

export function unknownProperty(property: Directive): CorefileError {
  return new CorefileError(property, `unknown property '${property.name}'`)
}

/** The arguments, where there are at least `least` and at most `most` of them. Throws CorefileError. */
export function readArgs(directive: Directive, least: number, most: number = least): readonly string[] {
  const { args } = directive
  if (args.length < least || args.length > most) throw wrongArgumentCount(directive)
  return args
}

/** The one argument there must be. Throws CorefileError. */
export function readArg(directive: Directive): string {
  return readArgs(directive, 1)[0] as string
}

/** For a directive that is nothing but a word: neither arguments nor block. Throws CorefileError. */
export function readNothing(directive: Directive): void {
  readArgs(directive, 0)
  if (directive.block.length > 0 || directive.emptyBlock === true) {
    throw new CorefileError(directive, "Unexpected token '{', expecting argument")
  }
}

export function wrongArgumentCount(directive: Directive): CorefileError {
  const last = directive.args.at(-1) ?? directive.name
  return new CorefileError(directive, `Wrong argument count or unexpected line ending after '${last}'`)
}

/**
 * What `parse` makes of a value; where it throws a ValueError or NameError, a CorefileError at the directive. `words`
 * puts the sentence around the problem.
 */
export function readValue<T>(
  at: Directive,
  parse: () => T,
  words: (problem: string) => string = (problem) => problem,
): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof ValueError || error instanceof NameError)) throw error
    throw new CorefileError(at, words(error.message), { cause: error })
  }
}

/** The directive, where it is the only one of its name in its server block. Throws CorefileError. */
export function once(directives: readonly Directive[]): Directive {
  const [first, second] = directives
  if (first === undefined) throw new RangeError('no directive')
  if (second !== undefined) throw new CorefileError(second, 'this plugin can only be used once per Server Block')
  return first
}
