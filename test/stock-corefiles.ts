// The Corefiles that clusters come with, as fixtures.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileSource } from '../src/corefile/load.ts'
import { parseCorefile } from '../src/corefile/parse.ts'
import { knownDirectives } from '../src/plugins/index.ts'

/** A folder in it for each, with what lies beside the Corefile. */
export const stockFolder = fileURLToPath(new URL('fixtures/corefiles', import.meta.url))

/** The text of one, with this folder in the place of the pod's. */
export function stockText(name: string, folder: string = join(stockFolder, name)): string {
  return readFileSync(join(stockFolder, name, 'Corefile'), 'utf8').replaceAll('/etc/coredns', folder)
}

/** What it has of directives that we don't have (yet), as a reason to skip a test. */
export function lackedBy(name: string): { readonly skip?: string } {
  const directives = {
    supported: knownDirectives.supported.union(knownDirectives.missing),
    missing: new Set<string>(),
  }
  const file = join(stockFolder, name, 'Corefile')
  const blocks = parseCorefile(stockText(name), fileSource({ file, port: 53, warn: () => undefined, directives }))
  const names = new Set(blocks.flatMap((block) => block.directives.map((directive) => directive.name)))
  const missing = [...names.intersection(knownDirectives.missing)]
  return missing.length === 0 ? {} : { skip: `lacks ${missing.join(', ')}` }
}
