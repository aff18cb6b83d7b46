// From the words of one directive to its tree: arguments, and properties with theirs.
import { isSameLine } from './cursor.ts'
import { CorefileError, type Directive } from './directive.ts'
import type { Token } from './lex.ts'

/** Blocks in blocks, at most; nothing we know of has more than two. */
const maxDepth = 100

export interface Word extends Token {
  /** Does it open or close a block? */
  readonly brace: boolean
}

/**
 * The directive of these words, the first being its name; braces match. A brace that closes a block does so wherever it
 * stands: `log { class error }` is taken, where CoreDNS leaves it to the plugin and most of them read the brace as an
 * argument. Throws CorefileError for what no plugin could read: words after the block, or a block on a line of its own.
 */
export function readTree(words: readonly Word[]): Directive {
  const plugin = words[0]?.text ?? ''
  let at = 0

  const isArgument = (): boolean => {
    const word = words[at]
    return word !== undefined && isSameLine(words[at - 1] as Word, word)
  }

  const read = (depth: number): Directive => {
    const name = words[at++] as Word
    const position = { plugin, file: name.file, line: name.line }
    if (name.brace) throw new CorefileError(position, `unknown property '${name.text}'`)
    if (depth > maxDepth) throw new CorefileError(position, `blocks are nested more than ${maxDepth} deep`)
    const args: string[] = []
    for (; isArgument() && words[at]?.brace === false; at++) args.push((words[at] as Word).text)
    const block: Directive[] = []
    const hasBlock = isArgument() && words[at]?.text === '{'
    if (hasBlock) {
      at++
      while (words[at]?.text !== '}' || words[at]?.brace === false) block.push(read(depth + 1))
      at++
    }
    return {
      name: name.text,
      args,
      block,
      ...(hasBlock && block.length === 0 ? { emptyBlock: true } : {}),
      ...position,
    }
  }

  const directive = read(0)
  const left = words[at]
  if (left === undefined) return directive
  const position = { plugin, file: left.file, line: left.line }
  if (left.text === '{') throw new CorefileError(position, "Unexpected token '{', expecting argument")
  const before = (words[at - 1] as Word).text
  throw new CorefileError(position, `Wrong argument count or unexpected line ending after '${before}'`)
}
