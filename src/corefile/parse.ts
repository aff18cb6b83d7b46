// The language of Corefiles: from text to server blocks. Which word belongs where is CoreDNS's grammar to the letter,
// its oddities included, so that a file means here what it means there.
import { dirname, resolve } from 'node:path'
import { Cursor } from './cursor.ts'
import { CorefileError, type Directive, type Key, type Position, type ServerBlock } from './directive.ts'
import { expandEnv } from './env.ts'
import { lex, type Token } from './lex.ts'
import { readTree, type Word } from './tree.ts'
import { parseKeys } from './zones.ts'

/** Where a Corefile comes from and what it may name. */
export interface CorefileSource {
  /** Named in messages; imports are relative to it. */
  readonly file: string
  /** The port of keys that name none. */
  readonly port: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of a file; throws where there is none. */
  read(path: string): string
  /** The files of an absolute pattern with at most one `*` and one `?`, in order; of a plain path itself if it is there. */
  glob(pattern: string): readonly string[]
  /** Told what is odd but no error. */
  warn(message: string): void
  /** The directives there are; undefined where any word may be one. */
  readonly directives?: KnownDirectives | undefined
}

export interface KnownDirectives {
  readonly supported: ReadonlySet<string>
  /** CoreDNS's others. */
  readonly missing: ReadonlySet<string>
}

/** Imports in one file, at most: snippets and files can import themselves by way of others. */
const maxSnippetImports = 10_000
const maxFileImports = 100_000

/** The server blocks in file order. Throws CorefileError. */
export function parseCorefile(text: string, source: CorefileSource): ServerBlock[] {
  // Keys are looked at after everything else, as in CoreDNS: so its first message is also ours.
  return new Parser(text, source).parse().map(({ keys, directives, file, line }) => ({
    keys: keys.flatMap((key): Key[] => parseKeys(key.text, key, source)),
    directives,
    file,
    line,
  }))
}

interface RawBlock {
  readonly keys: readonly Token[]
  readonly directives: readonly Directive[]
  readonly file: string
  readonly line: number
}

class Parser {
  readonly #source: CorefileSource
  readonly #cursor: Cursor
  readonly #snippets = new Map<string, readonly Token[]>()
  readonly #files = new Map<string, readonly Token[]>()
  #snippetImports = 0
  #fileImports = 0

  constructor(text: string, source: CorefileSource) {
    this.#source = source
    this.#cursor = new Cursor(lex(text, source.file))
  }

  parse(): RawBlock[] {
    const blocks: RawBlock[] = []
    while (this.#cursor.next()) {
      const { keys, ended } = this.#keys()
      const snippet = ended ? undefined : snippetName(keys)
      if (snippet !== undefined) {
        this.#defineSnippet(snippet)
        continue
      }
      const directives = ended ? [] : this.#body()
      const [first] = keys
      // What stands in braces without a key is read, and serves nothing.
      if (first !== undefined) blocks.push({ keys, directives, file: first.file, line: first.line })
    }
    return blocks
  }

  #is(text: string): boolean {
    return this.#cursor.text === text
  }

  get #position(): Position {
    const { file, line } = this.#cursor.last ?? { file: this.#source.file, line: 1 }
    return { file, line }
  }

  #error(problem: string, options?: ErrorOptions): CorefileError {
    return new CorefileError(this.#position, problem, options)
  }

  #expected(brace: string): CorefileError {
    const problem = `Unexpected token '${this.#cursor.text}', expecting '${brace}'`
    return new CorefileError(this.#position, problem, { syntax: true })
  }

  #expand(text: string): string {
    return expandEnv(text, this.#source.env, this.#position)
  }

  /** The words at the head of a block. Ends at the first word after them or, `ended`, at the end of everything. */
  #keys(): { readonly keys: readonly Token[]; readonly ended: boolean } {
    const cursor = this.#cursor
    const keys: Token[] = []
    let another = false
    for (;;) {
      const text = this.#expand(cursor.text)
      if (text === 'import' && cursor.startsLine) {
        this.#import()
        cursor.advance()
        continue
      }
      if (text === '{') {
        if (another) throw this.#error("Expected another address but had '{' - check for extra comma")
        return { keys, ended: false }
      }
      if (text !== '') {
        another = text.endsWith(',')
        keys.push({ ...this.#position, text: another ? text.slice(0, -1) : text })
      }
      if (!cursor.next()) {
        if (another) throw this.#error('Unexpected EOF')
        return { keys, ended: true }
      }
      if (!another && cursor.startsLine) return { keys, ended: false }
    }
  }

  /** Keeps the words between the braces; they are read where they are imported. */
  #defineSnippet(name: string): void {
    if (this.#snippets.has(name)) throw this.#error(`redeclaration of previously declared snippet ${name}`)
    const cursor = this.#cursor
    if (!this.#is('{')) throw this.#expected('{')
    const tokens: Token[] = []
    for (let depth = 1; ; ) {
      if (!cursor.next() || cursor.at === undefined) throw this.#expected('}')
      if (this.#is('}')) depth--
      if (depth === 0) break
      if (this.#is('{')) depth++
      tokens.push(cursor.at)
    }
    // What would end only at the limit is told at once.
    const imports = tokens.filter((_, i) => i > 0 && isImport(tokens[i - 1], tokens[i - 2]))
    if (imports.some((argument) => this.#expand(argument.text) === name)) {
      throw this.#error(`maximum snippet import depth (${maxSnippetImports}) exceeded`)
    }
    this.#snippets.set(name, tokens)
  }

  /** The directives of a server block, in braces or, for the only block of a file, without. */
  #body(): Directive[] {
    const cursor = this.#cursor
    const braces = this.#is('{')
    if (!braces) cursor.back()
    const directives: Directive[] = []
    while (cursor.next() && !this.#is('}')) {
      if (this.#is('import')) this.#import()
      else directives.push(this.#directive())
    }
    if (braces && !this.#is('}')) throw this.#expected('}')
    return directives
  }

  /** A directive: to the end of the line, or of the braces that open on it. */
  #directive(): Directive {
    const cursor = this.#cursor
    const name = this.#expand(cursor.text)
    this.#checkDirective(name)
    const words: Word[] = [{ ...this.#position, text: name, brace: false }]
    let depth = 0
    while (cursor.next()) {
      const { text } = cursor
      if (text === '{') depth++
      else if (cursor.startsLine && depth === 0) {
        cursor.back()
        break
      } else if (text === '}') {
        if (depth === 0) throw this.#error("Unexpected '}' because no matching opening brace")
        depth--
      } else if (text === 'import' && cursor.startsLine) {
        this.#import()
        continue
      }
      cursor.replace(this.#expand(text))
      words.push({ ...this.#position, text: cursor.text, brace: text === '{' || text === '}' })
    }
    if (depth > 0) throw this.#error('Unexpected EOF')
    return readTree(words)
  }

  #checkDirective(name: string): void {
    const known = this.#source.directives
    if (known === undefined || known.supported.has(name)) return
    if (known.missing.has(name))
      throw this.#error(`Directive '${name}' is not supported here; docs/migrating.md says what to do instead`)
    throw this.#error(`Unknown directive '${name}'`)
  }

  /** Puts what is imported in the place of `import` and its argument; the next word is then the first of it. */
  #import(): void {
    const cursor = this.#cursor
    const { before } = cursor
    if (!cursor.nextArg()) throw this.#error(`Wrong argument count or unexpected line ending after '${cursor.text}'`)
    const pattern = this.#expand(cursor.text)
    const { file } = this.#position
    if (pattern === '') throw this.#error('Import requires a non-empty filepath')
    if (cursor.nextArg()) throw this.#error('Import takes only one argument (glob pattern or file)')
    cursor.splice(before, this.#snippet(pattern) ?? this.#importFiles(pattern, file))
  }

  #snippet(name: string): readonly Token[] | undefined {
    const snippet = this.#snippets.get(name)
    if (snippet === undefined) return undefined
    if (this.#snippetImports++ >= maxSnippetImports) {
      throw this.#error(`maximum snippet import depth (${maxSnippetImports}) exceeded`)
    }
    return snippet
  }

  #importFiles(pattern: string, from: string): readonly Token[] {
    if (this.#fileImports++ >= maxFileImports)
      throw this.#error(`maximum file import depth (${maxFileImports}) exceeded`)
    const path = resolve(dirname(from), pattern)
    if (/\*.*\*|\?.*\?/s.test(path) || (path.includes('[') && path.includes(']'))) {
      throw this.#error(`Glob pattern may only contain one wildcard (*), but has others: ${path}`)
    }
    const files = this.#attempt(`Failed to use import pattern ${pattern}`, () => this.#source.glob(path))
    if (files.length === 0) {
      if (!/[*?[\]]/.test(path)) throw this.#error(`File to import not found: ${pattern}`)
      this.#source.warn(`No files matching import glob pattern: ${pattern}`)
    }
    return files.flatMap((file) => this.#file(file))
  }

  #file(path: string): readonly Token[] {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const text = this.#attempt(`Could not import ${path}`, () => this.#source.read(path))
    const tokens = lex(text, path)
    this.#files.set(path, tokens)
    return tokens
  }

  #attempt<T>(what: string, action: () => T): T {
    try {
      return action()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw this.#error(`${what}: ${why}`, { cause: error })
    }
  }
}

/** Is it an `import` at the start of a line? */
function isImport(token: Token | undefined, before: Token | undefined): boolean {
  return token?.text === 'import' && (before?.file !== token.file || before.line !== token.line)
}

/** Of `(name)`, alone at the head of a block, the name. */
function snippetName(keys: readonly Token[]): string | undefined {
  return keys.length === 1 ? /^\((.*)\)$/s.exec(keys[0]?.text ?? '')?.[1] : undefined
}
