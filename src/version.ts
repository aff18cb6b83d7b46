// Who we are, for banners, `-version` and metrics.
import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

export const programName = 'clusterdns'
export { version }
/** As CoreDNS's second line: `linux/x64, node v26.10.0`. */
export const platform = `${process.platform}/${process.arch}, node ${process.version}`
