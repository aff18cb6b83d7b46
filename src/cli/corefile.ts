// The Corefile of a command line: found, read, and set up with all our plugins.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { ServerBlock } from '../corefile/directive.ts'
import { fileSource } from '../corefile/load.ts'
import { parseCorefile } from '../corefile/parse.ts'
import { knownDirectives, plugins } from '../plugins/index.ts'
import { type BlockSetup, checkBlocks, type Loaded, setUp, tellUnencrypted } from '../server/setup.ts'

export interface CorefileOptions {
  /** As it is named in messages. */
  readonly file: string
  /** The port of keys that name none. */
  readonly port: number
  warn(message: string): void
}

/** What CoreDNS does where there is no Corefile at all. */
const withoutCorefile = '. {\n    whoami\n    log\n}\n'

/** The text of `-conf`: a file, standard input for `stdin`, or `./Corefile` where nothing is said. Throws the system's error. */
export function readCorefile(conf: string | undefined): string {
  if (conf === 'stdin') return readFileSync(0, 'utf8')
  if (conf === undefined || conf === '')
    return existsSync('Corefile') ? readFileSync('Corefile', 'utf8') : withoutCorefile
  return readFileSync(conf, 'utf8')
}

/** Reads a Corefile's text into what the server runs. Throws CorefileError. */
export function setUpCorefile(text: string, options: CorefileOptions): readonly BlockSetup[] {
  return setUp(parse(text, options), plugins)
}

/** As setUpCorefile, with what a server wants to know about the file besides. Throws CorefileError. */
export function loadCorefile(text: string, options: Omit<CorefileOptions, 'warn'>): Loaded {
  const warnings: string[] = []
  const blocks = parse(text, { ...options, warn: (message) => warnings.push(message) })
  // With the lines that directives stand in, as in CoreDNS: messages name them.
  const digest = createHash('sha512').update(JSON.stringify(blocks)).digest('hex')
  const setups = setUp(blocks, plugins)
  return { blocks: setups, digest, warnings: [...warnings, ...tellUnencrypted(setups)] }
}

/** Only says whether a Corefile can be read, without looking at this host's addresses. Throws CorefileError. */
export function checkCorefile(text: string, options: CorefileOptions): void {
  checkBlocks(parse(text, options), plugins)
}

function parse(text: string, options: CorefileOptions): ServerBlock[] {
  return parseCorefile(text, fileSource({ ...options, directives: knownDirectives }))
}
