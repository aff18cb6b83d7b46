// What a Corefile says, as data: server blocks, their keys, and directives as trees. parse.ts makes it from text.
import type { Name } from '../dns/name.ts'

/** One line of a server block and the block under it, if any: `forward . 1.1.1.1 { max_fails 3 }`. */
export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  /** The properties inside `{ }`, each again with arguments and perhaps a block; empty where there is none. */
  readonly block: readonly Directive[]
  /** Are there braces with nothing between them? */
  readonly emptyBlock?: boolean
  /** The server block's directive it belongs to: its own name, or that of the directive whose property it is. */
  readonly plugin: string
  /** The file it stands in: an imported one by its absolute path, the Corefile as it was named; and its line, from 1. */
  readonly file: string
  readonly line: number
}

/** A key of a server block: `dns://example.org:53`, `10.0.0.0/24`, `.:1053`, `tls://.`. */
export interface Key {
  readonly scheme: 'dns' | 'tls' | 'https'
  /** Lower-cased. */
  readonly zone: Name
  readonly port: number
}

export interface ServerBlock {
  readonly keys: readonly Key[]
  readonly directives: readonly Directive[]
  readonly file: string
  readonly line: number
}

/** Where something stands in a Corefile. */
export interface Position {
  readonly file: string
  readonly line: number
  /** The plugin whose directive or property it is; none for what is wrong with the language itself. */
  readonly plugin?: string
}

/**
 * A Corefile that can't be used, in CoreDNS's form: `plugin/NAME: FILE:LINE - Error during parsing: PROBLEM` for what a
 * plugin can't read, the same without its first part for the rest. CoreDNS leaves out file and line here and there;
 * this never does.
 */
export class CorefileError extends Error {
  override name = 'CorefileError'
  readonly file: string
  readonly line: number
  /** What is wrong, without the place. */
  readonly problem: string

  /** `syntax` is for braces that don't match, which CoreDNS calls by another name. */
  constructor(at: Position, problem: string, options: ErrorOptions & { readonly syntax?: boolean } = {}) {
    const owner = at.plugin === undefined ? '' : `plugin/${at.plugin}: `
    const kind = options.syntax === true ? 'Syntax error' : 'Error during parsing'
    super(`${owner}${at.file}:${at.line} - ${kind}: ${problem}`, 'cause' in options ? { cause: options.cause } : {})
    this.file = at.file
    this.line = at.line
    this.problem = problem
  }
}
