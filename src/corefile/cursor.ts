// A place among the words of a Corefile, with one word of memory; imports put their words in at it.
import type { Token } from './lex.ts'

/** Does `next` stand on the line on which `token` ends? */
export function isSameLine(token: Token, next: Token): boolean {
  return token.file === next.file && lastLine(token) === next.line
}

function lastLine(token: Token): number {
  return token.line + token.text.split('\n').length - 1
}

export class Cursor {
  /** The words to come, the next one last. */
  readonly #rest: Token[]
  #at: Token | undefined
  #previous: Token | undefined

  constructor(tokens: readonly Token[]) {
    this.#rest = tokens.toReversed()
  }

  /** The word being looked at; undefined before the first one and past the end. */
  get at(): Token | undefined {
    return this.#at
  }

  /** The word being looked at or, past the end, the last one. */
  get last(): Token | undefined {
    return this.#at ?? this.#previous
  }

  get text(): string {
    return this.#at?.text ?? ''
  }

  /** Goes to the next word; false, and nothing changes, where there is none. */
  next(): boolean {
    const next = this.#rest.pop()
    if (next === undefined) return false
    this.#previous = this.#at
    this.#at = next
    return true
  }

  /** As `next`, but only on the same line. */
  nextArg(): boolean {
    const next = this.#rest.at(-1)
    return this.#at !== undefined && next !== undefined && isSameLine(this.#at, next) && this.next()
  }

  /** Goes one word back: to be followed by `next`, as what stands before that word is forgotten. */
  back(): void {
    if (this.#at !== undefined) this.#rest.push(this.#at)
    this.#at = this.#previous
    this.#previous = undefined
  }

  /**
   * Does the word stand on a line of its own? Lines are compared as CoreDNS does: a word of an earlier line of the same
   * file, which an import of a snippet can put behind one of a later line, does not.
   */
  get startsLine(): boolean {
    if (this.#previous === undefined) return true
    if (this.#at === undefined) return false
    return this.#previous.file !== this.#at.file || lastLine(this.#previous) < this.#at.line
  }

  /** Puts another text in the place of the word's own. */
  replace(text: string): void {
    if (this.#at !== undefined) this.#at = { ...this.#at, text }
  }

  /** The word before the one being looked at: what `splice` goes back to. */
  get before(): Token | undefined {
    return this.#previous
  }

  /** Drops everything after `before` up to here and puts other words in its place; `next` goes to the first of them. */
  splice(before: Token | undefined, tokens: readonly Token[]): void {
    for (let i = tokens.length - 1; i >= 0; i--) this.#rest.push(tokens[i] as Token)
    this.#at = before
    this.#previous = undefined
  }

  /** To the next word, or past the end. */
  advance(): void {
    if (this.next()) return
    this.#previous = this.#at
    this.#at = undefined
  }
}
