// `check`: reads Corefiles and says what is wrong with them, without serving or asking anything.
import { CorefileError } from '../corefile/directive.ts'
import { checkCorefile, readCorefile } from './corefile.ts'

/** A line per file, in order. Resolves to the exit code: 0, 1 where a file is bad, 2 where none is named. */
export async function check(files: readonly string[]): Promise<number> {
  if (files.length === 0 || files.some((file) => file.startsWith('-'))) {
    process.stderr.write('usage: check FILE...\n')
    return 2
  }
  let bad = false
  for (const file of files) {
    const { line, good } = verdict(file)
    process.stdout.write(`${line}\n`)
    bad ||= !good
  }
  return bad ? 1 : 0
}

function verdict(file: string): { readonly line: string; readonly good: boolean } {
  try {
    const warn = (message: string) => process.stderr.write(`${file}: warning: ${message}\n`)
    checkCorefile(readCorefile(file), { file, port: 53, warn })
    return { line: `${file}: ok`, good: true }
  } catch (error) {
    if (error instanceof CorefileError) {
      // What it imports is a file of its own.
      const by = error.file === file ? '' : `, imported by ${file}`
      return { line: `${error.file}:${error.line}: ${error.message}${by}`, good: false }
    }
    // A file that can't be read has no line; the first is as good as any.
    if (error instanceof Error && 'code' in error) return { line: `${file}:1: ${error.message}`, good: false }
    throw error
  }
}
