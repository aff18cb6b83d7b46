// What a Corefile says, as data: server blocks, their keys, and directives as trees. parse.ts makes it from text.
import type { Name } from '../dns/name.ts'

/** One line of a server block and the block under it, if any: `forward . 1.1.1.1 { max_fails 3 }`. */
export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  /** The properties inside `{ }`, each again with arguments and perhaps a block; empty where there is none. */
  readonly block: readonly Directive[]
  /** The file it stands in (the imported one), as it was named, and its line there, from 1. */
  readonly file: string
  readonly line: number
}

/** A key of a server block: `dns://example.org:53`, `10.0.0.0/24`, `.:1053`. */
export interface Key {
  readonly scheme: 'dns' | 'tls' | 'https'
  /** Lower-cased. */
  readonly zone: Name
  readonly port: number
  /** Of a zone made from a CIDR whose prefix is no label boundary: the addresses it stands for. Others are refused. */
  readonly network: string | undefined
}

export interface ServerBlock {
  readonly keys: readonly Key[]
  readonly directives: readonly Directive[]
  readonly file: string
  readonly line: number
}

/** A Corefile that can't be used; the message is CoreDNS's: `FILE:LINE - Error during parsing: ...`. */
export class CorefileError extends Error {
  override name = 'CorefileError'
  readonly file: string
  readonly line: number

  /** For what stands at a directive; `problem` says what is wrong with it. */
  constructor(at: { readonly file: string; readonly line: number }, problem: string, options?: ErrorOptions) {
    super(`${at.file}:${at.line} - Error during parsing: ${problem}`, options)
    this.file = at.file
    this.line = at.line
  }
}
