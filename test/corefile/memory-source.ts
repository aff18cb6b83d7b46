// A Corefile's outside world in memory: for tests of the language.
import type { CorefileSource } from '../../src/corefile/parse.ts'

/** The warnings there were. */
export type MemorySource = CorefileSource & { readonly warnings: readonly string[] }

/** `files` by absolute path; the Corefile itself is `/etc/coredns/Corefile`. Any word is a directive, unless said otherwise. */
export function memorySource(
  files: Readonly<Record<string, string>> = {},
  options: Partial<Pick<CorefileSource, 'env' | 'directives' | 'port' | 'file'>> = {},
): MemorySource {
  const warnings: string[] = []
  return {
    file: '/etc/coredns/Corefile',
    port: 53,
    env: {},
    ...options,
    read(path) {
      const text = files[path]
      if (text === undefined) throw new Error(`open ${path}: no such file or directory`)
      return text
    },
    glob(pattern) {
      const expression = RegExp.escape(pattern).replace('\\*', '[^/]*').replace('\\?', '[^/]')
      return Object.keys(files)
        .filter((path) => new RegExp(`^${expression}$`).test(path))
        .sort()
    },
    warn: (message) => warnings.push(message),
    warnings,
  }
}
