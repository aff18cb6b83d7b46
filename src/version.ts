// Who we are, for banners, `-version` and metrics.
import { readFileSync } from 'node:fs'

const { version, revision = '' } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
  /** Of the source, in bundles that were told it. */
  readonly revision?: string
}

export const programName = 'clusterdns'
export { revision, version }
/** As CoreDNS's second line: `linux/x64, node v26.10.0, 1a2b3c4`. */
export const platform = [`${process.platform}/${process.arch}`, `node ${process.version}`, revision]
  .filter((part) => part !== '')
  .join(', ')
