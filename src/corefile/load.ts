// The outside world of a Corefile: this process's environment and files.
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CorefileSource } from './parse.ts'

/** A source whose imports are files and whose variables are those of the process. */
export function fileSource(options: Omit<CorefileSource, 'env' | 'read' | 'glob'>): CorefileSource {
  return { ...options, env: process.env, read: readText, glob: globFiles }
}

function readText(path: string): string {
  if (statSync(path).isDirectory()) throw new Error('is a directory')
  return readFileSync(path, 'utf8')
}

/** As Go's filepath.Glob: files that begin with a dot match too, and folders that can't be read hold nothing. */
function globFiles(pattern: string): readonly string[] {
  if (pattern.includes('[')) throw new Error('syntax error in pattern')
  let paths = ['/']
  for (const part of pattern.split('/').filter((part) => part !== '')) {
    const namesIn = (folder: string) => (/[*?]/.test(part) ? matching(folder, part) : [part.replace(/\\(.)/gsu, '$1')])
    paths = paths.flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
  }
  return paths.filter(isThere)
}

/** What can't be looked at isn't there. */
function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

function matching(folder: string, part: string): readonly string[] {
  const source = part.replace(/\\?[\s\S]/gu, (char) =>
    char === '*' ? '.*' : char === '?' ? '.' : RegExp.escape(char.at(-1) ?? ''),
  )
  const expression = new RegExp(`^${source}$`, 'su')
  try {
    return readdirSync(folder)
      .filter((name) => expression.test(name))
      .sort()
  } catch {
    return []
  }
}
