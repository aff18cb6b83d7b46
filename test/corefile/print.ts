// Server blocks back to text: the other half of parse, for tests.
import type { Directive, Key, ServerBlock } from '../../src/corefile/directive.ts'
import { printName } from '../../src/dns/name.ts'

/** Text that parses to these blocks, but for lines. Words must be printable: see `isPrintable`. */
export function printCorefile(blocks: readonly ServerBlock[]): string {
  return blocks
    .map((block) => `${block.keys.map(printKey).join(' ')} {\n${printBlock(block.directives, 1)}}\n`)
    .join('')
}

export function printKey({ scheme, zone, port }: Key): string {
  return printWord(`${scheme}://${printName(zone)}:${port}`)
}

function printBlock(directives: readonly Directive[], depth: number): string {
  return directives.map((directive) => `${'    '.repeat(depth)}${printDirective(directive, depth)}\n`).join('')
}

function printDirective({ name, args, block }: Directive, depth: number): string {
  const line = [name, ...args].map(printWord).join(' ')
  return block.length === 0 ? line : `${line} {\n${printBlock(block, depth + 1)}${'    '.repeat(depth)}}`
}

function printWord(word: string): string {
  if (/^[^"#\s\u0085]+$/u.test(word)) return word
  return `"${word.replaceAll('"', '\\"')}"`
}

/** Each block on a line of its own: `dns://.:53 | log a.org | cache 30 (success 10; denial 5)`. */
export function dumpBlocks(blocks: readonly ServerBlock[]): string[] {
  return blocks.map(({ keys, directives }) => [keys.map(printKey).join(' '), ...directives.map(dump)].join(' | '))
}

function dump({ name, args, block }: Directive): string {
  const line = [name, ...args].map(printWord).join(' ')
  return block.length === 0 ? line : `${line} (${block.map(dump).join('; ')})`
}

/** Is there a text that reads as this word? A quoted word has no escape but that of the quote. */
export function isPrintable(word: string): boolean {
  return !/\\(?:"|$)|\ufeff/.test(word)
}
