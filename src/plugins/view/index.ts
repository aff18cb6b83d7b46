// `view`: a server block that is only for questions of which its expressions are true.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { once, readArg, readBlock } from '../../corefile/read-block.ts'
import type { Plugin } from '../../plugin.ts'
import { compileExpression } from './compile.ts'
import type { Facts } from './functions.ts'
import { ExpressionError } from './tokens.ts'

export interface ViewConfig {
  readonly name: string
  /** All of them must be true. */
  readonly expressions: readonly string[]
}

const nothingKnown: Facts = { metadata: () => '' }

export const view: Plugin<ViewConfig> = {
  name: 'view',

  parse(directives) {
    const directive = once(directives)
    const expressions: string[] = []
    const name = readArg(directive)
    readBlock(directive, {
      expr: (property) => {
        expressions.push(readExpression(property))
      },
    })
    return { name, expressions }
  },

  view: ({ name }) => name,

  filter({ expressions }, { offers }) {
    const facts: Facts = {
      metadata: (query, key) => offers.get(key.split('/', 1)[0] ?? '')?.metadata?.(query, key) ?? '',
    }
    const tests = expressions.map((expression) => compileExpression(expression, facts))
    return (query) => tests.every((test) => test(query))
  },

  offers: ({ name }) => ({ metadata: (_query, key) => (key === 'view/name' ? name : undefined) }),
}

/** Throws CorefileError for one that can't be compiled. */
function readExpression(property: Directive): string {
  const text = property.args.join(' ')
  try {
    compileExpression(text, nothingKnown)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    throw new CorefileError(property, error.message, { cause: error })
  }
  return text
}
