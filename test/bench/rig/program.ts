// The program as it is run: bundled, with the flags and the environment of `npm start`.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export interface Program {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Bundled into a folder; `source` leaves it as it is, which starts sooner here and is not what is installed. */
export function programIn(folder: string, how: 'bundle' | 'source'): Program {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } }
  const [, settings = '', flags = ''] = /^exec env ((?:\w+=\S+ )*)node (.*)src\/main\.ts$/.exec(scripts.start) ?? []
  if (flags === '') throw new Error(`npm start is not as expected: ${scripts.start}`)
  if (how === 'bundle') execFileSync(process.execPath, [join(root, 'scripts/bundle.ts'), folder], { stdio: 'inherit' })
  const main = how === 'bundle' ? join(folder, 'main.js') : join(root, 'src/main.ts')
  const env = Object.fromEntries(settings.split(' ').flatMap((pair) => (pair === '' ? [] : [pair.split('=')])))
  return { command: [process.execPath, ...flags.split(' ').filter(Boolean), main], env }
}
