// Environment variables in the words of a Corefile: `{$NAME}` and `{%NAME%}`.
import { CorefileError, type Position } from './directive.ts'

/** A value can hold references, which are replaced too; this many in one word, and it holds itself. */
const maxReplacements = 1000

/** The word with its references replaced, by nothing where a variable isn't set. It stays one word. Throws CorefileError. */
export function expandEnv(text: string, env: Readonly<Record<string, string | undefined>>, at: Position): string {
  let left = maxReplacements
  const replaceAll = (word: string, open: string, close: string): string => {
    for (let start = word.indexOf(open); start >= 0; start = word.indexOf(open)) {
      const end = word.indexOf(close, start)
      // An empty name ends it, here as in CoreDNS.
      if (end <= start + open.length) return word
      const reference = word.slice(start, end + close.length)
      const name = word.slice(start + open.length, end)
      if (left-- === 0) throw new CorefileError(at, `environment variable '${name}' refers to itself`)
      const value = Object.hasOwn(env, name) ? (env[name] ?? '') : ''
      word = word.replaceAll(reference, () => value)
    }
    return word
  }
  return replaceAll(replaceAll(text, '{%', '%}'), '{$', '}')
}
